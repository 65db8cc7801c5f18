"""Trainings that are stopped early: how well their ends are predicted, and what a search saves.

    python -m benchmarks.early_stopping --make-curves --data cifar10/train
    python -m benchmarks.early_stopping --json

The curves are those of networks of `nas_bench_macro` at 16 px, trained on CIFAR-10 images here. The
first command makes them, in one thread, and goes on where it was stopped; a second process beside
it, with --backwards, begins at the end. The second command predicts the ends of some from others,
and replays random searches over all of them, with either rule and with none.
"""

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau
from typing_extensions import override

from hwnas.core.errors import HwnasError
from hwnas.core.files import write_atomically
from hwnas.core.lock import locked
from hwnas.data import load_dataset
from hwnas.estimators.candidates.curve_prediction import CurvePredictor, NetworkFeatures
from hwnas.estimators.candidates.rules import make_rule
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.estimators.loading import load_estimator
from hwnas.objectives.costs import MACS
from hwnas.runs.ranking_truth import sample_networks
from hwnas.search.outcome import Candidate, Finished, Outcome, Stopping
from hwnas.search.problem import SearchProblem
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.spaces.space import keys

CURVES = Path(__file__).with_name("early_stopping_curves.json")
RESOLUTION = 16
LEARNT = 50
RULES: dict[str, dict[str, Any] | None] = {
    "none": None,
    "halving": {"rule": "halving"},
    "curve": {"rule": "curve", "against": "all"},
    "curve of fronts": {"rule": "curve"},
}
BUDGETS = (0.25, 0.5, 0.75, 1.0)
"""Quantiles of the networks' MACs, within which a search looks for the best."""


def main() -> None:
    """Makes curves, or prints what they show; the last line is JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--file", type=Path, default=CURVES, help="of the curves")
    parser.add_argument("--make-curves", action="store_true", help="trains what is missing")
    parser.add_argument("--data", type=Path, help="CIFAR-10's train folder, <class>/*")
    parser.add_argument("--networks", type=int, default=60)
    parser.add_argument("--backwards", action="store_true", help="a second process, from the end")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--images", type=int, default=6000, help="to train on")
    parser.add_argument("--validation", type=int, default=5000, help="images to judge by")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    if options.make_curves:
        make_curves(options)
        return
    known = Curves.load(options.file)
    networks, epochs = known.curves.shape
    print(f"{networks} networks, {epochs} epochs each")
    found: dict[str, Any] = {"networks": networks, "epochs": epochs, "seeds": options.seeds}
    found |= _predicted(known, options.seeds)
    found["searches"] = {rule: _searched(known, rule, options.seeds) for rule in RULES}
    print(json.dumps(found))


def make_curves(options: argparse.Namespace) -> None:
    """Trains networks one after another; each is in the file before the next begins."""
    if options.data is None:
        raise SystemExit("name the images: --data cifar10/train")
    torch.set_num_threads(1)
    space = _space()
    images = load_dataset(str(options.data), resolution=RESOLUTION)
    dataset = replace(
        images,
        train=images.train.sample(options.images),
        validation=images.validation.sample(options.validation),
    )
    training = _training(options.epochs)
    made_with = {
        "space": space.name,
        "resolution": RESOLUTION,
        "train_images": len(dataset.train),
        "validation_images": len(dataset.validation),
        "images": dataset.fingerprint,
        "training": training,
    }
    scores = load_estimator("trained", space, data=dataset, training=training)
    assert scores.staged is not None
    rows = sample_networks(space, options.networks)
    for row in rows[::-1] if options.backwards else rows:
        if row.tolist() in [one["architecture"] for one in _kept(options.file, made_with)]:
            continue
        start = time.perf_counter()
        outcome = scores.staged(Candidate(row, 0.0))
        curve = [round(value, 3) for value in outcome.curve]
        count = _keep(options.file, made_with, {"architecture": row.tolist(), "curve": curve})
        seconds = time.perf_counter() - start
        print(f"{count} of {len(rows)} networks: {curve[-1]} %, {seconds:.0f} s", flush=True)


def _kept(path: Path, made_with: dict[str, Any]) -> list[dict[str, Any]]:
    """The networks of a file, which is one a line."""
    if not path.is_file():
        return []
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["made_with"] != made_with:
        raise SystemExit(f"{path} was made otherwise; move it away")
    networks: list[dict[str, Any]] = content["networks"]
    return networks


def _keep(path: Path, made_with: dict[str, Any], network: dict[str, Any]) -> int:
    """Adds a network, beside another process that may do the same; how many there are then."""
    with locked(path.with_name(f".{path.name}.lock"), error=HwnasError, busy="", wait=True):
        known = _kept(path, made_with)
        known += [network] if network not in known else []
        lines = ",\n".join(map(json.dumps, known))
        head = json.dumps(made_with)
        write_atomically(path, f'{{"made_with": {head},\n"networks": [\n{lines}\n]}}\n')
    return len(known)


@dataclass(frozen=True)
class Curves:
    """(N, L) networks and their (N, E) accuracies on validation images after each epoch, in %."""

    space: SearchSpace
    rows: Architectures
    curves: NDArray[np.float64]

    @classmethod
    def load(cls, path: Path) -> "Curves":
        """From the file that `make_curves` writes."""
        networks = json.loads(path.read_text(encoding="utf-8"))["networks"]
        rows = np.array([one["architecture"] for one in networks], dtype=np.int64)
        return cls(_space(), rows, np.array([one["curve"] for one in networks]))

    @cached_property
    def features(self) -> NetworkFeatures:
        """What is known of the networks without a training."""
        return NetworkFeatures(self.space)

    @cached_property
    def problem(self) -> SearchProblem:
        """Accuracy against MACs."""
        return SearchProblem(self.space, Trellis.of(self.space, MACS))

    @cached_property
    def index(self) -> dict[tuple[int, ...], int]:
        """Where each network stands."""
        return {key: place for place, key in enumerate(keys(self.rows))}


def _predicted(known: Curves, seeds: int) -> dict[str, Any]:
    """Last accuracies predicted from a quarter of the epochs, by curves of 50 other networks."""
    quarter = math.ceil(known.curves.shape[1] / 4)
    finals = known.curves[:, -1]
    figures: dict[str, list[float]] = {}
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(finals))
        learnt, rest = np.split(order, [min(LEARNT, len(order) - 10)])
        predictor = CurvePredictor(
            known.features, known.rows[learnt], known.curves[learnt], quarter
        )
        begun = [known.curves[one, :quarter].tolist() for one in rest]
        guesses = [
            predictor.predict(row, curve)
            for row, curve in zip(known.rows[rest], begun, strict=True)
        ]
        guessed = np.array([one.accuracy for one in guesses if one is not None])
        deviation = guesses[0].deviation if guesses[0] is not None else math.nan
        errors = guessed - finals[rest]
        for name, value in (
            ("tau", kendalltau(guessed, finals[rest]).statistic),
            ("r2", 1 - np.mean(errors**2) / finals[rest].var()),
            ("tau_of_accuracy_so_far", kendalltau([c[-1] for c in begun], finals[rest]).statistic),
            ("within_two_deviations", np.mean(np.abs(errors) <= 2 * deviation)),
        ):
            figures.setdefault(name, []).append(float(value))
    means = {name: round(float(np.mean(values)), 3) for name, values in figures.items()}
    print(f"last accuracies from {quarter} epochs, by {LEARNT} curves, mean of {seeds} seeds:")
    print("    " + ", ".join(f"{name} {value}" for name, value in means.items()))
    return {"from_epochs": quarter, "learnt": LEARNT, **means}


@dataclass(frozen=True)
class Replayed:
    """Trainings that are known, epoch by epoch, with a rule that may stop them."""

    known: Curves
    stop: StopSettings | None
    spent: list[int] = field(default_factory=list)

    @property
    def every(self) -> int:
        """See `StagedScore`."""
        return len(self.known.rows) if self.stop is None else self.stop.every

    def stopping(
        self, finished: Sequence[Finished], stopped: Sequence[Sequence[float]]
    ) -> Stopping | None:
        """The rule of hwnas."""
        return make_rule(self.stop, self.known.features, finished, stopped)

    def discard(self, architecture: Architectures) -> None:
        """There is nothing."""

    def __call__(self, candidate: Candidate) -> Outcome:
        """The training of a network, as far as it goes."""
        curve = self.known.curves[self.known.index[keys(candidate.architecture[None])[0]]].tolist()
        for epoch in range(1, len(curve)):
            rule = candidate.stopping
            found = None if rule is None else rule(candidate, curve[:epoch])
            if found is not None:
                self.spent.append(epoch)
                return replace(found, curve=tuple(curve[:epoch]))
        self.spent.append(len(curve))
        return Outcome(curve[-1], curve=tuple(curve))


class InOrder(Searcher):
    """A random search: asks for all networks at once, in an order of its own."""

    name: ClassVar[str] = "in order"
    keeps_limits: ClassVar[bool] = False

    def __init__(self, problem: SearchProblem, rows: Architectures) -> None:
        super().__init__(problem, len(rows), 0)
        self._left = rows

    @override
    def ask(self) -> Architectures:
        asked, self._left = self._left, self.nothing
        return asked


def _searched(known: Curves, rule: str, seeds: int) -> dict[str, Any]:
    """Epochs of random searches over all networks, and what they miss, with a rule."""
    finals, macs = known.curves[:, -1], known.problem.costs(known.rows)
    stop = None if RULES[rule] is None else StopSettings.model_validate(RULES[rule])
    bounds = np.quantile(macs, BUDGETS)
    figures: dict[str, list[float]] = {"share_of_epochs": [], "regret": [], "stopped": []}
    figures["regret_within_budgets"] = []
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(finals))
        replayed = Replayed(known, stop)
        found = run_searcher(InOrder(known.problem, known.rows[order]), replayed)
        costs = known.problem.costs(found.architectures)
        missed = [
            finals[macs <= bound].max() - found.scores[costs <= bound].max() for bound in bounds
        ]
        figures["share_of_epochs"].append(sum(replayed.spent) / known.curves.size)
        figures["stopped"].append(len(finals) - len(found.scores))
        figures["regret"].append(missed[-1])
        figures["regret_within_budgets"].append(float(np.mean(missed)))
    means = {name: round(float(np.mean(values)), 3) for name, values in figures.items()}
    means["worst_regret"] = round(max(figures["regret"]), 3)
    print(f"{rule}: " + ", ".join(f"{name} {value}" for name, value in means.items()), flush=True)
    return means


def _space() -> SearchSpace:
    return load_space("nas_bench_macro", resolution=RESOLUTION)


def _training(epochs: int) -> dict[str, Any]:
    """Averaged weights: those of a step jitter by as much as networks differ."""
    return {
        "epochs": epochs,
        "batch_size": 64,
        "learning_rate": 0.05,
        "ema": 0.98,
        "weight_decay": 2e-4,
        "warmup_epochs": 0.05 * epochs,
        "label_smoothing": 0.0,
        "crop_padding": RESOLUTION // 8,
        "clip": 5.0,
    }


if __name__ == "__main__":
    main()
