"""The ranking stage of a run: estimators against networks of known accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import AccuracyError, ConfigError, HwnasError, RunError
from hwnas.estimators import ESTIMATORS
from hwnas.estimators.csv_file import KnownAccuracies
from hwnas.objectives.statistics.ranking import (
    LEAST_NETWORKS,
    RankingReport,
    noise_ceiling,
    ranking_report,
)
from hwnas.objectives.statistics.regression import LEAST_OUT_OF_FOLD
from hwnas.runs.estimating import check_needs, estimator_of
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking_journal import RankingJournal
from hwnas.runs.ranking_scores import PREDICTOR, RankingProgress, Scorer

MACS = "macs"
_TABLE = "table"


@dataclass(frozen=True)
class Ranked:
    """How well one estimator ranks.

    Attributes:
        name: a key of `ESTIMATORS`.
        label: what a score is.
        unit: of a score.
        report: over the seeds.
        seconds: that judging a network took on average, when it was judged.
        scores: (N,) of the first seed's networks.
    """

    name: str
    label: str
    unit: str
    report: RankingReport
    seconds: float
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """Estimators side by side, from the greatest tau down, and what bounds them.

    Attributes:
        space: its name.
        known: the networks of known accuracy.
        samples: of each seed, which of them were ranked: (N,) indices.
        ranked: the estimators but for MACs.
        macs: MACs alone, which every other has to beat.
        ceiling: one training as the estimate of another one; None where that is unknown.
        left_out: the estimators that cannot be had, and why.
    """

    space: str
    known: KnownAccuracies
    samples: Sequence[NDArray[np.int64]]
    ranked: Sequence[Ranked]
    macs: Ranked
    ceiling: RankingReport | None
    left_out: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """For ranking.json: figures over seeds as mean, spread and each one."""
        return {
            "space": self.space,
            "truth": str(self.known.path),
            "known_networks": len(self.known.accuracies),
            "trainings_a_network": int(self.known.trainings.shape[1]),
            "networks": [len(sample) for sample in self.samples],
            "estimators": {
                one.name: {
                    "label": one.label,
                    "unit": one.unit,
                    "seconds_a_network": one.seconds,
                    **one.report.to_dict(),
                }
                for one in (*self.ranked, self.macs)
            },
            "noise_ceiling": self.ceiling and self.ceiling.to_dict(),
            "left_out": dict(self.left_out),
        }


def rank(
    experiment: Experiment,
    folder: RunFolder,
    known: KnownAccuracies,
    *,
    names: Sequence[str] = (),
    networks: int,
    seeds: int,
    progress: RankingProgress | None = None,
) -> Ranking:
    """Ranks networks of known accuracy by estimators; each score is kept before the next is made.

    Args:
        experiment: of the run.
        folder: the run, open.
        known: accuracies of distinct networks, the truth.
        names: of estimators; none for all that can be had.
        networks: at most as many are drawn for a seed.
        seeds: from 0 on; each draws other networks, where there are more, and gives scores that
            have a seed another one.
        progress: called after each network.

    Raises:
        AccuracyError: too few networks.
        ConfigError: an unknown estimator, or one that the config does not allow for.
        DataError: images that cannot be used.
        RunError: an estimator was not trained, gives no number, or the journal cannot be used.
    """
    check_known(known)
    check_estimators(experiment, folder, names)
    samples = [_sample(len(known.accuracies), networks, seed) for seed in range(seeds)]
    left_out = {} if names else _left_out(experiment, folder, len(samples[0]))
    chosen = [name for name in names or rankable() if name not in (*left_out, MACS)]
    truths = [known.accuracies[sample] for sample in samples]
    with RankingJournal(folder.ranking_file) as journal:
        ranked = {}
        for name in (*chosen, MACS):
            scorer = Scorer(experiment, folder, known, journal, name, progress)
            try:
                found = [scorer.scores(sample, seed) for seed, sample in enumerate(samples)]
            except RunError as error:
                if name in names or name == MACS:
                    raise
                left_out[name] = str(error)  # a training that has not ended, say
                continue
            estimator = estimator_of(experiment.config, name)
            ranked[name] = Ranked(
                name,
                estimator.label.replace("{file}", known.path.name),
                estimator.unit,
                ranking_report(found, truths),
                scorer.seconds,
                found[0],
            )
    macs = ranked.pop(MACS)
    return Ranking(
        experiment.space.name,
        known,
        samples,
        sorted(ranked.values(), key=lambda one: -(one.report.tau.mean if one.report.tau else 0.0)),
        macs,
        noise_ceiling([known.trainings[sample] for sample in samples]),
        left_out,
    )


def rankable() -> list[str]:
    """The estimators that can be ranked: a table is the truth itself."""
    return [name for name in ESTIMATORS.names() if name != _TABLE]


def check_known(known: KnownAccuracies) -> None:
    """Refuses a file of fewer networks than a ranking needs.

    Raises:
        AccuracyError: names the file and how many it has.
    """
    if len(known.accuracies) < LEAST_NETWORKS:
        raise AccuracyError(
            f"{known.path} has {len(known.accuracies)} distinct networks; a ranking needs "
            f"{LEAST_NETWORKS} or more"
        )


def check_estimators(experiment: Experiment, folder: RunFolder, names: Sequence[str]) -> None:
    """Refuses what is not an estimator, or lacks what it needs; reads nothing.

    Raises:
        ConfigError: the name is unknown, or the truth's own, or the config names no images.
        RunError: something has to be trained before.
    """
    for name in names:
        ESTIMATORS.check(name)
        if name == _TABLE:
            raise ConfigError(
                f"'{name}' is the truth that others are compared with; name one of "
                f"{', '.join(rankable())}"
            )
        estimator_of(experiment.config, name).check_space(experiment.space)
        if name != PREDICTOR:  # it learns from the truth, whatever CSV the config names
            check_needs(experiment, folder, name)


def _sample(known: int, networks: int, seed: int) -> NDArray[np.int64]:
    drawn = np.random.default_rng(seed).permutation(known)[:networks]
    return np.sort(drawn).astype(np.int64)


def _left_out(experiment: Experiment, folder: RunFolder, networks: int) -> dict[str, str]:
    """The estimators that lack what they need, and what that is."""
    reasons = {}
    for name in rankable():
        try:
            check_estimators(experiment, folder, [name])
        except HwnasError as error:
            reasons[name] = str(error)
        if estimator_of(experiment.config, name).trains_candidates:
            reasons[name] = f"it trains every network; name it to have that: --estimator {name}"
    if networks < LEAST_OUT_OF_FOLD:
        reasons[PREDICTOR] = f"it needs {LEAST_OUT_OF_FOLD} networks"
    return reasons


def ranking_files(folder: RunFolder) -> tuple[Path, Path]:
    """Where the figures (JSON) and the picture (SVG) of a ranking go."""
    return folder.path / "ranking.json", folder.path / "ranking.svg"
