"""Estimator: the base of everything that scores networks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.configs import StrictModel
from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError
from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import ScoreInfo, Scores
from hwnas.networks.blocks import Network
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import KnownScore
from hwnas.search.trellis import Trellis
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures

if TYPE_CHECKING:
    from hwnas.training.trainer import TrainReport


class Estimator(ABC):
    """What gives every network of a space a score; more is always better.

    One of your own sets the attributes that differ and overrides `scores`, mostly in one line that
    calls `of_networks` or `of_values`; if it trains something, it sets `weights` and overrides
    `train`. It is passed as an object, or named in a config after an entry point of the group
    `hwnas.estimators` (see `hwnas.core.registry`).

    Attributes:
        name: as configs and commands call it.
        label: what a score is, for axes and headings; `{file}` stands for the CSV.
        unit: of a score: "%" of accuracies, and of nothing else.
        short: what a score is called in tables; by default "accuracy", or the name where scores are
            no accuracies.
        version: is raised when the same inputs give other scores than before, which must not meet
            in a journal.
        needs_file: whether it reads a CSV of known accuracies.
        needs_images: whether it looks at images.
        families: whether it scores the networks of several resolutions and widths together.
        seeded: whether scores depend on a seed.
        weights: the name of the file that must have been trained; None where nothing is trained.
        trains_candidates: whether every network that it scores is trained: `accuracy.epochs` is for
            it.
        may_stop: whether such a training may end early, as `accuracy.stop` says.
        parts: of one that is made of others, their weights by name.
        takes_teacher: whether its training may learn from a network that is given.
        takes_latency: whether it may see the latencies of a device.
        takes_start: whether its training may start from the weights of a supernet or a network,
            although it is none of a supernet.
        relaxation: of one that learns by gradient how choices are mixed, how; else None.
        holds_budgets: whether its training holds expected costs to `train.budgets`.
        free: whether thousands of scores cost nothing. They are then searched exactly, or as a
            whole.
    """

    name: str
    label: str
    unit: str = "%"
    short: str = ""
    version: int = 1
    needs_file: bool = False
    needs_images: bool = False
    families: bool = True
    seeded: bool = False
    weights: str | None = None
    trains_candidates: bool = False
    may_stop: bool = True
    parts: Mapping[str, float] = MappingProxyType({})
    takes_teacher: bool = False
    takes_latency: bool = False
    takes_start: bool = False
    relaxation: StrictModel | None = None
    holds_budgets: bool = False
    free: bool = False

    @abstractmethod
    def scores(self, inputs: EstimatorInputs) -> Scores:
        """Makes the estimator ready to score networks; what it needs was trained before.

        Raises:
            HwnasError: an input is missing, or cannot be used.
        """

    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> "TrainReport | None":
        """Trains what the estimator needs, or continues; what is trained already is just read.

        In several processes of `hwnas.training.distributed.joined_group` all call this alike.

        Args:
            inputs: `weights` is the file to write.
            listener: gets its progress.

        Returns:
            None where nothing was to be trained.

        Raises:
            HwnasError: an input is missing, or the training fails.
        """
        del inputs, listener
        raise ConfigError(f"nothing is trained for the estimator {self.name}")

    def with_parts(self, parts: Mapping[str, float]) -> "Estimator":
        """The same estimator made of other parts.

        Args:
            parts: the weight of each by its name.

        Raises:
            ConfigError: it has no parts, or they cannot be used.
        """
        raise ConfigError(
            f"the estimator {self.name} has no parts; leave out parts ({', '.join(parts)}), or "
            "name mixed"
        )

    def with_relaxation(self, settings: Mapping[str, Any]) -> "Estimator":
        """The same estimator with other settings of how its logits are learnt.

        Args:
            settings: those that are not at its defaults, see `hwnas.relaxation.settings`.

        Raises:
            ConfigError: it learns no logits, or there is no such setting.
        """
        raise ConfigError(
            f"the estimator {self.name} learns no logits of choices; leave out relaxation "
            f"({', '.join(settings)}), or name darts, unas, figs, pruning or sparse"
        )

    def of_networks(
        self,
        inputs: EstimatorInputs,
        evaluate: Callable[[Sequence[Network]], NDArray[np.float64]],
        identity: Mapping[str, str] | None = None,
    ) -> Scores:
        """Scores of a function of networks.

        Args:
            inputs: as `scores` was given them.
            evaluate: N networks → (N,) scores.
            identity: what scores depend on beside the inputs that the attributes name.
        """
        space = inputs.space

        def of_architectures(architectures: Architectures) -> NDArray[np.float64]:
            return np.asarray(evaluate(space.networks(architectures)), dtype=np.float64)

        belongs_to = self.identity(inputs) | dict(identity or {})
        return Scores(space, self.info(), belongs_to, of_architectures)

    def of_values(
        self,
        inputs: EstimatorInputs,
        values: Sequence[NDArray[np.float64]],
        identity: Mapping[str, str] | None = None,
    ) -> Scores:
        """Scores that are sums of a value for each choice; they are searched exactly.

        Args:
            inputs: as `scores` was given them.
            values: L arrays (C,), a value for each choice of each slot.
            identity: see `of_networks`.
        """
        trellis = Trellis.from_values(inputs.space, self.name, self.unit, 0.0, values)
        return self.of_exact(inputs, SumScore(trellis), identity)

    def of_exact(
        self,
        inputs: EstimatorInputs,
        exact: KnownScore,
        identity: Mapping[str, str] | None = None,
    ) -> Scores:
        """Scores of a known form, which cost nothing and are searched as that form allows.

        Args:
            inputs: as `scores` was given them.
            exact: gives canonical architectures their scores.
            identity: see `of_networks`.
        """
        belongs_to = self.identity(inputs) | dict(identity or {})
        return Scores(inputs.space, self.info(), belongs_to, exact.evaluate, exact)

    def check_space(self, space: Space) -> None:
        """Refuses a family of spaces where the estimator cannot score one.

        Raises:
            ConfigError: says what to do.
        """
        if len(space.members) > 1 and not self.families:
            raise ConfigError(
                f"the estimator {self.name} is of one resolution and one width, and {space.name} "
                f"has {len(space.members)}; name one of each, or another estimator such as "
                "supernet"
            )

    def info(self) -> ScoreInfo:
        """What a score of this estimator is."""
        short = self.short or ("accuracy" if self.unit == "%" else self.name)
        return ScoreInfo(self.name, self.label, self.unit, short)

    def identity(self, inputs: EstimatorInputs) -> dict[str, str]:
        """What scores depend on: they never meet others in a journal."""
        version = "" if self.version == 1 else f", version {self.version}"
        found = {"estimator": f"{self.name}{version}", "space": digest(inputs.space.identity)}
        if self.needs_images and inputs.images is not None:
            found["images"] = inputs.images_fingerprint
        if self.seeded:
            found["seed of scores"] = str(inputs.seed)
        return found
