"""Supernets that are trained between the stages of a shrinking, without a run around them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.data import ImageDataset, Split
from hwnas.estimators import SUPERNET, find_estimator
from hwnas.estimators.inputs import EstimatorInputs
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


def shrunk(inputs: EstimatorInputs, folder: Path, **plan: Any) -> tuple[Shrunk, StageTraining]:
    """By `da_nas` in three stages, if nothing else is said."""
    training = StageTraining(find_estimator(SUPERNET), inputs, folder, epochs=1)
    scores = list[Scores]()
    chosen = {"method": "da_nas", "stages": 3, "networks": 8, "keep": 0.2, **plan}
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


def test_classes_that_cannot_be_learnt_and_judged_come_last() -> None:
    dataset = replace(DATA, train=labelled(12, [0, 1, 3, 4]), validation=labelled(4, [1, 2, 3]))
    order = ClassOrder.of(dataset, np.array([False, True, True, False]), 5)  # of labels 1, 2, 3, 1
    assert order.classes.tolist()[:2] == [3, 1]
    assert order.classes.tolist()[2] == 2  # no images to train
    assert order.accuracies.tolist()[:4] == [1, 0, 1, 0]


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
