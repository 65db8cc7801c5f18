"""Scores of networks for a ranking: from its journal, or made and recorded."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.estimators.csv_file import KnownAccuracies
from hwnas.estimators.predictor import PredictorEstimator, costs_of
from hwnas.estimators.scores import Scores
from hwnas.estimators.space_features import space_features
from hwnas.objectives.statistics.regression import out_of_fold
from hwnas.runs.estimating import estimator_inputs, make_scores
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking_journal import RankingJournal
from hwnas.runs.recorded_scores import RecordedScores
from hwnas.runs.scores import bindings_digest

PREDICTOR = "predictor"

RankingProgress = Callable[[str, int, int], None]
"""Called with the estimator's name, the networks scored, and how many there are."""


@dataclass
class Scorer:
    """Scores of one estimator, from the journal or made and recorded."""

    experiment: Experiment
    folder: RunFolder
    known: KnownAccuracies
    journal: RankingJournal
    name: str
    progress: RankingProgress | None
    _spent: float = 0.0
    _judged: int = 0

    @property
    def seconds(self) -> float:
        """A network, on average."""
        return self._spent / self._judged

    def scores(self, sample: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        """(N,) of a sample."""
        rows = self.known.architectures[sample]
        if self.name == PREDICTOR:
            found = self._predicted(sample, seed)
        else:
            made = make_scores(self.experiment, self.folder, self.name, seed)
            found = self._one_by_one(rows, made)
        self._spent += sum(seconds for _, seconds in found)
        self._judged += len(found)
        return np.array([score for score, _ in found], dtype=np.float64)

    def _one_by_one(self, rows: NDArray[np.int64], made: Scores) -> list[tuple[float, float]]:
        recorded, found = RecordedScores(self.name, made, self.journal), []
        for row in rows:
            found.append(recorded.of(row))
            self._tell(len(found), len(rows))
        return found

    def _predicted(self, sample: NDArray[np.int64], seed: int) -> list[tuple[float, float]]:
        """Each network by a regression that was fitted to others of the sample."""
        space, known = self.experiment.space, self.known
        inputs = estimator_inputs(self.experiment, self.folder, PREDICTOR)
        rows = known.architectures[sample]
        belongs_to = {
            **PredictorEstimator().identity(inputs),
            **known.identity,
            "sample": sample.tolist(),
            "seed": seed,
        }
        identity = bindings_digest(belongs_to)
        stored = self.journal.scores(self.name, identity)
        texts = [str(row) for row in rows.tolist()]
        if not all(text in stored for text in texts):
            start = time.perf_counter()
            features = space_features(space, costs_of(inputs))
            accuracies = known.accuracies[sample]
            found = out_of_fold(space.choice_counts, rows, accuracies, features, seed)
            seconds = (time.perf_counter() - start) / len(rows)
            scored = [(t, s, seconds) for t, s in zip(texts, found.tolist(), strict=True)]
            self.journal.record_scores(self.name, identity, scored)
            stored = {text: (score, each) for text, score, each in scored}
        self._tell(len(rows), len(rows))
        return [stored[text] for text in texts]

    def _tell(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(self.name, done, total)
