"""LayerNAS with trained candidates, as published, in small; beside other searchers.

    OMP_NUM_THREADS=1 python -m benchmarks.layernas_trained --data cifar10/train --folder trained \
        --json

LayerNAS (arXiv 2304.11517) trains each candidate for five epochs, keeps the best of each bucket of
MACs, and trains the winner longer. Every searcher may have as many trainings, and is judged by its
winner within one budget: by what it was told of it, and by longer trainings that no searcher saw,
on test images. A network is trained once, whoever asks for it: trainings are in journals of the
folder, and a benchmark that was stopped goes on when it is run again.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau

from benchmarks.trained_networks import SEARCHERS, Bench, Plan
from hwnas.data import load_dataset
from hwnas.objectives.costs import MACS
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.front import hypervolume
from hwnas.search.run_search import Evaluations
from hwnas.spaces import load_space
from hwnas.spaces.space import keys

SPACE = Path(__file__).with_name("layernas_trained_space.yaml")


def main() -> None:
    """Trains what is missing, and prints a table; the last line is JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="CIFAR-10's train folder")
    parser.add_argument("--folder", type=Path, required=True, help="of the trainings")
    parser.add_argument("--images", type=int, default=3000, help="to train on")
    parser.add_argument("--validation", type=int, default=1500, help="images searchers see")
    parser.add_argument("--test", type=int, default=5000, help="images winners are judged by")
    for name, value in asdict(Plan()).items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), default=value)
    parser.add_argument("--quick", action="store_true", help="tries it on digits, a few seconds")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.quick:
        print(json.dumps(figures(quick(options.folder))))
        return
    if options.data is None:
        parser.error("name the images: --data cifar10/train")
    space = load_space(str(SPACE))
    images = load_dataset(str(options.data), resolution=space.resolution)
    dataset = replace(
        images,
        train=images.train.sample(options.images),
        validation=images.validation.sample(options.validation),
        test=images.test.sample(options.test),
    )
    plan = Plan(**{name: getattr(options, name) for name in asdict(Plan())})
    print(json.dumps(figures(Bench(space, dataset, options.folder, plan))))


def quick(folder: Path) -> Bench:
    """The same on a few digits of 8 px, to see that all of it runs."""
    space = load_space(str(SPACE), resolution=8)
    dataset = load_dataset("digits", resolution=8, limit=100)
    plan = Plan(evaluations=3, seeds=1, epochs=1, share=1.0, noise=2, final_epochs=1, final_seeds=1)
    return Bench(space, dataset, folder, plan)


def figures(bench: Bench) -> dict[str, Any]:
    """Makes all searches, trains the winners for longer, and prints what came of it."""
    noise = _noise(bench) if bench.plan.noise else {}
    searches: dict[str, list[Evaluations]] = {name: [] for name in SEARCHERS}
    for seed in range(bench.plan.seeds):
        for name, of in searches.items():
            of.append(bench.search(name, seed))
    found = {name: _of_searcher(bench, of) for name, of in searches.items()}
    if bench.plan.final_epochs:
        _add_finals(bench, searches, found)
    rows, scores = bench.all_candidates()
    within = scores[bench.problem.feasible(rows)]
    best = float(within.max())
    known = {"trainings": len(scores), "within_budget": len(within), "best": round(best, 2)}
    _show(known, found)
    return {"plan": asdict(bench.plan), "noise": noise, **known, "searchers": found}


def _noise(bench: Bench) -> dict[str, float]:
    """How far two trainings of a network are apart, and how far different networks are."""
    rows = sample_feasible(bench.problem, np.random.default_rng(0), bench.plan.noise)
    pairs = np.column_stack([bench.again(rows, seed) for seed in (0, 1)])
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    of_one = float(np.sqrt(np.mean(np.diff(pairs, axis=1) ** 2) / 2))
    between = float(np.sqrt(max(0.0, pairs.mean(axis=1).var(ddof=1) - of_one**2 / 2)))
    tau = float(kendalltau(*pairs.T).statistic)
    found = {"training": of_one, "networks": between, "tau": tau, "least": float(pairs.min())}
    print(f"{len(pairs)} networks trained twice: deviation of a training {of_one:.2f} points, of")
    print(f"networks {between:.2f}; Kendall tau of the two trainings {tau:.2f}", flush=True)
    return {name: round(value, 3) for name, value in found.items() if np.isfinite(value)}


def _of_searcher(bench: Bench, searches: Sequence[Evaluations]) -> dict[str, Any]:
    """What the searches of a searcher have found within the budget, by what they were told."""
    rows, known = bench.all_candidates()
    within = known[bench.problem.feasible(rows)]
    best, half, area = [], [], []
    for one in searches:
        scores = np.where(bench.problem.feasible(one.architectures), one.scores, -np.inf)
        best.append(float(scores.max()))
        half.append(float(scores[: bench.plan.evaluations // 2].max()))
        area.append(_area(bench, one))
    return {
        "trainings": [len(one.scores) for one in searches],
        "best": _mean_and_spread(best),
        "best_each": [round(value, 2) for value in best],
        "rank_each": [int((within > value).sum()) + 1 for value in best],
        "best_after_half": None if min(half) == -np.inf else _mean_and_spread(half),
        "front": _mean_and_spread(area, 3),
        "final": None,
    }


def _area(bench: Bench, search: Evaluations) -> float:
    """The hypervolume of a search's front over that of all networks that were trained."""
    rows, scores = bench.all_candidates()
    whole = bench.problem.front(rows, scores)
    bound = bench.problem.bound(MACS.name)
    assert bound is not None
    corners = {
        "ideal": (bench.problem.cost.range[0], float(whole.scores[-1])),
        "reference": (bound, float(scores.min())),
    }
    return hypervolume(search.front, **corners) / hypervolume(whole, **corners)


def _add_finals(
    bench: Bench, searches: Mapping[str, Sequence[Evaluations]], found: dict[str, dict[str, Any]]
) -> None:
    """What winners reach that are trained for longer: of each the mean of its trainings."""
    winners = {name: np.array([one.best for one in of]) for name, of in searches.items()}
    rows = np.unique(np.concatenate(list(winners.values())), axis=0)
    final = bench.final(rows)
    mean = dict(zip(keys(rows), np.nanmean(final, axis=1).tolist(), strict=True))
    for name, of in winners.items():
        values = [mean[key] for key in keys(of)]
        found[name]["final"] = _mean_and_spread(values)
        found[name]["final_each"] = [round(value, 2) for value in values]
        found[name]["macs"] = bench.problem.costs(of).tolist()
        found[name]["winners"] = of.tolist()


def _mean_and_spread(values: Sequence[float], digits: int = 2) -> list[float]:
    """The mean, and the standard deviation; 0 of one value."""
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return [round(float(np.mean(values)), digits), round(spread, digits)]


def _show(known: Mapping[str, float], found: Mapping[str, Mapping[str, Any]]) -> None:
    print(f"{known['trainings']} networks trained, {known['within_budget']} of them within the")
    print(f"budget, the best of which has {known['best']} %; mean ± deviation of the seeds:")
    for name, values in found.items():
        cells = [f"{max(values['trainings'])} trainings"]
        shown = ("best_after_half", "best", "front", "final")
        cells += [f"{key} {values[key][0]:g} ± {values[key][1]:g}" for key in shown if values[key]]
        cells.append(f"ranks {values['rank_each']}")
        print(f"{name:24}" + ", ".join(cells))


if __name__ == "__main__":
    main()
