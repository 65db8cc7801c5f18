"""The best network of a front that keeps the budgets for real."""

from collections.abc import Iterator, Mapping

import numpy as np

from hwnas.core.errors import BudgetError, DeviceError
from hwnas.core.listener import Listener
from hwnas.latency.readings import Reading
from hwnas.networks.blocks import Network
from hwnas.networks.ids import network_id
from hwnas.runs.candidates import Candidate, Candidates
from hwnas.runs.experiment import Experiment
from hwnas.runs.latency_check import LatencyFinding
from hwnas.runs.measured_energy import EnergyCheck, UsedEnergy
from hwnas.runs.measuring import Measured, figure, lose, measured_on
from hwnas.runs.places import OWN, MeasuredPlace
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import Rejected
from hwnas.spaces import Architectures

# How many networks of the front are measured side by side before one of them is fine-tuned.
SCREENED = 8


class BestOfFront:
    """Takes the front from its most accurate network on, until one keeps the budgets for real.

    Attributes:
        rejected: the networks that missed a budget on the way.
    """

    def __init__(
        self,
        experiment: Experiment,
        result: RunSearch,
        places: list[MeasuredPlace],
        candidates: Candidates,
        energy: EnergyCheck,
        listener: Listener,
    ) -> None:
        """Trains and measures nothing yet; the run's own device is the first of the places."""
        self.experiment, self.result, self.listener = experiment, result, listener
        self._own, self._places, self._candidates = places[0], places, candidates
        self._energy = energy
        self.rejected: list[Rejected] = []

    def find(self, reference: Candidate | None) -> Measured:
        """Trains and measures networks beside the reference until one keeps every budget.

        Raises:
            BudgetError: none does.
            DeviceError: the run's own device failed.
        """
        for name, architecture, score in self._by_score():
            network = self.experiment.space.network(architecture)
            before = self._untrained(name, network, score)
            if before is None:
                continue
            called = f"a network of {self._text(score)}"
            candidate = self._candidates.trained(architecture, "winner", called)
            tried = self._measured(candidate, reference, before, score)
            if tried is not None:
                return tried
        bounds = [f"{p.bound:.4g} ms{p.of}" for p in self._places if p.bound is not None]
        budget_mj = self._energy.budget_mj
        bounds += [] if budget_mj is None else [f"{budget_mj:.4g} mJ"]
        raise BudgetError(
            f"none of the {len(self.rejected)} networks of the front measured within "
            f"{' and '.join(bounds)}; search with a larger budget, or profile into a new table "
            "(--table) and search again: the present table predicts less than is measured now"
        )

    def _by_score(self) -> Iterator[tuple[str, Architectures, float]]:
        """(name, architecture, its score) from the best score down, screened by the way."""
        front, own = self.result.front, self._own
        order = np.argsort(-front.scores)
        screened = not own.problem and own.bound is not None
        for start in range(0, len(order), SCREENED):
            part = order[start : start + SCREENED]
            if screened:
                own.check.screen(
                    {
                        str(index): self.experiment.space.network(front.architectures[index])
                        for index in part
                    }
                )
            for index in part:
                yield str(index), front.architectures[index], float(front.scores[index])

    def _untrained(self, name: str, network: Network, score: float) -> dict[str, Reading] | None:
        """The readings of a network before its training, by place; None for one over a budget."""
        readings: dict[str, Reading] = {}
        for place in self._places:
            reading = self._screened(place, name, network)
            if reading is None:
                continue
            assert place.bound is not None
            keeps = reading.keeps(place.bound)
            if keeps is False:
                self._reject_ms(place, network, score, reading.ms, "untrained")
                return None
            if keeps is None:
                self.listener.say(
                    f"{reading.disturbed}; {reading.ms:.4g} ms{place.of} is not reliable for a "
                    f"network of {self._text(score)}: for now its prediction of "
                    f"{figure(place.predicted(network))} ms counts, and it is measured again when "
                    "it is trained"
                )
            readings[place.name] = reading
        used = self._energy.untrained(network)
        if used is not None and used.over:
            self._reject_mj(network, score, used, "untrained")
            return None
        return readings

    def _screened(self, place: MeasuredPlace, name: str, network: Network) -> Reading | None:
        """The reading of an untrained network on a place; None where nothing is measured."""
        if place.problem or place.bound is None:
            return None
        if place.name == OWN:
            return place.check.untrained(name)  # measured side by side with others already
        try:
            place.check.screen({name: network})
            return place.check.untrained(name)
        except DeviceError as error:
            lose(place, error, self.listener)
            return None

    def _measured(
        self,
        candidate: Candidate,
        reference: Candidate | None,
        before: Mapping[str, Reading],
        score: float,
    ) -> Measured | None:
        """What measuring a trained network comes to; None for one that is over a budget."""
        findings: dict[str, LatencyFinding] = {}
        for place, found in measured_on(
            self._places, candidate, reference, self.listener, before=before
        ):
            if found.keeps is False:
                self._reject_ms(place, candidate.network, score, found.winner.ms, "exported")
                return None
            findings[place.name] = found
        used = self._energy.trained(candidate.network, candidate.own.shipped, "winner")
        if used is not None and used.over:
            self._reject_mj(candidate.network, score, used, "exported")
            return None
        return Measured(candidate, findings, used)

    def _text(self, score: float) -> str:
        score_info = self.result.score_info
        return f"{score_info.text(score)} ({score_info.label})"

    def _reject_ms(
        self, place: MeasuredPlace, network: Network, score: float, measured_ms: float, stage: str
    ) -> None:
        of_place = (place.predicted(network), measured_ms, place.bound)
        self._reject(network, score, of_place, "ms", stage, place)

    def _reject_mj(self, network: Network, score: float, used: UsedEnergy, stage: str) -> None:
        assert used.measured_mj is not None  # it is over its budget
        of_board = (used.predicted_mj, used.measured_mj, used.budget_mj)
        self._reject(network, score, of_board, "mJ", stage)

    def _reject(
        self,
        network: Network,
        score: float,
        values: tuple[float | None, float, float | None],
        unit: str,
        stage: str,
        place: MeasuredPlace | None = None,
    ) -> None:
        """Says and keeps that a network is over a budget: (predicted, measured, budget)."""
        predicted, measured, budget = values
        of = "" if place is None else place.of
        self.listener.say(
            f"no winner: a network of {self._text(score)}, predicted at {figure(predicted)} "
            f"{unit}{of}, measures {measured:.4g} {unit}{of} {stage}, over the budget of "
            f"{figure(budget)} {unit}{of}; trying the next of the front"
        )
        self.rejected.append(
            Rejected(
                id=network_id(network),
                score=score,
                predicted=predicted,
                measured=measured,
                unit=unit,
                stage=stage,
                device="" if place is None else place.name,
            )
        )
