"""The last stage of a run: the best network of the front that keeps the budgets for real."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from hwnas.core.errors import BudgetError, DeviceError
from hwnas.core.listener import Listener
from hwnas.latency.family import AnyLatency
from hwnas.latency.readings import Reading
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import ENERGY
from hwnas.runs.candidates import Candidate, Candidates
from hwnas.runs.experiment import Experiment
from hwnas.runs.exported import Exported, ExportWriter, Timed
from hwnas.runs.folder import RunFolder
from hwnas.runs.latency_check import WINNER, LatencyFinding, Patience
from hwnas.runs.measured_energy import EnergyCheck, UsedEnergy
from hwnas.runs.places import OWN, MeasuredPlace, further_places, own_place, say_problems
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import Rejected
from hwnas.runs.training import TrainedSupernet
from hwnas.spaces import Architectures

# How many networks of the front are measured side by side before one of them is fine-tuned.
SCREENED = 8
_REFERENCE, _IN_FP32 = "reference", " in fp32"


@dataclass(frozen=True)
class Export:
    """The winner, the reference, and the networks of the front that missed a budget.

    `doubtful` says why it is not known whether the winner keeps its budgets; empty where it is.
    """

    budget_ms: float | None
    winner: Exported
    reference: Exported | None
    rejected: tuple[Rejected, ...] = ()
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Tried:
    """A trained network that no budget speaks against, with what was measured of it."""

    candidate: Candidate
    findings: Mapping[str, LatencyFinding]
    energy: UsedEnergy | None


class Exporter:
    """Takes the front from its most accurate network on, until one keeps the budgets for real.

    On a device whose timings were imported, or that cannot be reached, nothing is measured, and
    predictions have the last word.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        latency: AnyLatency,
        trained: TrainedSupernet | None,
        result: RunSearch,
        listener: Listener,
        patience: Patience | None = None,
    ) -> None:
        """Without a trained supernet the winner is trained from scratch."""
        self.experiment = experiment
        self.folder = folder
        self.result = result
        self.listener = listener
        self._patience = patience or Patience()
        self._own = own_place(experiment, latency, result, listener, self._patience)
        self._trained = trained
        self._energy = EnergyCheck(
            experiment,
            self._own.on,
            result.problem.bound(ENERGY),
            listener,
            self._patience,
        )
        self._rejected: list[Rejected] = []

    def export(self) -> Export:
        """Exports the winner, and beside it the space's reference network.

        Raises:
            BudgetError: no network of the front measures within the budgets.
            DeviceError, TableError, RunError: see the stages; what was done is kept.
        """
        if not len(self.result.front.scores):
            raise BudgetError(
                "the search found no network within the budgets; allow more evaluations "
                "(search.evaluations) or a larger budget"
            )
        further = further_places(self.experiment, self.result, self.listener, self._patience)
        places = [self._own, *further]
        say_problems(places, self.listener)
        candidates = Candidates(self.experiment, self.folder, self._trained, places, self.listener)
        reference = candidates.reference
        for name, architecture, score in self._by_score():
            network = self.experiment.space.network(architecture)
            before = self._untrained(name, network, score, places)
            if before is None:
                continue
            candidate = candidates.winner(architecture, f"a network of {self._text(score)}")
            tried = self._measured(candidate, reference, before, score, places)
            if tried is not None:
                return self._export(tried, reference, places)
        bounds = [f"{p.bound:.4g} ms{p.of}" for p in places if p.bound is not None]
        budget_mj = self._energy.budget_mj
        bounds += [] if budget_mj is None else [f"{budget_mj:.4g} mJ"]
        raise BudgetError(
            f"none of the {len(self._rejected)} networks of the front measured within "
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

    def _untrained(
        self, name: str, network: Network, score: float, places: list[MeasuredPlace]
    ) -> dict[str, Reading] | None:
        """The readings of a network before its training, by place; None for one over a budget."""
        readings: dict[str, Reading] = {}
        for place in places:
            reading = self._screened(place, name, network)
            if reading is None:
                continue
            assert place.bound is not None
            keeps = reading.keeps(place.bound)
            if keeps is False:
                self._reject(place, network, score, reading.ms, "untrained")
                return None
            if keeps is None:
                self.listener.say(
                    f"{reading.disturbed}; {reading.ms:.4g} ms{place.of} is not reliable for a "
                    f"network of {self._text(score)}: for now its prediction of "
                    f"{_figure(place.predicted(network))} ms counts, and it is measured again when "
                    "it is trained"
                )
            readings[place.name] = reading
        used = self._energy.untrained(network)
        if used is not None and used.over:
            self._reject_mj(score, used, "untrained")
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
            self._lost(place, error)
            return None

    def _measured(
        self,
        candidate: Candidate,
        reference: Candidate | None,
        before: Mapping[str, Reading],
        score: float,
        places: list[MeasuredPlace],
    ) -> _Tried | None:
        """What measuring a trained network comes to; None for one that is over a budget."""
        findings: dict[str, LatencyFinding] = {}
        for place in places:
            if place.problem:
                continue
            try:
                found = place.check.trained(
                    candidate.network,
                    candidate.files[place.name].shipped,
                    before.get(place.name),
                    _beside(place, candidate, reference),
                )
            except DeviceError as error:
                if place.name == OWN:
                    raise
                self._lost(place, error)
                continue
            if found.keeps is False:
                self._reject(place, candidate.network, score, found.winner.ms, "exported")
                return None
            findings[place.name] = found
        used = self._energy.trained(candidate.network, candidate.own.shipped, "winner")
        if used is not None and used.over:
            self._reject_mj(score, used, "exported")
            return None
        return _Tried(candidate, findings, used)

    def _export(
        self, tried: _Tried, reference: Candidate | None, places: list[MeasuredPlace]
    ) -> Export:
        beside: UsedEnergy | None = None
        if reference is not None:
            beside = self._energy.trained(reference.network, reference.own.shipped, _REFERENCE)
        doubtful = self._doubts(tried, places)
        # From here on the summary of an earlier export would speak of other files.
        self.folder.summary_file.unlink(missing_ok=True)
        writer = ExportWriter(self.experiment, self.folder, places)
        measured = {
            name: {
                place.name: _timed(place, one.network, tried.findings.get(place.name), name)
                for place in places
            }
            for name, one in ((WINNER, tried.candidate), (_REFERENCE, reference))
            if one is not None
        }
        own = tried.findings.get(OWN)
        readings = {} if own is None else own.readings
        return Export(
            self._own.bound,
            writer.write(
                WINNER,
                tried.candidate,
                measured[WINNER],
                tried.energy,
                readings.get(WINNER + _IN_FP32),
            ),
            writer.write(
                _REFERENCE,
                reference,
                measured[_REFERENCE],
                beside,
                readings.get(_REFERENCE + _IN_FP32),
            )
            if reference is not None
            else None,
            tuple(self._rejected),
            doubtful,
        )

    def _doubts(self, tried: _Tried, places: list[MeasuredPlace]) -> tuple[str, ...]:
        """Says what is doubtful about the winner, and what to do."""
        doubts = [
            f"{place.name}: {doubt}" if place.name else doubt
            for place in places
            if place.bound is not None
            and place.name in tried.findings
            and (doubt := tried.findings[place.name].doubt(place.bound))
        ]
        if tried.energy is not None and tried.energy.doubtful:
            doubts.append(tried.energy.doubtful)
        for doubt in doubts:
            self.listener.warn(
                f"{doubt}; the trained network is kept and exported: when the machine is "
                f"idle, 'hwnas export {self.folder.path}' measures it again without training it"
            )
        return tuple(doubts)

    def _lost(self, place: MeasuredPlace, error: DeviceError) -> None:
        place.problem = str(error)
        say_problems([place], self.listener)

    def _text(self, score: float) -> str:
        score_info = self.result.score_info
        return f"{score_info.text(score)} ({score_info.label})"

    def _reject(
        self, place: MeasuredPlace, network: Network, score: float, measured_ms: float, what: str
    ) -> None:
        predicted = place.predicted(network)
        self._say_rejected(score, predicted, measured_ms, place.bound, f"ms{place.of}", what)
        self._rejected.append(
            Rejected(
                score=score,
                predicted=predicted,
                measured=measured_ms,
                unit="ms",
                stage=what,
                device=place.name,
            )
        )

    def _reject_mj(self, score: float, used: UsedEnergy, what: str) -> None:
        predicted, found = used.predicted_mj, used.measured_mj
        assert found is not None  # it is over its budget
        self._say_rejected(score, predicted, found, used.budget_mj, "mJ", what)
        self._rejected.append(
            Rejected(score=score, predicted=predicted, measured=found, unit="mJ", stage=what)
        )

    def _say_rejected(
        self,
        score: float,
        predicted: float | None,
        found: float,
        bound: float | None,
        unit: str,
        what: str,
    ) -> None:
        self.listener.say(
            f"no winner: a network of {self._text(score)}, predicted at {_figure(predicted)} "
            f"{unit}, measures {found:.4g} {unit} {what}, over the budget of "
            f"{_figure(bound)} {unit}; trying the next of the front"
        )


def _beside(
    place: MeasuredPlace, candidate: Candidate, reference: Candidate | None
) -> dict[str, bytes]:
    """What is measured beside a winner: the reference, and the fp32 files of both."""
    models: dict[str, bytes] = {}
    for name, one in ((WINNER, candidate), (_REFERENCE, reference)):
        if one is None:
            continue
        made = one.files[place.name]
        if name != WINNER:
            models[name] = made.shipped
        if place.name == OWN and made.converted:
            models[name + _IN_FP32] = made.fp32
    return models


def _timed(
    place: MeasuredPlace, network: Network, found: LatencyFinding | None, name: str
) -> Timed:
    """The latency of the winner or of the reference on a place."""
    predicted = place.predicted(network)
    if found is None:
        return Timed(place.bound, predicted, problem=place.problem)
    reading = found.readings[name]
    if name != WINNER:
        return Timed(place.bound, predicted, reading)
    doubt = None if place.bound is None else found.doubt(place.bound)
    return Timed(place.bound, predicted, reading, found.before, doubt)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
