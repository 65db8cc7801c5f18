"""The ensemble stage of a run, as `hwnas ensemble` does it."""

import time
from typing import TYPE_CHECKING

from hwnas.core.errors import ConfigError
from hwnas.core.spelling import nearest
from hwnas.runs.defaults import ENSEMBLE_MEMBERS, FRONT, PATHS, PATIENCE, SOURCES
from hwnas.runs.opened import OpenedRun

if TYPE_CHECKING:
    from hwnas.runs.ensembles.form import EnsembleSummary


class EnsemblingRun(OpenedRun):
    """A run that makes ensembles of its networks."""

    def ensemble(
        self,
        *,
        members: int = ENSEMBLE_MEMBERS,
        budget: str | None = None,
        source: str = FRONT,
        candidates: int | None = None,
        patience: float = PATIENCE,
        workers: int | None = None,
        ray: str | None = None,
    ) -> "EnsembleSummary":
        """Exports an ensemble as one ONNX file, and measures it beside the best single network.

        The file's output is the logarithm of the members' averaged probabilities.

        Args:
            members: at most so many networks, from 2 to 16.
            budget: what the whole ensemble may take, "latency=2 ms" or "2 ms"; None for the run's
                own latency budget.
            source: "front": networks of the front, each trained as an export of it is; or
                "supernet": paths of the run's supernet that share their first blocks, which run
                once, trained further together.
            candidates: so many networks are trained to choose from (None for twice the members),
                or so many paths are judged with the supernet's weights (None for 60).
            patience: for how many seconds a machine that is too busy to measure on is waited for.
            workers: train so many networks side by side, see `Run.export`.
            ray: the address of the Ray cluster that they are on.

        Raises:
            BudgetError: the budget cannot be read, or no two networks keep it together when they
                are predicted, or no ensemble when it is measured.
            ConfigError: an argument is wrong, or neither the run nor the call has a budget.
            DeviceError: the device failed; what was trained is kept.
            RunError: the run was not searched to its end.
            TrainingError: a network cannot be trained.
        """
        from hwnas.runs.ensembles.budget import latency_budget, within_latency
        from hwnas.runs.ensembles.of_front import FrontSource
        from hwnas.runs.ensembles.of_supernet import SupernetSource
        from hwnas.runs.ensembles.source import Source
        from hwnas.runs.ensembles.stage import EnsembleStage
        from hwnas.runs.keeping import keep_inputs
        from hwnas.runs.latency_check import Patience
        from hwnas.runs.training import load_supernet, start_of_winners
        from hwnas.runs.workers import computing_with, training_workers

        start = time.monotonic()
        allowed, most = latency_budget(budget), _checked(members, source, candidates)
        trainers = training_workers(self.experiment.config, workers, ray, self.listener)
        with self.held():
            experiment, folder = self.experiment, self.folder
            if source != FRONT:
                folder.check_trained()
            latency, _ = self.pose()
            result = within_latency(experiment, latency, self.result(), allowed, self.listener)
            self.read_images()
            keep_inputs(folder, experiment)
            stage = EnsembleStage(
                experiment,
                folder,
                latency,
                start_of_winners(experiment, folder),
                result,
                self.listener,
                patience=Patience(patience),
                workers=trainers,
            )
            chosen: Source
            if source == FRONT:
                chosen = FrontSource(
                    experiment, latency, result, stage.candidates, members=members, most=most
                )
            else:
                trained = load_supernet(experiment, folder)
                chosen = SupernetSource(
                    experiment,
                    folder,
                    latency,
                    trained,
                    result,
                    self.listener,
                    members=members,
                    most=most,
                )
            with computing_with(experiment.config.export.threads):
                return stage.run(chosen, start)


def _checked(members: int, source: str, candidates: int | None) -> int:
    """How many networks are trained to choose from.

    Raises:
        ConfigError: an argument is wrong.
    """
    from hwnas.runs.ensembles.source import MOST_MEMBERS

    if (
        isinstance(members, bool)
        or not isinstance(members, int)
        or not (2 <= members <= MOST_MEMBERS)
    ):
        raise ConfigError(f"members must be from 2 to {MOST_MEMBERS}, and is {members!r}")
    if source not in SOURCES:
        raise ConfigError(
            f"the members of an ensemble are from {' or '.join(SOURCES)}, and not from "
            f"'{source}'{nearest(str(source), SOURCES)}"
        )
    if candidates is None:
        return 2 * members if source == FRONT else PATHS
    if isinstance(candidates, bool) or not isinstance(candidates, int) or candidates < 2:
        raise ConfigError(f"candidates must be at least 2, and is {candidates!r}")
    return candidates
