r"""Policies that draw the paths of a supernet's training, on NAS-Bench-Macro with its images.

    python -m benchmarks.trained_policies --data cifar10/train \
        --table nas-bench-macro_cifar10.json [--work FOLDER] --json

For each seed and policy a supernet is trained along single paths, for equally many images. Then:
how it ranks random networks by their published accuracies, all of them and the truly best fifth;
and the network that would ship within three budgets of MACs, by a sum that is fitted to these
networks' accuracies and searched exactly, and by the policy's own values, searched exactly, too.
`mdenas` is told validation accuracies, whose passes the others do not have. `--work` keeps what was
computed; a second process with --backwards begins at the end.
"""

import argparse
import dataclasses
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau

from benchmarks.macro_images import MacroImages
from benchmarks.macro_table import Macro
from benchmarks.seed_means import means_of_seeds
from hwnas.core.files import write_atomically
from hwnas.data import ImageDataset
from hwnas.estimators import find_estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.paths import VALUES
from hwnas.estimators.supernet.training import train_supernet
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace
from hwnas.training.train_config import UNIFORM
from hwnas.training.training_state import load_outcome

POLICIES = (UNIFORM, "mcts", "parsec", "ddpnas", "mdenas")
BUDGETS = (0.25, 0.5, 0.75)
"""Quantiles of all networks' MACs."""
# Random networks beside the one that `mdenas` ships, of its MACs within this share.
_BESIDE, _ALIKE = 20, 0.02


def main() -> None:
    """Prints a line for each training, a table of their means, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    MacroImages.add_options(parser)
    parser.set_defaults(work=Path("runs/trained_policies"), epochs=3, validation=500)
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000, help="to train on")
    parser.add_argument("--backwards", action="store_true", help="a second process, from the end")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    fields = {one.name: getattr(options, one.name) for one in dataclasses.fields(MacroImages)}
    setting = Setting(MacroImages(**fields), options.images)
    names = options.policies.split(",")
    every = [(name, seed) for seed in range(options.seeds) for name in names]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for name, seed in every[::-1] if options.backwards else every:
        figures = setting.figures(name, seed, setting.trained(name, seed))
        found[name].append(figures)
        print(f"{name}, seed {seed}: {json.dumps(figures)}", flush=True)
    result = {name: means_of_seeds(figures) for name, figures in found.items()}
    for name, means in result.items():
        print(f"{name:8} " + ", ".join(f"{key} {value}" for key, value in means.items()))
    print(json.dumps({"epochs": setting.epochs, "seeds": options.seeds, **result}))


@dataclass(frozen=True)
class Setting:
    """One experiment.

    Attributes:
        macro_images: the images and the published accuracies; `epochs` are those of a sandwich,
            and single paths have as many passes.
        train_images: how many are trained on.
    """

    macro_images: MacroImages
    train_images: int

    @property
    def macro(self) -> Macro:
        """The published accuracies."""
        return self.macro_images.macro

    @property
    def space(self) -> SearchSpace:
        """At 16 px, a quarter of the size that the published accuracies are of."""
        return self.macro_images.space

    @property
    def epochs(self) -> int:
        """Of every training."""
        return self.macro_images.recipe("single_path", 0).epochs

    @cached_property
    def dataset(self) -> ImageDataset:
        """Of the images, as many as are asked for."""
        whole = self.macro_images.dataset
        return replace(whole, train=whole.train.sample(self.train_images))

    def trained(self, name: str, seed: int) -> dict[str, list[float]]:
        """Accuracies with a supernet's weights, in %, and the policy's values; computed once."""
        images = self.macro_images
        size = f"{self.epochs}-{self.train_images}-{images.validation}-{images.networks}"
        path = images.work / f"{name}-{size}-{seed}.json"
        if not path.is_file():
            inputs = self._inputs(name, seed, path.with_suffix(".safetensors"))
            images.work.mkdir(parents=True, exist_ok=True)
            train_supernet(inputs)
            rows = images.rows(seed)
            judged = find_estimator("supernet").scores(inputs).evaluate_architectures(rows)
            values = load_outcome(inputs.weights_file, {}).get(VALUES, np.zeros(0))
            found = {"judged": judged.tolist(), "values": values.tolist()}
            write_atomically(path, json.dumps(found))
        known: dict[str, list[float]] = json.loads(path.read_text(encoding="utf-8"))
        return known

    def _inputs(self, name: str, seed: int, weights: Path) -> EstimatorInputs:
        training = self.macro_images.recipe("single_path", seed).model_copy(update={"paths": name})
        return EstimatorInputs(
            self.space, seed, images=lambda: self.dataset, weights=weights, training=training
        )

    def figures(self, name: str, seed: int, known: dict[str, list[float]]) -> dict[str, float]:
        """What a training has come to."""
        drawn, judged = self.macro_images.drawn(seed), np.array(known["judged"])
        truth = self.macro.mean[drawn]
        top = np.argsort(-truth)[: len(truth) // 5]
        found = {
            "tau": float(kendalltau(judged, truth).statistic),
            "tau_of_top_fifth": float(kendalltau(judged[top], truth[top]).statistic),
        }
        sums = {"fitted": fit_additive(self.space, self.macro.rows[drawn], judged)}
        if known["values"]:
            slots = FlatChoices(self.space.choice_counts).split(np.array(known["values"]))
            sums["values"] = Trellis.from_values(self.space, name, "", 0.0, slots)
            every = sums["values"].evaluate(self.macro.rows[drawn])
            found["tau_of_values"] = float(kendalltau(every, truth).statistic)
        for quantile in BUDGETS:
            problem = self.macro.problem(quantile)
            for kind, score in sums.items():
                place = self._shipped(score, problem)
                within = f"{kind}, {quantile:.0%} of MACs"
                found[f"rank by {within}"] = self.macro.rank(problem, place)
                found[f"accuracy by {within}"] = float(self.macro.mean[place])
                if kind == "values" and name == "mdenas":
                    found[f"above the random by {within}"] = self._above(place, seed)
        if name == "mdenas":
            found["entropy left"] = _entropy(known["values"]) / float(
                np.log(self.space.choice_counts).sum()
            )
        return {key: round(value, 4) for key, value in found.items()}

    def _shipped(self, score: Trellis, problem: SearchProblem) -> int:
        """The place of the best by a sum within a budget."""
        return self.macro.index[tuple(exact_best(score, problem).tolist())]

    def _above(self, place: int, seed: int) -> float:
        """Points by which it is better than the median of random ones of its MACs plus their sd."""
        macs = self.macro.cost.evaluate(self.macro.rows)
        alike = np.flatnonzero(np.abs(macs / macs[place] - 1) <= _ALIKE)
        some = np.random.default_rng([seed, 41]).permutation(alike)[:_BESIDE]
        others = self.macro.mean[some]
        return float(self.macro.mean[place] - np.median(others) - others.std())


def _entropy(log_probabilities: list[float]) -> float:
    logs = np.array(log_probabilities)
    return float(-(np.exp(logs) * logs).sum())


if __name__ == "__main__":
    main()
