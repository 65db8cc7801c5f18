"""Supernets that are trained between the stages of a shrinking, without a run around them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import DataError
from hwnas.core.listener import SILENT, Listener
from hwnas.data import ImageDataset, Split
from hwnas.estimators import SUPERNET, find_estimator
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.easiest import ClassOrder
from hwnas.estimators.supernet.stages import StageTraining
from hwnas.estimators.supernet.start import start_supernet
from hwnas.objectives.costs import MACS
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import Shrunk, shrink
from hwnas.search.trellis import Trellis
from hwnas.training.train_config import TrainSettings
from tests.hwnas.supernet.families import same_datasets, tiny_family
from tests.hwnas.supernet.helpers import images
from tests.hwnas.supernet.small_space import small_space

NAMES = tuple("abcdefghij")
DATA = ImageDataset("random", NAMES, images(36, 8), images(20, 8, 1), images(20, 8, 2))


def labelled(count: int, classes: list[int]) -> Split:
    """Random images of some classes in turns."""
    return replace(images(count, 8), labels=np.resize(np.array(classes, dtype=np.int64), count))


def inputs_of(folder: Path, dataset: ImageDataset = DATA, **settings: Any) -> EstimatorInputs:
    """Of three steps a stage."""
    folder.mkdir(exist_ok=True)
    config = TrainSettings(**{"epochs": 1, "batch_size": 12, "crop_padding": 1, **settings})
    return EstimatorInputs(small_space(folder), images=lambda: dataset, training=config)


class Recorded(Estimator):
    """Keeps what it is given before each stage, and trains nothing."""

    name = "recorded"
    label = "how many blocks a network has"
    weights = SUPERNET_FILE

    def __init__(self) -> None:
        self.stages = list[EstimatorInputs]()

    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> None:
        del listener
        self.stages.append(inputs)
        inputs.weights_file.write_text(f"weights of stage {len(self.stages)}")

    def scores(self, inputs: EstimatorInputs) -> Scores:
        return self.of_networks(
            inputs, lambda networks: np.array([len(one) for one in networks], dtype=float)
        )


def shrunk(
    inputs: EstimatorInputs,
    folder: Path,
    estimator: Estimator | None = None,
    rate: float | None = None,
    **plan: Any,
) -> tuple[Shrunk, StageTraining]:
    """By `da_nas` in three stages, the easiest classes first, if nothing else is said."""
    training = StageTraining(
        estimator or find_estimator(SUPERNET),
        inputs,
        folder,
        epochs=1,
        rate=None if rate is None else lambda: rate,
    )
    scores = list[Scores]()
    chosen = {"method": "da_nas", "stages": 3, "networks": 8, "keep": 0.2, **plan}
    if chosen["method"] == "da_nas":
        chosen["settings"] = {"classes": 0.2}
    problem = SearchProblem(inputs.space, Trellis.of(inputs.space, MACS))
    found = shrink(
        training.within(problem),
        lambda _, rows: scores[-1].evaluate_architectures(rows),
        ShrinkPlan(**chosen),
        begin=lambda *stage: scores.append(training.begin(*stage)),
    )
    return found, training


def test_a_space_that_was_shrunk_before_is_shrunk_further(tmp_path: Path) -> None:
    inputs, once = inputs_of(tmp_path), {"stages": 1, "keep": 0.5}
    first, _ = shrunk(inputs, tmp_path / "one", **once)
    again, training = shrunk(replace(inputs, space=first.space), tmp_path / "two", **once)
    assert first.space.size > again.space.size
    assert training.weights is not None
    # The weights are those of the whole space, whatever is left of it.
    whole = replace(inputs, weights=tmp_path / "whole", trained_before=training.weights)
    start_supernet(whole)


def test_each_stage_goes_on_from_the_one_before_at_the_rate_of_trained_weights(
    tmp_path: Path,
) -> None:
    inputs = inputs_of(tmp_path, epochs=9, learning_rate=0.1, frozen_epochs=0, body_rate=0.5)
    recorded = Recorded()
    found, training = shrunk(inputs, tmp_path / "stages", recorded, 0.02, method="neas")
    assert [one.trained_before for one in recorded.stages] == [
        None,
        *(one.weights for one in recorded.stages[:-1]),
    ]
    assert training.weights == recorded.stages[-1].weights
    rates = [one.recipe.learning_rate for one in recorded.stages]
    assert rates == [0.1, 0.02, 0.02]
    assert {(one.recipe.epochs, one.recipe.body_rate) for one in recorded.stages} == {(1, 0.5)}
    spaces = [one.space.size for one in recorded.stages]
    assert spaces[0] == inputs.space.size > spaces[1] >= spaces[2] >= found.space.size
    # Of trained weights nothing stays frozen, whatever they are of.
    before = replace(inputs_of(tmp_path, epochs=9, frozen_epochs=1), trained_before=tmp_path / "w")
    shrunk(before, tmp_path / "other", again := Recorded(), stages=1, method="neas")
    assert [one.recipe.frozen_epochs for one in again.stages] == [0]
    assert [one.trained_before for one in again.stages] == [tmp_path / "w"]


def test_a_network_is_judged_anew_in_each_stage(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path)
    found, _ = shrunk(inputs, tmp_path / "stages", Recorded(), stages=2, networks=60, keep=0.9)
    assert found.judged > inputs.space.size


def test_the_easiest_classes_come_first_at_every_resolution(tmp_path: Path) -> None:
    space = tiny_family(tmp_path)
    labels = np.resize(np.arange(10), 40)
    datasets = {}
    for one in same_datasets():
        split = replace(one.train, labels=labels)
        datasets[one.resolution] = replace(one, train=split, validation=split)
    inputs = EstimatorInputs(
        space,
        images=lambda: datasets[12],
        images_at=datasets.__getitem__,
        training=TrainSettings(epochs=1, batch_size=20, crop_padding=1),
    )
    recorded = Recorded()
    _, training = shrunk(inputs, tmp_path / "stages", recorded, stages=4)
    easiest = training.order.classes.tolist()
    for stage, count in zip(recorded.stages, (2, 3, 6, 10), strict=True):
        for resolution in (8, 12):
            images_of_stage = stage.dataset_at(resolution)
            assert images_of_stage.resolution == resolution
            assert images_of_stage.classes == 10
            for split in (images_of_stage.train, images_of_stage.validation):
                assert set(split.labels.tolist()) == set(easiest[:count])
    assert training.images == 4 * (2 + 3 + 6 + 10)
    assert training.quick == 40


def test_classes_that_cannot_be_learnt_and_judged_come_last() -> None:
    dataset = replace(DATA, train=labelled(12, [0, 1, 3, 4]), validation=labelled(4, [1, 2, 3]))
    order = ClassOrder.of(dataset, np.array([False, True, True, False]), 5)  # of labels 1, 2, 3, 1
    assert order.classes.tolist()[:2] == [3, 1]
    assert order.classes.tolist()[2] == 2  # no images to train
    assert order.accuracies.tolist()[:4] == [1, 0, 1, 0]


def test_images_without_classes_that_can_be_learnt_and_judged_are_refused() -> None:
    dataset = replace(DATA, train=labelled(12, [0, 1]), validation=labelled(4, [1, 2]))
    with pytest.raises(DataError, match="fewer than 2 classes of random have images both to train"):
        ClassOrder.of(dataset, np.array([False, True, True, False]), 5)


def test_images_whose_easy_classes_are_not_validated_can_be_shrunk_by(tmp_path: Path) -> None:
    dataset = replace(DATA, train=labelled(40, [*range(10)]), validation=labelled(20, [7, 8, 9]))
    found, training = shrunk(inputs_of(tmp_path, dataset), tmp_path / "stages")
    assert set(training.order.classes.tolist()[:3]) == {7, 8, 9}
    assert found.gone


def test_what_is_left_keeps_the_budgets_of_the_training(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, budgets={"macs": "0.045 M"})  # of 44,192 to 157,280
    found, training = shrunk(inputs, tmp_path / "stages", method="neas", keep=0.02)
    assert Trellis.of(found.space, MACS).range[0] <= 45_000
    assert training.images == 3 * 36
