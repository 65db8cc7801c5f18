"""The ensemble stage: ensembles built and measured until one keeps the budget, and exported."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hwnas.core.errors import BudgetError
from hwnas.core.listener import Listener
from hwnas.export.ensemble import ensemble_file
from hwnas.export.for_device import DeviceFile
from hwnas.export.layout import MODEL
from hwnas.latency.family import AnyLatency
from hwnas.latency.readings import Reading
from hwnas.networks.blocks import Network
from hwnas.networks.ensemble_module import EnsembleModule
from hwnas.networks.ids import ensemble_id, network_id
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.objectives.statistics.intervals import Paired, wilson
from hwnas.runs.best_of_front import BestOfFront
from hwnas.runs.candidates import Candidate, Candidates
from hwnas.runs.ensembles.budget import predicted_ms
from hwnas.runs.ensembles.form import PREFIX, EnsembleSummary, Member, OneFile, Tried
from hwnas.runs.ensembles.source import Proposed, Source
from hwnas.runs.ensembles.verdict import ensemble_verdict
from hwnas.runs.ensembles.writing import write_ensemble
from hwnas.runs.experiment import Experiment
from hwnas.runs.exported import Timed
from hwnas.runs.folder import RunFolder
from hwnas.runs.latency_check import LatencyFinding, Patience
from hwnas.runs.measured_energy import EnergyCheck
from hwnas.runs.places import own_place, say_problems
from hwnas.runs.searching import RunSearch
from hwnas.runs.stale import forget_report
from hwnas.runs.training import TrainedSupernet
from hwnas.runs.trainings import Trainings
from hwnas.training.evaluation import accuracy

if TYPE_CHECKING:
    from hwnas.search.executors.ray_workers import RayWorkers

SINGLE = "the best single network"


@dataclass(frozen=True)
class _Measured:
    """An ensemble with its file and its latency beside the single network's."""

    proposed: Proposed
    module: EnsembleModule
    made: DeviceFile
    found: LatencyFinding | None


class EnsembleStage:
    """Builds ensembles of a run and exports the best that keeps its budget.

    It stands beside the best single network that measures within the same budget: that of the front
    by the search's score, or a network that was trained to choose members from and is better. On a
    device whose timings were imported, nothing is measured, and predictions have the last word.

    Attributes:
        candidates: trains networks, for ensembles too.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        latency: AnyLatency,
        trained: TrainedSupernet | None,
        result: RunSearch,
        listener: Listener,
        *,
        patience: Patience,
        workers: "RayWorkers | None" = None,
    ) -> None:
        """Trains nothing yet.

        Args:
            experiment: of the run.
            folder: of the run, open.
            latency: of its device.
            trained: what networks are fine-tuned from; without one they are trained from scratch.
            result: of its search, within the budget of the ensemble.
            listener: gets progress, sentences and warnings.
            patience: how long a busy machine is waited for.
            workers: they train networks side by side; None for here, one after another.
        """
        self._experiment, self._folder, self._latency = experiment, folder, latency
        self._result, self._listener, self._patience = result, listener, patience
        self._own = own_place(experiment, latency, result, listener, patience)
        trainings = Trainings(experiment, folder, listener, workers)
        places = [self._own]
        self.candidates = Candidates(experiment, folder, trained, places, listener, trainings)
        self._rejected: dict[tuple[str, ...], float] = {}

    def run(self, source: Source, start: float) -> EnsembleSummary:
        """Exports an ensemble.

        Args:
            source: proposes ensembles.
            start: monotonic, when what the summary calls its seconds began.

        Raises:
            BudgetError: no ensemble, or no single network, keeps the budget.
            TrainingError: a network cannot be trained.
            DeviceError, HwnasError: see the parts; what was trained is kept.
        """
        source.check()
        say_problems([self._own], self._listener)
        single = self._single()
        tried = list(source.candidates())
        if not tried:
            raise BudgetError(
                f"no ensemble that was looked at is predicted to run within {self._bound:.4g} ms; "
                "look at more (--candidates), or allow more (--budget)"
            )
        ensembles = "1 ensemble is" if len(tried) == 1 else f"{len(tried)} ensembles are"
        self._listener.say(f"{ensembles} predicted to keep the budget")
        single = self._better(single, source.pool)
        for proposed in tried:
            measured = self._measured(source, proposed, single)
            if measured is not None:
                summary = self._summary(source, tried, measured, single, start)
                timed = self._timed(measured)
                folder = self._folder.export_folder(PREFIX + summary.ensemble.id)
                write_ensemble(
                    folder, self._experiment, measured.module, measured.made, timed, summary
                )
                for sentence in forget_report(self._folder):
                    self._listener.say(sentence)
                return summary
        raise BudgetError(
            f"none of the {len(tried)} ensembles measured within {self._bound:.4g} ms; allow more "
            "(--budget), or take the best single network: hwnas export "
            f"{self._folder.path} --pick {network_id(single.network)}"
        )

    @property
    def _bound(self) -> float:
        assert self._own.bound is not None
        return self._own.bound

    def _single(self) -> Candidate:
        """The best network of the front that measures within the budget, trained."""
        energy = EnergyCheck(self._experiment, self._own.on, None, self._listener, self._patience)
        best = BestOfFront(
            self._experiment, self._result, [self._own], self.candidates, energy, self._listener
        )
        return best.find(None).candidate

    def _better(self, single: Candidate, pool: Sequence[Member]) -> Candidate:
        """That, or a network of the pool that does better on the validation images.

        The single network was taken by the search's score, and members by these images: without
        a look at each of them alone an ensemble would seem better than its own best member.
        """
        best = max(pool, key=lambda one: one.accuracy, default=None)
        images = self._experiment.dataset_of(single.network).validation
        if best is None or best.accuracy <= accuracy(single.module, images):
            return single
        row = self._experiment.space.of_numbers(np.array(best.architecture))[0]
        return self.candidates.trained(row, best.id, f"network {best.id}")

    def _measured(self, source: Source, proposed: Proposed, single: Candidate) -> _Measured | None:
        """An ensemble, built and measured beside the single network; None over the budget."""
        own = self._own
        name = PREFIX + ensemble_id(proposed.ensemble)
        before: Reading | None = None
        if source.trains and not own.problem:
            own.check.screen({name: proposed.ensemble}, called="an untrained ensemble")
            before = own.check.untrained(name)
            if before.keeps(self._bound) is False:
                self._reject(proposed, before.ms, "untrained")
                return None
        module = proposed.module()
        made = self._file(module, name)
        if own.problem:
            return _Measured(proposed, module, made, None)
        found = own.check.trained(
            proposed.ensemble,
            made.shipped,
            before,
            {SINGLE: single.own.shipped},
            called="the ensemble",
        )
        if found.keeps is False:
            self._reject(proposed, found.winner.ms, "exported")
            return None
        return _Measured(proposed, module, made, found)

    def _file(self, module: EnsembleModule, name: str) -> DeviceFile:
        experiment, place = self._experiment, self._own
        dataset = experiment.dataset_at(module.ensemble.first.resolution)
        made = ensemble_file(place.device, module, dataset, experiment.config.export.input)
        if place.problem:
            return made
        images = dataset.test.images
        return replace(made, engine=place.on.engine(made.model, name, images, module.conventions))

    def _reject(self, proposed: Proposed, ms: float, stage: str) -> None:
        ids = _ids(proposed)
        self._rejected[ids] = ms
        self._listener.say(
            f"the ensemble of {', '.join(ids)} measures {ms:.4g} ms {stage}, over the budget of "
            f"{self._bound:.4g} ms; trying the next"
        )

    def _timed(self, measured: _Measured) -> Timed:
        predicted = predicted_ms(self._latency, measured.proposed.ensemble)
        found, place = measured.found, self._own
        if found is None:
            return Timed(place.bound, predicted, problem=place.problem)
        return Timed(place.bound, predicted, found.winner, found.before, found.doubt(self._bound))

    def _summary(
        self,
        source: Source,
        tried: list[Proposed],
        measured: _Measured,
        single: Candidate,
        start: float,
    ) -> EnsembleSummary:
        experiment, timed = self._experiment, self._timed(measured)
        ensemble, proposed = measured.proposed.ensemble, measured.proposed
        readings = {} if measured.found is None else measured.found.readings
        beside = readings[SINGLE].ms if SINGLE in readings else None
        paired = Paired.of(measured.made.numbers.right, single.own.numbers.right)
        one = _one_file(
            ensemble_id(ensemble),
            ensemble.blocks,
            measured.made,
            timed.predicted_ms,
            timed.measured_ms,
        )
        other = _one_file(
            network_id(single.network),
            single.network,
            single.own,
            self._own.predicted(single.network),
            beside,
        )
        known = (one.measured_ms or one.predicted_ms, other.measured_ms or other.predicted_ms)
        dataset = experiment.dataset_at(ensemble.first.resolution)
        folder = self._folder.export_folder(PREFIX + one.id)
        ms = (
            self._rejected
            if timed.measured_ms is None
            else {**self._rejected, _ids(proposed): timed.measured_ms}
        )
        return EnsembleSummary(
            source=source.name,
            budget_ms=self._bound,
            ensemble=one,
            single=other,
            members=proposed.members,
            shared_blocks=len(ensemble.trunk),
            pool=source.pool,
            tried=tuple(
                Tried(
                    members=_ids(each),
                    ways=each.ways,
                    accuracy=each.accuracy,
                    diversity=each.diversity,
                    predicted_ms=predicted_ms(self._latency, each.ensemble),
                    measured_ms=ms.get(_ids(each)),
                )
                for each in tried
            ),
            accuracy_difference=paired.difference,
            accuracy_difference_interval=paired.interval,
            verdict=ensemble_verdict(paired, *known),
            doubtful=timed.doubtful,
            onnx_max_abs_diff=measured.made.numbers.max_abs_diff,
            front_digest=self._result.digest,
            device=experiment.device.name,
            precision=experiment.device.precision,
            images=dataset.name,
            test_images=len(dataset.test),
            model=str(folder / MODEL),
            seconds=round(time.monotonic() - start, 1),
        )


def _ids(proposed: Proposed) -> tuple[str, ...]:
    return tuple(one.id for one in proposed.members)


def _one_file(
    name: str,
    blocks: Network,
    made: DeviceFile,
    predicted: float | None,
    measured: float | None,
) -> OneFile:
    accuracy = made.numbers.accuracy
    return OneFile(
        id=name,
        predicted_ms=predicted,
        measured_ms=measured,
        accuracy=accuracy,
        accuracy_interval=wilson(accuracy, made.numbers.images),
        macs=int(MACS.evaluate([blocks])[0]),
        parameters=int(PARAMETERS.evaluate([blocks])[0]),
    )
