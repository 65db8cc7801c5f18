"""Ensembles of networks of the front, each trained as an export of it is."""

from collections.abc import Iterator, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.ensembles.pool import Pool
from hwnas.ensembles.proposals import proposals
from hwnas.latency.family import AnyLatency
from hwnas.networks.blocks import Network
from hwnas.networks.ensemble import Ensemble
from hwnas.networks.ensemble_module import EnsembleModule
from hwnas.networks.ids import network_id
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.budgets import LATENCY
from hwnas.runs.candidates import Candidates
from hwnas.runs.ensembles.budget import predicted_ms
from hwnas.runs.ensembles.form import Member
from hwnas.runs.ensembles.source import Proposed
from hwnas.runs.experiment import Experiment
from hwnas.runs.searching import RunSearch
from hwnas.search.front import spread
from hwnas.training.evaluation import probabilities


class FrontSource:
    """Trains some networks of the front, and proposes ensembles of them.

    Those are tried of which any other fits into the budget beside it, spread evenly from the
    fastest to the slowest. All take images of one resolution: that of the best of them.
    """

    name, trains = "front", False

    def __init__(
        self,
        experiment: Experiment,
        latency: AnyLatency,
        result: RunSearch,
        candidates: Candidates,
        *,
        members: int,
        most: int,
    ) -> None:
        """Trains nothing yet.

        Args:
            experiment: of the run.
            latency: of its device.
            result: of its search, within the budget of the ensemble.
            candidates: trains networks.
            members: of an ensemble, at most.
            most: networks that are trained to choose from.
        """
        self._experiment, self._latency, self._result = experiment, latency, result
        self._candidates, self._members, self._most = candidates, members, most
        bound = result.problem.bound(LATENCY)
        assert bound is not None
        self._bound = bound

    def check(self) -> None:
        """Refuses a budget that no two networks of the front keep together."""
        if len(self._chosen) > 1:
            return
        front = self._result.front
        least = self._least_of_two
        took = "" if least is None else f": the two fastest take {least:.4g} ms"
        raise BudgetError(
            f"no two of the {len(front.scores)} networks of the front run within "
            f"{self._bound:.4g} ms together{took}; allow more (--budget), search for faster "
            "networks, or share a trunk (--from supernet)"
        )

    def candidates(self) -> Iterator[Proposed]:
        """The ensembles that SAEP's three ways propose, the most accurate first."""
        networks = self._networks
        modules = self._trained
        for one in proposals(self._pool, self._members, self._fits):
            chosen = list(one.members)
            yield Proposed(
                Ensemble.of([networks[index] for index in chosen]),
                tuple(self.pool[index] for index in chosen),
                one.ways,
                one.accuracy,
                one.diversity,
                partial(EnsembleModule, [modules[index] for index in chosen]),
            )

    @cached_property
    def pool(self) -> tuple[Member, ...]:
        """The networks that were trained."""
        rows = self._result.front.architectures[self._chosen]
        numbers = self._experiment.space.numbers_of(rows).tolist()
        return tuple(
            Member(
                id=network_id(network),
                architecture=tuple(row),
                predicted_ms=float(self._latency.predict([network])[0]),
                accuracy=self._pool.accuracy([index]),
            )
            for index, (network, row) in enumerate(zip(self._networks, numbers, strict=True))
        )

    @cached_property
    def _trained(self) -> list[NetworkModule]:
        rows = self._result.front.architectures[self._chosen]
        named = [(row, network_id(one)) for row, one in zip(rows, self._networks, strict=True)]
        self._candidates.train(named, beside_reference=False)
        return [self._candidates.weights(row, name).module for row, name in named]

    @cached_property
    def _pool(self) -> Pool:
        images = self._experiment.dataset_of(self._networks[0]).validation
        return Pool(np.stack([probabilities(m, images) for m in self._trained]), images.labels)

    def _fits(self, members: Sequence[int]) -> bool:
        """Whether some of the networks that were trained keep the budget together."""
        if len(members) < 2:
            return True
        ms = predicted_ms(self._latency, Ensemble.of([self._networks[one] for one in members]))
        return ms is not None and ms <= self._bound

    @cached_property
    def _networks(self) -> list[Network]:
        return self._experiment.space.networks(self._result.front.architectures[self._chosen])

    @cached_property
    def _chosen(self) -> NDArray[np.int64]:
        """Which networks of the front are trained, the fastest first."""
        front = self._result.front
        if len(front.scores) < 2:
            return np.arange(0)
        pairs = self._pairs
        fitting = np.flatnonzero(pairs <= self._bound)
        if not len(fitting):
            return np.arange(0)
        best = fitting[np.argmax(front.scores[fitting])]
        alike = fitting[self._resolutions[fitting] == self._resolutions[best]]
        return np.sort(alike[spread(front.costs[alike], self._most)])

    @cached_property
    def _pairs(self) -> NDArray[np.float64]:
        """(F,) what each network of the front takes with the fastest other of its resolution."""
        front = self._result.front
        networks = self._experiment.space.networks(front.architectures)
        overhead = np.array([self._latency.of(one).correction.overhead for one in networks])
        pairs = np.full(len(networks), np.inf)
        for size in set(self._resolutions.tolist()):
            alike = np.flatnonzero(self._resolutions == size)  # the fastest first
            if len(alike) > 1:
                others = np.where(alike == alike[0], alike[1], alike[0])
                shared = np.minimum(overhead[alike], overhead[others])
                pairs[alike] = front.costs[alike] + front.costs[others] - shared
        return pairs

    @cached_property
    def _resolutions(self) -> NDArray[np.int64]:
        networks = self._experiment.space.networks(self._result.front.architectures)
        return np.array([one[0].resolution for one in networks], dtype=np.int64)

    @property
    def _least_of_two(self) -> float | None:
        if len(self._result.front.scores) < 2:
            return None
        least = float(self._pairs.min())
        return least if np.isfinite(least) else None
