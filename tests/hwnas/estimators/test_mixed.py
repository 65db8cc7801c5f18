"""The mixed score: other scores on one scale, added up."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError, RunError
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.loading import load_estimator
from hwnas.estimators.mixed.estimator import MixedEstimator
from hwnas.estimators.mixed.references import REFERENCES
from hwnas.estimators.mixed.scale import Scale
from hwnas.estimators.synflow import SynFlow
from hwnas.networks.blocks import Network
from hwnas.objectives.costs import MACS
from hwnas.runs.accuracy_config import AccuracyConfig
from hwnas.testing.estimators import small_space
from tests.hwnas.search.problems import every_architecture

COSTS = {"macs": 0.75, "params": 0.25}


def inputs_in(folder: Path) -> EstimatorInputs:
    return EstimatorInputs(small_space(), weights=folder / "mixed.json")


def test_a_score_is_at_its_place_in_the_sample() -> None:
    scale = Scale.of([30.0, 10.0, 20.0, 20.0])
    low, middle, high = scale(np.array([10.0, 20.0, 30.0]))
    assert middle == pytest.approx(0, abs=1e-9)
    assert high == pytest.approx(-low)
    assert high > 1
    assert scale(np.array([15.0]))[0] == pytest.approx(low / 2)


def test_beyond_the_sample_scores_still_differ() -> None:
    scale = Scale.of([0.0, 1.0, 2.0, 3.0, 4.0])
    found = scale(np.array([-2.0, -1.0, 0.0, 4.0, 5.0, 6.0]))
    assert (np.diff(found) > 0).all()
    assert found[5] - found[4] == pytest.approx(found[4] - found[3])


def test_one_network_that_is_far_off_leaves_the_others_apart() -> None:
    scores = np.array([-1e6, -70.0, -69.5, -69.2, -69.1, -69.0])
    found = Scale.of(scores.tolist())(scores)
    assert (np.diff(found) > 0.2).all()
    assert found[0] > -2


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30),
    st.lists(st.floats(-2e6, 2e6), min_size=2, max_size=10),
)
def test_a_scale_never_turns_an_order_round(sample: list[float], scores: list[float]) -> None:
    found = Scale.of(sample)(np.sort(np.array(scores)))
    assert np.isfinite(found).all()
    assert (np.diff(found) >= -1e-9 * (1 + np.abs(found[1:]))).all()


@pytest.mark.parametrize("unit", [1e-15, 1.0, 1e15])
def test_the_unit_of_scores_does_not_matter(unit: float) -> None:
    found = Scale.of([unit, 2 * unit, 4 * unit])(unit * np.array([1.0, 3.0, 5.0]))
    assert found == pytest.approx(Scale.of([1.0, 2.0, 4.0])(np.array([1.0, 3.0, 5.0])))


def test_a_sample_that_scores_alike_says_nothing() -> None:
    assert Scale.of([0.0, 0.0])(np.array([1.0, 9.0])).tolist() == [0.0, 0.0]
    assert Scale.of([5.0, 5.0, 5.0])(np.array([1.0, 9.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("scores", [[1.0], [1.0, float("nan")]])
def test_a_scale_needs_numbers(scores: list[float]) -> None:
    with pytest.raises(RunError, match="a scale is made of 2 or more scores"):
        Scale.of(scores)


def test_the_parts_are_weighted_on_their_scales(tmp_path: Path) -> None:
    inputs, estimator = inputs_in(tmp_path), MixedEstimator(COSTS)
    estimator.train(inputs)
    rows = inputs.space.canonical(every_architecture(inputs.space))
    found = estimator.scores(inputs).evaluate_architectures(rows)
    content = json.loads(inputs.weights_file.read_text())
    assert len(content["networks"]) == min(REFERENCES, inputs.space.size)
    expected = np.zeros(len(rows))
    for name, weight in COSTS.items():
        own = load_estimator(name, inputs.space)
        sample = own.evaluate_architectures(np.array(content["networks"]))
        assert content["parts"][name]["scores"] == sample.tolist()
        expected += weight * Scale.of(sample.tolist())(own.evaluate_architectures(rows))
    assert found == pytest.approx(expected)
    largest = MACS.evaluate(inputs.space.networks(rows)).argmax()
    assert found[largest] == found.max()


def test_other_weights_are_another_score(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path)
    MixedEstimator(COSTS).train(inputs)
    one = MixedEstimator(COSTS).scores(inputs)
    other = MixedEstimator({"macs": 0.5, "params": 0.5}).scores(inputs)
    assert one.identity != other.identity


def test_what_was_judged_is_not_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, estimator = inputs_in(tmp_path), MixedEstimator({"synflow": 1, "macs": 1})
    whole = inputs_in(tmp_path / "whole")
    estimator.train(whole)
    judged: list[int] = []
    score = SynFlow.evaluate

    def interrupted(self: SynFlow, networks: Sequence[Network]) -> NDArray[np.float64]:
        judged.append(len(networks))
        if len(judged) == 6:
            raise KeyboardInterrupt
        return score(self, networks)

    monkeypatch.setattr(SynFlow, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        estimator.train(inputs)
    kept = json.loads(inputs.weights_file.read_text())["parts"]["synflow"]["scores"]
    assert len(kept) == 5
    with pytest.raises(RunError, match="is not complete"):
        estimator.scores(inputs)
    estimator.train(inputs)
    assert len(judged) == 6 + min(REFERENCES, inputs.space.size) - 5
    assert inputs.weights_file.read_text() == whole.weights_file.read_text()
    before = inputs.weights_file.stat().st_mtime_ns
    estimator.train(inputs)
    assert inputs.weights_file.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is damaged"),
        ('{"networks": [], "parts": {}}', "made with other parts, images or settings"),
        ('{"version": 2, "networks": [], "parts": {}}', "is damaged"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused(
    tmp_path: Path, content: str, sentence: str
) -> None:
    inputs = inputs_in(tmp_path)
    inputs.weights_file.write_text(content)
    for use in (MixedEstimator(COSTS).scores, MixedEstimator(COSTS).train):
        with pytest.raises(RunError, match=sentence):
            use(inputs)


def test_the_sample_of_another_space_is_refused(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path)
    MixedEstimator(COSTS).train(inputs)
    other = replace(inputs, space=small_space(16))
    with pytest.raises(RunError, match="made with other parts, images or settings"):
        MixedEstimator(COSTS).scores(other)
    with pytest.raises(RunError, match="other parts"):
        MixedEstimator({"macs": 1, "synflow": 1}).scores(inputs)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"macs": 1.0}, "has 1 parts and adds up at least 2"),
        ({"macs": 1.0, "params": 0.0}, "the weight of params is 0, and must be above 0"),
        ({"macs": 1.0, "nothing": 1.0}, "there is no estimator 'nothing'"),
        ({"macs": 1.0, "table": 1.0}, "table cannot be a part of mixed, since it needs a CSV"),
        ({"macs": 1.0, "bn": 1.0}, "bn cannot be a part of mixed, since it needs something"),
        ({"macs": 1.0, "mixed": 1.0}, "mixed cannot be a part of mixed"),
    ],
)
def test_what_cannot_be_added_up_is_refused(parts: Mapping[str, float], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        MixedEstimator(parts)


def test_it_needs_what_its_parts_need() -> None:
    published = MixedEstimator()
    assert (published.needs_images, published.trains_candidates) == (True, True)
    costs = MixedEstimator(COSTS)
    assert (costs.needs_images, costs.trains_candidates, costs.seeded) == (False, False, False)


def test_a_config_names_the_parts_and_has_the_published_ones_by_default() -> None:
    usual = AccuracyConfig(estimator="mixed")
    assert usual.parts == {"jacob_cov": 0.75, "trained": 0.25}
    assert usual.epochs == 5
    found = AccuracyConfig.model_validate({"estimator": "mixed", "parts": COSTS})
    assert found.scorer.parts == COSTS
    assert found.epochs is None
    assert AccuracyConfig().parts is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"estimator": "synflow", "parts": COSTS}, "parts: the estimator synflow has no parts"),
        ({"estimator": "mixed", "parts": {"macs": 1}}, "parts: the estimator mixed has 1 parts"),
        ({"estimator": "mixed", "parts": COSTS, "epochs": 3}, "trains no network for its score"),
        (
            {"estimator": "mixed", "stop": {"rule": "curve"}},
            "trains no network that may be stopped; leave out stop, or set estimator to trained",
        ),
    ],
)
def test_what_a_config_cannot_ask_for_is_refused(content: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AccuracyConfig.model_validate(content)
