"""The last stage of a run: networks trained, measured beside the reference, and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hwnas.core.errors import BudgetError
from hwnas.core.listener import Listener
from hwnas.export.card import CARD
from hwnas.export.writer import has_edited_card
from hwnas.latency.family import AnyLatency
from hwnas.networks.ids import network_id
from hwnas.objectives.budgets import ENERGY
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.best_of_front import BestOfFront
from hwnas.runs.candidates import Candidate, Candidates
from hwnas.runs.experiment import Experiment
from hwnas.runs.export_record import ExportRecord
from hwnas.runs.exported import Exported, ExportWriter
from hwnas.runs.folder import RunFolder
from hwnas.runs.latency_check import WINNER, Patience
from hwnas.runs.measured_energy import EnergyCheck, UsedEnergy
from hwnas.runs.measuring import IN_FP32, REFERENCE, Measured, doubts, measured_on, timed
from hwnas.runs.over_budgets import over_budgets
from hwnas.runs.picks import NOTHING_FOUND, Pick
from hwnas.runs.places import OWN, MeasuredPlace, further_places, own_place, say_problems
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import Rejected
from hwnas.runs.training import TrainedSupernet
from hwnas.runs.trainings import Trainings

if TYPE_CHECKING:
    from hwnas.search.executors.ray_workers import RayWorkers


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
class ExportedPick:
    """A network that a person picked.

    Attributes:
        exported: it, written.
        reference: the reference, where it had to be written too.
        reference_ms: the reference's latency in the same sessions; None where it was not measured.
        paired: which test images it and the reference have right; None without a reference.
        over: a sentence for each budget that it is over, with by how much.
        doubtful: the same for each of which that is not known.
    """

    exported: Exported
    reference: Exported | None
    reference_ms: float | None
    paired: Paired | None
    over: tuple[str, ...]
    doubtful: tuple[str, ...]


class Exporter:
    """Exports the best network of the front that keeps the budgets, and networks that are picked.

    On a device whose timings were imported, or that cannot be reached, nothing is measured, and
    predictions have the last word.

    Attributes:
        record: what is known to be exported of the present front.
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
        workers: "RayWorkers | None" = None,
    ) -> None:
        """Without a trained supernet networks are trained from scratch; by workers, if given."""
        self.experiment, self.folder, self.result = experiment, folder, result
        self.listener = listener
        self.record = ExportRecord(folder, result, listener, experiment.config.export)
        self._patience = patience or Patience()
        self._own = own_place(experiment, latency, result, listener, self._patience)
        self._trained = trained
        self._trainings = Trainings(experiment, folder, listener, workers)
        bound = result.problem.bound(ENERGY)
        self._energy = EnergyCheck(experiment, self._own.on, bound, listener, self._patience)

    def train(self, picks: Sequence[Pick]) -> None:
        """Trains the reference and, where there are workers, beside it what is to be exported.

        Raises:
            TrainingError: the reference cannot be trained, without which nothing is exported.
            RunError: workers cannot be had, or weights cannot be written.
        """
        self._candidates.train([(np.array(pick.architecture), pick.id) for pick in picks])
        _ = self.reference

    def export(self) -> Export:
        """Exports the winner, and beside it the space's reference network.

        The winner of an earlier export keeps its files, in a folder of its own.

        Raises:
            BudgetError: no network of the front measures within the budgets.
            TrainingError: a network cannot be trained.
            DeviceError, TableError, RunError: see the stages; what was done is kept.
        """
        if not len(self.result.front.scores):
            raise BudgetError(NOTHING_FOUND)
        best = BestOfFront(
            self.experiment,
            self.result,
            self._places,
            self._candidates,
            self._energy,
            self.listener,
        )
        tried = best.find(self.reference)
        energy = self._energy_of_reference()
        doubtful = doubts(tried, self._places)
        self._warn(doubtful, f"hwnas export {self.folder.path}")
        self.record.make_way(network_id(tried.candidate.network))
        winner = self._write(WINNER, tried)
        reference = self._write_reference(tried, energy)
        return Export(self._own.bound, winner, reference, tuple(best.rejected), doubtful)

    def pick(self, pick: Pick) -> ExportedPick:
        """Exports a network that a person picked, whether it keeps the budgets or not.

        Raises:
            TrainingError: it cannot be trained.
            DeviceError, TableError, RunError: see the stages; what was done is kept.
        """
        reference = self.reference
        architecture = np.array(pick.architecture)
        candidate = self._candidates.trained(architecture, pick.id, pick.id)
        found = measured_on(self._places, candidate, reference, self.listener, pick=pick.id)
        findings = {place.name: finding for place, finding in found}
        used = self._energy.trained(candidate.network, candidate.own.shipped, pick.id)
        tried = Measured(candidate, findings, used)
        doubtful = doubts(tried, self._places)
        again = f"hwnas export {self.folder.path} --pick {pick.id}"
        self._warn([f"{pick.id}: {doubt}" for doubt in doubtful], again)
        written = None
        exported = self._write(pick.id, tried)
        if self.record.reference is None:
            written = self._write_reference(tried, self._energy_of_reference())
        own = findings.get(OWN)
        beside = None if own is None or reference is None else own.readings[REFERENCE].ms
        return ExportedPick(
            exported,
            written,
            beside,
            None
            if reference is None
            else Paired.of(candidate.own.numbers.right, reference.own.numbers.right),
            over_budgets(pick, self.result, tried),
            doubtful,
        )

    @cached_property
    def _places(self) -> list[MeasuredPlace]:
        further = further_places(self.experiment, self.result, self.listener, self._patience)
        places = [self._own, *further]
        say_problems(places, self.listener)
        return places

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(
            self.experiment,
            self.folder,
            self._trained,
            self._places,
            self.listener,
            self._trainings,
        )

    @property
    def reference(self) -> Candidate | None:
        """What stands beside every network; it is trained when it is first needed.

        Raises:
            TrainingError: it cannot be trained, and then nothing can be exported.
        """
        return self._candidates.reference

    @cached_property
    def _writer(self) -> ExportWriter:
        return ExportWriter(self.experiment, self.folder, self._places)

    def _energy_of_reference(self) -> UsedEnergy | None:
        reference = self.reference
        if reference is None:
            return None
        return self._energy.trained(reference.network, reference.own.shipped, REFERENCE)

    def _write(self, name: str, tried: Measured) -> Exported:
        return self._written(name, WINNER, tried.candidate, tried, tried.energy)

    def _write_reference(self, tried: Measured, energy: UsedEnergy | None) -> Exported | None:
        """Writes the reference, with what it measured beside another network."""
        one = self.reference
        return None if one is None else self._written(REFERENCE, REFERENCE, one, tried, energy)

    def _written(
        self,
        name: str,
        measured_as: str,
        one: Candidate,
        tried: Measured,
        energy: UsedEnergy | None,
    ) -> Exported:
        """Writes a network, with what it measured by its name in the findings."""
        times = {
            place.name: timed(place, one.network, tried.findings.get(place.name), measured_as)
            for place in self._places
        }
        own = tried.findings.get(OWN)
        fp32 = None if own is None else own.readings.get(measured_as + IN_FP32)
        written = self._writer.write(name, one, times, energy, fp32)
        if has_edited_card(written.folder):
            self.listener.say(
                f"{written.folder / CARD} was edited and stays as it is; delete it before an "
                "export for a new one"
            )
        return written

    def _warn(self, doubtful: Sequence[str], again: str) -> None:
        """Says what is doubtful, and which command measures again."""
        for doubt in doubtful:
            self.listener.warn(
                f"{doubt}; the trained network is kept and exported: when the machine is "
                f"idle, '{again}' measures it again without training it"
            )
