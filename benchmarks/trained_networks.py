"""Networks that are trained each alone for `benchmarks.layernas_trained`, and kept in journals."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.data import ImageDataset
from hwnas.estimators.loading import load_estimator
from hwnas.estimators.scores import Scores
from hwnas.objectives.costs import MACS
from hwnas.search.given import GivenNetworks
from hwnas.search.journal import Journal
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.run_search import Evaluations, run_search, run_searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, SearchSpace
from hwnas.spaces.space import keys

# One sweep, the costliest choices in open layers, one model a bucket, as in the recursion of the
# paper; its authors' code was not read.
PUBLISHED = {"buckets": 30, "keep": 1, "defaults": "costliest", "sweeps": 1}
SEARCHERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "layernas, as published": ("layernas", PUBLISHED),
    "layernas": ("layernas", {}),
    "nsga2": ("nsga2", {}),
    "surrogate": ("surrogate", {}),
    "random": ("random", {}),
}
"""Each as the table calls it: its name, and settings that are not its defaults."""
TRAINING: Mapping[str, Any] = {
    "batch_size": 64,
    "learning_rate": 0.15,
    "weight_decay": 1e-4,
    "warmup_epochs": 0.5,
    "label_smoothing": 0.0,
    "crop_padding": 1,
    "clip": 5.0,
}

_FIRST_FINAL_SEED = 100  # no searcher has seen a training of these
_TOLD_EVERY = 25

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What is trained and how much.

    Attributes:
        evaluations: networks that each search may have trained.
        seeds: searches of each searcher.
        epochs: of a candidate.
        share: of the costliest network's MACs, that a winner may have.
        noise: networks that are trained a second time, with another seed.
        final_epochs: of a winner; 0 leaves winners as they are.
        final_seeds: trainings of each winner.
    """

    evaluations: int = 180
    seeds: int = 3
    epochs: int = 5
    share: float = 0.6
    noise: int = 20
    final_epochs: int = 20
    final_seeds: int = 2


@dataclass(frozen=True)
class Bench:
    """The networks of a space, their images, and the folder of their trainings.

    Attributes:
        space: that is searched.
        dataset: searchers are told accuracies on validation images, winners are judged on test
            images.
        folder: for the journals.
        plan: what is trained.
    """

    space: SearchSpace
    dataset: ImageDataset
    folder: Path
    plan: Plan

    @cached_property
    def problem(self) -> SearchProblem:
        """Accuracy against MACs within the budget."""
        macs = Trellis.of(self.space, MACS)
        return SearchProblem(self.space, macs, (Limit(macs, self.plan.share * macs.range[1]),))

    @property
    def candidates(self) -> Path:
        """The journal of what searchers ask for."""
        return self.folder / "candidates.sqlite"

    def search(self, name: str, seed: int) -> Evaluations:
        """A search of a searcher of the table; what is in the journal is not trained again."""
        searcher, settings = SEARCHERS[name]
        return run_search(
            self.problem,
            self._trained(self.plan.epochs, 0),
            searcher=searcher,
            settings=settings,
            evaluations=self.plan.evaluations,
            seed=seed,
            journal=self.candidates,
            progress=partial(_tell, f"{name}, seed {seed}", time.perf_counter()),
        )

    def again(self, rows: Architectures, seed: int) -> Values:
        """(N,) validation accuracies of networks (N, L), trained as candidates with a seed."""
        path = self.candidates if not seed else self.folder / f"candidates_{seed}.sqlite"
        return self._given(rows, self._trained(self.plan.epochs, seed), path)

    def final(self, rows: Architectures) -> Values:
        """(N, seeds) test accuracies of networks (N, L), trained for longer."""
        judged = replace(self, dataset=replace(self.dataset, validation=self.dataset.test))
        found = []
        for seed in range(_FIRST_FINAL_SEED, _FIRST_FINAL_SEED + self.plan.final_seeds):
            scores = judged._trained(self.plan.final_epochs, seed)
            found.append(self._given(rows, scores, self.folder / f"winners_{seed}.sqlite"))
        return np.column_stack(found)

    def all_candidates(self) -> tuple[Architectures, Values]:
        """(N, L) every network that any searcher has asked for, and their (N,) accuracies."""
        with Journal(self.candidates, reading=True) as journal:
            return journal.evaluations_in(self.space)

    def _trained(self, epochs: int, seed: int) -> Scores:
        training = {**TRAINING, "epochs": epochs}
        return load_estimator(
            "trained", self.space, data=self.dataset, training=training, seed=seed
        )

    def _given(self, rows: Architectures, scores: Scores, path: Path) -> Values:
        """Scores of networks that are in a journal, or are trained now; NaN of failed ones."""
        with Journal(path, otherwise="name another folder with --folder") as journal:
            journal.bind_scores(scores.identity)
            asked = GivenNetworks(self.problem, rows)
            told = partial(_tell, path.stem, time.perf_counter())
            assert scores.staged is not None
            label = digest(rows.tobytes())
            found = run_searcher(asked, scores.staged, journal, told, label)
        known = dict(zip(keys(found.architectures), found.scores.tolist(), strict=True))
        return np.array([known.get(key, np.nan) for key in keys(rows)])


def _tell(what: str, start: float, done: int, total: int) -> None:
    if done % _TOLD_EVERY == 0 or done == total:
        seconds = time.perf_counter() - start
        print(f"{what}: {done} of {total} networks, {seconds:.0f} s", flush=True)
