"""Estimators score the networks of several resolutions together, or say that they cannot."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import AccuracyError, ConfigError, DataError
from hwnas.data import ImageDataset, load_dataset
from hwnas.estimators import find_estimator
from hwnas.estimators.csv_file import read_accuracies
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.loading import load_estimator
from hwnas.spaces import SpaceFamily
from hwnas.testing.estimators import small_space

FAMILY = SpaceFamily("small at 8, 12 px", (small_space(8), small_space(12)))
ROWS = FAMILY.sample(np.random.default_rng(0), 6)


def digits(resolution: int, limit: int = 60) -> ImageDataset:
    return load_dataset("digits", resolution=resolution, limit=limit)


@pytest.mark.parametrize("name", ["macs", "params", "synflow", "jacob_cov"])
def test_a_network_has_the_score_that_it_has_in_its_own_space(name: str) -> None:
    data = "digits" if find_estimator(name).needs_images else None
    together = load_estimator(name, FAMILY, data=data).evaluate_architectures(ROWS)
    for row, score in zip(ROWS, together, strict=True):
        member, own = FAMILY.of_member(row)
        alone = load_estimator(name, member, data=data).evaluate_architectures(own[None])
        assert score == pytest.approx(alone[0], rel=1e-12)


@pytest.mark.parametrize("name", ["bn", "blockwise", "free_darts", "free_darts_snip"])
def test_an_estimator_of_one_resolution_refuses_a_family(name: str, tmp_path: Path) -> None:
    found = find_estimator(name)
    sentence = f"the estimator {name} is of one resolution and one width, and small at 8, 12 px has"
    weights = None if found.weights is None else tmp_path / "none"
    data = "digits" if found.needs_images else None
    with pytest.raises(ConfigError, match=sentence):
        load_estimator(name, FAMILY, data=data, weights=weights)


def test_a_csv_of_a_family_begins_with_the_member(tmp_path: Path) -> None:
    every = np.unique(FAMILY.sample(np.random.default_rng(1), 2000), axis=0)
    assert len(every) == FAMILY.size
    file = tmp_path / "known.csv"
    lines = [
        f"{' '.join(map(str, row))},{40 + 20 * row[0] + row[1]},{FAMILY.member(row).resolution}"
        for row in every
    ]
    file.write_text("architecture,accuracy,resolution\n" + "\n".join(lines))
    scores = load_estimator("table", FAMILY, file=file)
    assert (
        scores.evaluate_architectures(ROWS).tolist() == (40 + 20 * ROWS[:, 0] + ROWS[:, 1]).tolist()
    )
    assert scores.info.stated(FAMILY.resolutions) == []


def test_a_csv_whose_resolution_is_not_that_of_the_member_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "known.csv"
    row = " ".join(map(str, FAMILY.rows_of(1, np.zeros((1, 4), dtype=int))[0]))
    file.write_text(f"architecture,accuracy,resolution\n{row},50,8\n")
    with pytest.raises(AccuracyError, match="line 2, column architecture: it is at 12 pixels by"):
        read_accuracies(file, FAMILY)


def test_images_are_read_at_every_resolution_and_have_to_be_the_same() -> None:
    inputs = EstimatorInputs(FAMILY, images=lambda: digits(12), images_at=digits)
    assert inputs.dataset.resolution == 12
    assert inputs.dataset_at(12) is inputs.dataset
    assert inputs.dataset_at(8) is inputs.dataset_at(8)
    assert inputs.dataset_at(8).resolution == 8
    fewer = EstimatorInputs(FAMILY, images=lambda: digits(12, 50), images_at=digits)
    with pytest.raises(DataError, match="digits has other images at 8 pixels than at 12"):
        fewer.dataset_at(8)
    alone = EstimatorInputs(FAMILY, images=lambda: digits(12))
    with pytest.raises(ConfigError, match="needs images at 8 pixels too"):
        alone.dataset_at(8)


def test_the_fingerprint_of_images_is_that_of_all_resolutions() -> None:
    one = EstimatorInputs(FAMILY.members[1], images=lambda: digits(12))
    both = EstimatorInputs(FAMILY, images=lambda: digits(12), images_at=digits)
    assert one.images_fingerprint == one.dataset.fingerprint != both.images_fingerprint
