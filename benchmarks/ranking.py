r"""How well does each estimator rank NAS-Bench-Macro? Against its published accuracies.

    python -m benchmarks.ranking --data data/cifar10/train \
        --table ../shared/data/nas-bench-macro_cifar10.json [--work FOLDER] [--jobs 2]

For each seed, supernets and what else is to be trained are trained on CIFAR-10 in 16×16 pixels, and
500 networks are drawn and ranked by every estimator: Kendall's tau over all of them and over the
truly best 10 %, the share of the estimated best 10 % that is in the true 10 %, and the regret of
the estimated best ten. `--work` keeps weights and scores: a stopped run goes on.
"""

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.blockwise import rated_stages
from benchmarks.bn_indicator import trained_norms
from benchmarks.macro_images import MacroImages
from hwnas.estimators.jacob_cov import JacobianCovariance
from hwnas.estimators.space_features import SpaceCosts, space_features
from hwnas.estimators.synflow import SynFlow
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.objectives.objective import Objective
from hwnas.objectives.statistics.ranking import RankingReport, noise_ceiling, ranking_report
from hwnas.objectives.statistics.regression import out_of_fold

# Of the 20 epochs that a single-path supernet gets: batch norms alone, and the teacher's.
NORM_EPOCHS, TEACHER_EPOCHS = 4, 8
RATED_IMAGES = 512

Scores = NDArray[np.float64]
Estimate = Callable[[MacroImages, int], Scores]


def _objective(make: Callable[[MacroImages, int], Objective]) -> Estimate:
    def scores(setting: MacroImages, seed: int) -> Scores:
        return make(setting, seed).evaluate(setting.space.networks(setting.rows(seed)))

    return scores


def _predicted(setting: MacroImages, seed: int) -> Scores:
    """By a predictor fitted to one training each of the other four fifths of the networks."""
    places, macro = setting.drawn(seed), setting.macro
    counts, rows = macro.space.choice_counts, macro.rows[places]
    features = space_features(macro.space, SpaceCosts(macro.space))
    return out_of_fold(counts, rows, macro.observed(seed)[places], features, seed)


def _blockwise(setting: MacroImages, seed: int) -> Scores:
    rating, _, _ = rated_stages(setting, seed, TEACHER_EPOCHS, RATED_IMAGES)
    return rating.evaluate_architectures(setting.rows(seed))


ESTIMATES: dict[str, Estimate] = {
    "supernet, sandwich": lambda setting, seed: setting.judged("sandwich", seed),
    "supernet, single path": lambda setting, seed: setting.judged("single_path", seed),
    "bn": lambda setting, seed: np.array(trained_norms(setting, seed, NORM_EPOCHS)["scores"][-1]),
    "blockwise": _blockwise,
    "predictor": _predicted,
    "synflow": _objective(lambda _, seed: SynFlow(seed)),
    "jacob_cov": _objective(lambda setting, seed: JacobianCovariance(setting.dataset.train, seed)),
    "params": _objective(lambda *_: PARAMETERS),
    "MACs": _objective(lambda *_: MACS),
}
"""What is compared; each gives the scores of the networks of a seed."""


def estimated(setting: MacroImages, job: tuple[str, int]) -> Scores:
    """The scores of one estimator and seed, in a process of its own."""
    torch.set_num_threads(1)
    name, seed = job
    return setting.kept(name.replace(", ", "-"), seed, lambda: ESTIMATES[name](setting, seed))


def shown(name: str, report: RankingReport) -> dict[str, Any]:
    """Prints a line, and gives the figures of it."""
    assert report.tau is not None
    assert report.tau_in_top is not None
    seeds = " ".join(f"{tau:.3f}" for tau in report.tau.seeds if tau is not None)
    figures = {
        "tau": report.tau.mean,
        "tau_of_seeds": list(report.tau.seeds),
        "tau_top": report.tau_in_top.mean,
        "precision": report.precision["10 %"].mean,
        "regret": report.regret["10"].mean,
        "worst_half": None if report.worst_half is None else report.worst_half.mean,
    }
    print(
        f"{name:24} {report.tau.mean:6.3f}  ({seeds})  top 10 %: {report.tau_in_top.mean:6.3f}  "
        f"precision {100 * report.precision['10 %'].mean:3.0f} %  "
        f"regret {report.regret['10'].mean:.2f}"
    )
    return figures


def main() -> None:
    """Prints a line for each estimator, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    MacroImages.add_options(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--estimators", nargs="+", choices=ESTIMATES, default=list(ESTIMATES))
    options = vars(parser.parse_args())
    seeds, jobs, names = (options.pop(key) for key in ("seeds", "jobs", "estimators"))
    setting = MacroImages(**options)
    work = [(name, seed) for name in names for seed in range(seeds)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        scores = dict(zip(work, pool.map(partial(estimated, setting), work), strict=True))
    truths = [setting.macro.mean[setting.drawn(seed)] for seed in range(seeds)]
    result = {
        name: shown(name, ranking_report([scores[name, seed] for seed in range(seeds)], truths))
        for name in names
    }
    runs = [setting.macro.runs[setting.drawn(seed)] for seed in range(seeds)]
    ceiling = noise_ceiling(runs)
    assert ceiling is not None
    result["noise ceiling"] = shown("noise ceiling", ceiling)
    print(json.dumps({"networks": setting.networks, "seeds": seeds, "estimators": result}))


if __name__ == "__main__":
    main()
