"""CandidateFigures: how many networks a search has trained, and how many epochs that took."""

from dataclasses import asdict, dataclass
from typing import Any

from hwnas.runs.config import RunConfig
from hwnas.search.journal import Journal


@dataclass(frozen=True)
class CandidateFigures:
    """What became of the candidates of a run whose estimator trains them.

    Attributes:
        trained: to the end; these alone have a score that was measured.
        stopped: early; they were told to the searcher by a predicted accuracy.
        failed: they have no score.
        epochs: that were trained in all, without those of candidates that failed.
        saved: the epochs that stopped trainings still had before them.
    """

    trained: int
    stopped: int
    failed: int
    epochs: int
    saved: int

    def to_dict(self) -> dict[str, Any]:
        """For documents."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """As in "30 candidates trained, 12 stopped early (predicted): 172 epochs, 38 saved"."""
        parts = [f"{self.trained:,} candidates trained"]
        parts += [f"{self.stopped:,} stopped early (predicted)"] if self.stopped else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        saved = f", {self.saved:,} saved" if self.saved else ""
        return f"{', '.join(parts)}: {self.epochs:,} epochs{saved}"


def candidate_plan(config: RunConfig) -> str | None:
    """What a search is going to train, before it begins; None where it trains no candidates."""
    epochs, stop = config.accuracy.epochs, config.accuracy.stop
    if epochs is None:
        return None
    networks = config.search.evaluations * len(config.search.searchers)
    early = "" if stop is None else f", but for those that rule: {stop.rule} stops early"
    return f"up to {networks:,} networks are trained, each for {epochs:,} epochs{early}"


def candidate_figures(journal: Journal) -> CandidateFigures | None:
    """What a journal holds of candidates; None where none were trained.

    Raises:
        RunError: it is damaged.
    """
    finished = journal.outcomes.finished_curves
    stopped = journal.outcomes.stopped_curves
    if not finished and not stopped:
        return None
    whole = max(map(len, (*finished.values(), *stopped.values())))
    unfinished = journal.outcomes.unfinished.values()
    return CandidateFigures(
        len(finished),
        len(stopped),
        sum(one.score is None for one in unfinished),
        sum(map(len, finished.values())) + sum(map(len, stopped.values())),
        sum(whole - len(curve) for curve in stopped.values()),
    )
