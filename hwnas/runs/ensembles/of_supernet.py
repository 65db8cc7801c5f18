"""Ensembles of paths of a supernet that share a trunk, trained together."""

from collections.abc import Iterator, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.core.listener import Listener
from hwnas.ensembles.pool import Pool
from hwnas.ensembles.proposals import proposals
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.latency.family import AnyLatency
from hwnas.networks.ensemble import Ensemble
from hwnas.networks.ids import network_id
from hwnas.networks.modules import Path
from hwnas.objectives.budgets import LATENCY
from hwnas.runs.ensembles.budget import predicted_ms
from hwnas.runs.ensembles.form import Member
from hwnas.runs.ensembles.paths import Group, Paths
from hwnas.runs.ensembles.source import Proposed
from hwnas.runs.ensembles.weights import TogetherTrained
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import RunSearch
from hwnas.runs.training import TrainedSupernet
from hwnas.training.placement import choose_device

# Of the ensembles that were looked at, so many of the best may be measured.
_MOST_TRIED = 12
_GROUP = 3
"""Paths of a group for each member."""

Key = tuple[int, ...]


class SupernetSource:
    """Judges paths with the weights that they inherit, and proposes ensembles of those.

    The members of one share every first block that is the same in all of them: it has the same
    weights in the supernet. What is proposed is trained as a whole.
    """

    name, trains = "supernet", True
    pool: tuple[Member, ...] = ()

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        latency: AnyLatency,
        trained: TrainedSupernet,
        result: RunSearch,
        listener: Listener,
        *,
        members: int,
        most: int,
    ) -> None:
        """Judges nothing yet.

        Args:
            experiment: of the run.
            folder: of the run; keeps what is trained.
            latency: of its device.
            trained: the supernet.
            result: of the run's search, within the budget of the ensemble.
            listener: gets progress.
            members: of an ensemble, at most.
            most: paths that are judged to choose from.
        """
        self._experiment, self._latency = experiment, latency
        self._trained, self._listener = trained, listener
        self._members, self._most = members, most
        bound = result.problem.bound(LATENCY)
        assert bound is not None
        self._bound = bound
        self._paths = Paths(experiment.space, latency, result, bound)
        self._train = TogetherTrained(experiment, folder, trained, listener)
        self._known: dict[Key, NDArray[np.float64]] = {}

    def check(self) -> None:
        """Refuses a budget that no two paths keep together."""
        if self._groups:
            return
        raise BudgetError(
            f"no two paths of the supernet run within {self._bound:.4g} ms together; the fastest "
            f"two that were judged take {self._paths.least_ms():.4g} ms; allow more (--budget), or "
            "search for faster networks"
        )

    def candidates(self) -> Iterator[Proposed]:
        """The ensembles that SAEP's three ways propose of each group, the most accurate first."""
        found: dict[frozenset[Key], Proposed] = {}
        rows = {tuple(row.tolist()): row for group in self._groups for row in group.paths}
        title = "judging paths of the supernet"
        with self._listener.progress(title, "networks") as update:
            for number, (key, row) in enumerate(rows.items()):
                update(number, len(rows))
                self._known[key] = self._accuracy.probabilities(row)
            update(len(rows), len(rows))
        for group in self._groups:
            for members, candidate in self._of_group(group):
                found.setdefault(members, candidate)
        best = sorted(found.values(), key=lambda one: (-one.accuracy, -one.diversity))
        yield from best[:_MOST_TRIED]

    def _of_group(self, group: Group) -> Iterator[tuple[frozenset[Key], Proposed]]:
        space, labels = self._experiment.space, self._labels(group)
        keys = [tuple(row.tolist()) for row in group.paths]
        numbers = [tuple(row) for row in space.numbers_of(group.paths).tolist()]
        pool = Pool(np.stack([self._known[key] for key in keys]), labels)
        networks = space.networks(group.paths)
        paths = [self._trained.supernet.path(row) for row in group.paths]

        def ensemble(members: Sequence[int]) -> Ensemble:
            shared = shared_blocks([paths[one] for one in members])
            return Ensemble.of([networks[one] for one in members], shared)

        def fits(members: Sequence[int]) -> bool:
            if len(members) < 2:
                return True
            ms = predicted_ms(self._latency, ensemble(members))
            return ms is not None and ms <= self._bound

        for one in proposals(pool, self._members, fits):
            chosen = list(one.members)
            made = ensemble(chosen)
            yield (
                frozenset(keys[index] for index in chosen),
                Proposed(
                    made,
                    tuple(
                        Member(
                            id=network_id(networks[index]),
                            architecture=numbers[index],
                            predicted_ms=float(self._latency.predict([networks[index]])[0]),
                            accuracy=pool.accuracy([index]),
                        )
                        for index in chosen
                    ),
                    one.ways,
                    one.accuracy,
                    one.diversity,
                    partial(self._train, group.paths[chosen], len(made.trunk)),
                ),
            )

    def _labels(self, group: Group) -> NDArray[np.int64]:
        return self._experiment.dataset_of(
            self._experiment.space.network(group.paths[0])
        ).validation.labels

    @cached_property
    def _groups(self) -> list[Group]:
        return list(self._paths.groups(self._members, self._most, _GROUP * self._members))

    @cached_property
    def _accuracy(self) -> SupernetAccuracy:
        experiment = self._experiment
        datasets = [experiment.dataset_at(each) for each in experiment.space.resolutions]
        device = choose_device(experiment.config.recipe.train.device)
        return SupernetAccuracy(self._trained.supernet, datasets, device=device)


def shared_blocks(paths: Sequence[Path]) -> int:
    """How many first blocks of some paths of a supernet are the same, weights and all.

    At least one block of each is left to itself.
    """
    most = min(map(len, paths)) - 1
    for index in range(most):
        module, block = paths[0][index]
        if any(path[index][0] is not module or path[index][1] != block for path in paths):
            return index
    return most
