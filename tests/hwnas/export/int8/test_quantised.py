"""The best int8 file of a network, and what it took."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwnas.export.int8 import quantised as module_under_test
from hwnas.export.int8.plan import CALIBRATED, Aware, Int8Plan
from hwnas.export.int8.quantised import QuantisedFile, quantised
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.networks.precision import in_precision
from hwnas.training.train_config import TrainConfig
from tests.hwnas.export.int8.networks import DATASET, NETWORK

MODULE = NetworkModule(NETWORK).eval()
WAYS = ["min-max", "percentile", "entropy"]


def operators(model: onnx.ModelProto) -> list[tuple[str, list[str], list[str]]]:
    return [(node.op_type, list(node.input), list(node.output)) for node in model.graph.node]


def judged_as(monkeypatch: pytest.MonkeyPatch, *images: int) -> None:
    """Has one file after another be right on so many of the 20 validation images."""
    right: Iterator[int] = iter(images)
    monkeypatch.setattr(
        module_under_test, "onnx_right", lambda *_, **__: np.arange(20) < next(right)
    )


def made(plan: Int8Plan = CALIBRATED) -> QuantisedFile:
    return quantised(NETWORK, MODULE, DATASET, "asymmetric", plan=plan)


def test_the_best_on_validation_images_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_as(monkeypatch, 10, 12, 11, 11)
    found = made()
    assert [one.method for one in found.tried] == [*WAYS, "percentile, biases corrected"]
    assert found.chosen.method == "percentile"
    assert found.chosen.accuracy == pytest.approx(60)
    assert found.text.startswith("percentile, 60.0 % on 20 validation images (fp32: ")


def test_of_equal_ones_the_cheapest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_as(monkeypatch, 12, 12, 12, 12)
    assert made().chosen.method == "min-max"


def test_whatever_is_chosen_has_the_operators_that_are_timed() -> None:
    found = made()
    timed = operators(in_precision(build_graph(NETWORK), "int8", "asymmetric"))
    assert all(operators(one.model) == timed for one in found.tried)
    assert onnx.load_model_from_string(found.model) == found.chosen.model


def test_it_says_all_that_was_tried() -> None:
    said = json.loads(json.dumps(made().to_dict()))
    assert [one["method"] for one in said["methods"]][:3] == WAYS
    assert said["chosen"] in [one["method"] for one in said["methods"]]
    assert said["validation_images"] == 20
    assert 0 <= said["fp32_validation_accuracy"] <= 100


def test_a_network_that_loses_more_than_it_may_is_trained_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(epochs=1, batch_size=15, learning_rate=0.1, crop_padding=1)
    plan = Int8Plan(most_drop=-100.0, aware=Aware(config, tmp_path))
    judged_as(monkeypatch, 10, 9, 9, 9, 20)
    found = made(plan)
    assert found.chosen.method == "min-max, trained for int8"
    assert found.chosen.accuracy == 100
    first = found.tried[0]
    assert operators(found.chosen.model) == operators(first.model)
    assert found.chosen.model != first.model
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    judged_as(monkeypatch, 10, 9, 9, 9, 20)
    assert made(plan).model == found.model
    assert kept.stat().st_mtime_ns == written


def test_nothing_is_trained_within_the_limit_or_where_it_is_not_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(epochs=1, batch_size=15, learning_rate=0.1)
    for plan in (Int8Plan(100.0, Aware(config, tmp_path)), Int8Plan(-100.0)):
        judged_as(monkeypatch, 1, 1, 1, 1)
        assert len(made(plan).tried) == 4
    assert not list(tmp_path.iterdir())
