"""A supernet that is trained before each stage of a shrinking, on what is left of its space."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.foreign_text import shown
from hwnas.core.listener import SILENT, Listener
from hwnas.data.dataset import ImageDataset
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.paths import problem_within
from hwnas.objectives.budgets import Budget
from hwnas.search.exact.exact_front import check_reachable_together
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers.left import in_shrunk
from hwnas.spaces import Architectures, Space

if TYPE_CHECKING:
    from hwnas.estimators.supernet.easiest import ClassOrder

# The quick network, which says what classes are easy, learns for this share of a stage's epochs.
_QUICK = 0.25


@dataclass
class StageTraining:
    """Trains a supernet of what is left before each stage, and judges with it.

    Its weights go on from stage to stage (Xia et al. 2020, PAD-NAS): those of a supernet of the
    whole space fit what is left of it. Each stage is a training of its own, with its own warm-up
    and decay, in a file of its own whose name says what it depends on: a stopped shrinking
    resumes, and one that begins alike takes what is there. What draws the paths begins anew.

    Attributes:
        estimator: of a supernet.
        inputs: of the whole space. `trained_before` is what the first stage goes on from.
        folder: where the weights of the stages are kept.
        epochs: of each stage.
        rate: gives the learning rate of stages that go on from trained weights, which that of a
            training from random ones would spoil; None for the same.
        listener: is told of the trainings.
        images: that were trained on in all stages, once an epoch, as if nothing had been kept.
            Those of the quick network, which says which classes are easy, are in `quick`.
        quick: see `images`.
        weights: the file of the last stage.
    """

    estimator: Estimator
    inputs: EstimatorInputs
    folder: Path
    epochs: int
    rate: Callable[[], float] | None = None
    listener: Listener = SILENT
    images: int = field(default=0, init=False)
    quick: int = field(default=0, init=False)
    weights: Path | None = field(default=None, init=False)

    def within(self, problem: SearchProblem) -> SearchProblem:
        """The problem of a shrinking, within the budgets of the training (`train.budgets`), too.

        A stage trains networks within these alone, so there must be some in what is left, and of
        others its supernet says little.

        Args:
            problem: of the space of the inputs.

        Raises:
            BudgetError: no network keeps all the budgets, or one cannot be used.
            TableError: one is on latency, and there is no latency model.
        """
        assert self.inputs.training is not None
        budgets = tuple(self.inputs.training.budgets.values())
        if not budgets:
            return problem
        trained = problem_within(self.inputs, budgets)
        found = replace(
            problem,
            limits=problem.limits + trained.limits,
            tested=problem.tested + trained.tested,
        )
        check_reachable_together(found)
        return found

    def begin(self, number: int, left: Space, share: float) -> Scores:
        """Trains on what is left, or takes what a stopped command has trained.

        Args:
            number: of the stage, from 1.
            left: shrunk from the space of the inputs, or that itself.
            share: of the classes, the easiest, to learn and judge on.

        Returns:
            Scores of networks of the whole space that are in what is left.

        Raises:
            HwnasError: see `hwnas.estimators.supernet.training.train_supernet`.
        """
        inputs = self._of_stage(number, left, share)
        self.listener.say(f"stage {number}: {self._words(inputs)}")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.estimator.train(inputs, self.listener)
        self.images += self.epochs * len(inputs.dataset.train)
        self.weights = inputs.weights_file
        return _of_whole(self.inputs.space, self.estimator.scores(inputs))

    @cached_property
    def order(self) -> "ClassOrder":
        """The classes, the easiest first."""
        from hwnas.estimators.supernet.easiest import class_order  # loads PyTorch

        epochs = max(1, round(_QUICK * self.epochs))
        found = class_order(self.inputs, epochs, self.folder, self.listener)
        self.quick = found.images
        return found

    @property
    def _whole(self) -> EstimatorInputs:
        """With the settings of the next stage; trained weights go on, and none stay frozen."""
        assert self.inputs.training is not None
        changes: dict[str, Any] = {"epochs": self.epochs}
        before = self.weights or self.inputs.trained_before
        if before is not None:
            changes["frozen_epochs"] = 0
            if self.rate is not None:
                changes["learning_rate"] = self.rate()
        training = self.inputs.training.model_copy(update=changes)
        return replace(self.inputs, training=training, trained_before=before)

    def _of_stage(self, number: int, left: Space, share: float) -> EstimatorInputs:
        found = replace(self._whole, space=left)
        if found.problem is not None:
            found = replace(found, problem=partial(_posed, found.problem, left))
        if share < 1:
            found = _of_classes(found, self.order.easiest(share))
        name = f"stage_{number}_{self._digest(found)}"
        log = None if found.log is None else found.log / name
        return replace(found, weights=self.folder / f"{name}.safetensors", log=log)

    def _digest(self, inputs: EstimatorInputs) -> str:
        """Of all that the weights of a stage depend on."""
        assert inputs.training is not None
        before = inputs.trained_before
        parts: Mapping[str, object] = {
            "space": inputs.space.identity,
            "settings": inputs.training.model_dump(mode="json", exclude={"device"}),
            "images": inputs.images_fingerprint,
            "published": str(inputs.published),
            "pretrained": "" if inputs.pretrained is None else inputs.pretrained.digest,
            "before": "" if before is None else _content(before),
        }
        return digest(json.dumps(parts, sort_keys=True))

    def _words(self, inputs: EstimatorInputs) -> str:
        dataset, before = inputs.dataset, inputs.trained_before
        present = np.unique(dataset.train.labels)
        names = ", ".join(dataset.class_names[label] for label in present.tolist())
        classes = "" if len(present) == dataset.classes else f", of the classes {shown(names)}"
        start = "" if before is None else f", which goes on from {before}"
        return (
            f"a supernet of {inputs.space.name}{start}, learns {len(dataset.train):,} "
            f"images{classes}"
        )


def _of_classes(inputs: EstimatorInputs, classes: NDArray[np.int64]) -> EstimatorInputs:
    """With the images of some classes alone, which are copied once."""

    @cache
    def images_at(resolution: int) -> ImageDataset:
        return inputs.dataset_at(resolution).of_classes(classes)

    return replace(
        inputs,
        images=lambda: images_at(inputs.space.largest_resolution),
        images_at=images_at,
    )


def _posed(
    pose: Callable[[Sequence[Budget]], SearchProblem], left: Space, budgets: Sequence[Budget]
) -> SearchProblem:
    return in_shrunk(pose(budgets), left)


def _of_whole(whole: Space, scores: Scores) -> Scores:
    """Scores of a space of what is left, for networks by their numbers in the whole one."""
    left = scores.space

    def evaluate(architectures: Architectures) -> NDArray[np.float64]:
        return scores.evaluate_architectures(left.of_numbers(whole.numbers_of(architectures)))

    return Scores(whole, scores.info, scores.identity, evaluate)


def _content(path: Path) -> str:
    """Of a file that is gone its path: the training that wants it says so."""
    return digest(path.read_bytes() if path.is_file() else str(path))
