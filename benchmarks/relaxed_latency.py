r"""Networks that a search by gradient ships for a latency, measured: is the target met?

    python -m benchmarks.relaxed_latency --data cifar10/train --work FOLDER --json

Profiles NAS-Bench-Macro's space on this machine. For each seed, variant and target (shares of the
range of the predicted latencies) `unas` is trained with the target as `train.budgets`; what ships
is the most probable network within the target. All of them are measured by themselves in one visit,
as an export does. Of each are printed, as shares of the target, the expected latency at the end of
the training, the predicted and the measured latency of what ships.

`--work` keeps what was computed. Only the profile and the last visit need a quiet machine:
`--until profile` and `--until training` stop before what comes next.
"""

import argparse
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwnas.core.files import write_atomically
from hwnas.data import ImageDataset, load_dataset
from hwnas.devices.device import Device
from hwnas.estimators import find_estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.latency.measure import measure_models, timed_model
from hwnas.objectives.budgets import LATENCY, Budget
from hwnas.objectives.measured import measured_objective
from hwnas.runs.on_device import FINAL
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace, load_space
from hwnas.training.train_config import TrainSettings

TARGETS = (0.25, 0.5, 0.75)
_BOTH_SIDES = {"log_ratio": {"warmup": 0.3}}
VARIANTS: dict[str, dict[str, Any]] = {
    "hinge": {},
    "log_ratio": {"penalty": _BOTH_SIDES},
    "log_ratio, entropy": {
        "penalty": _BOTH_SIDES,
        "regulariser": {"entropy": {"weight": 1.0}},
        "rate": 0.05,
    },
}
"""What differs from `unas`, by name."""


def main() -> None:
    """Prints a line for each network, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True, help="a folder of images")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--resolution", type=int, default=16)
    parser.add_argument("--images", type=int, default=2_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", default=";".join(VARIANTS), help="with ; between")
    parser.add_argument("--until", choices=("profile", "training"))
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    device = Device(name="benchmark", threads=1)
    space = load_space("nas_bench_macro", resolution=options.resolution, classes=10)
    model = profile_space(space, device, options.work / "table.sqlite", ProfileConfig())
    if options.until == "profile":
        return
    images = load_dataset(options.data, resolution=options.resolution, limit=options.images)
    setting = Setting(space, Trellis.of(space, measured_objective(model)), images, options.epochs)
    every = list(itertools.product(options.variants.split(";"), range(options.seeds), TARGETS))
    shipped = [setting.shipped(*one, options.work) for one in every]
    for one, known in zip(every, shipped, strict=True):
        print(*one, known, flush=True)
    if options.until == "training":
        return
    networks = [space.network(np.array(one["architecture"])) for one in shipped]
    timed = {
        str(number): timed_model(one, device, inner=False) for number, one in enumerate(networks)
    }
    summaries = measure_models(device, timed, FINAL)
    result: dict[str, Any] = {name: [] for name in options.variants.split(";")}
    for number, ((variant, seed, _), known) in enumerate(zip(every, shipped, strict=True)):
        figures = {key: round(known[key], 4) for key in ("target", "expected", "predicted")}
        measured = round(summaries[str(number)].ms / known["target"], 4)
        result[variant].append({"seed": seed, **figures, "measured": measured})
        print(variant, result[variant][-1])
    print(json.dumps(result))


@dataclass(frozen=True)
class Setting:
    """One experiment: networks and their latencies, the images, how long is trained."""

    space: SearchSpace

    cost: Trellis
    images: ImageDataset
    epochs: int

    def shipped(self, variant: str, seed: int, share: float, work: Path) -> dict[str, Any]:
        """The network for a target, and its latencies as shares of that; computed once."""
        size = f"{share:g}-{len(self.images.train)}-{self.epochs}-{seed}"
        path, space = work / f"{variant.replace(', ', '_')}-{size}.json", self.space
        if not path.is_file():
            least, most = self.cost.range
            target = round(least + share * (most - least), 3)
            problem = SearchProblem(space, self.cost, (Limit(self.cost, target),))
            exact = self._learnt(variant, seed, problem, path.with_suffix(".safetensors"))
            found = exact_best(exact.trellis, problem)
            rows = space.sample(np.random.default_rng(seed), 20_000)
            rows = np.unique(space.canonical(rows), axis=0)
            probability = np.exp(exact.trellis.evaluate(rows))
            expected = float(probability @ self.cost.evaluate(rows) / probability.sum())
            known = {
                "architecture": found.tolist(),
                "target": target,
                "expected": expected / target,
                "predicted": float(self.cost.evaluate(found[None])[0]) / target,
            }
            write_atomically(path, json.dumps(known))
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return read

    def _learnt(self, variant: str, seed: int, problem: SearchProblem, weights: Path) -> SumScore:
        estimator = find_estimator("unas").with_relaxation(VARIANTS[variant])
        budgets = {LATENCY: Budget.of(LATENCY, f"{problem.limits[0].bound} ms")}
        training = TrainSettings(
            epochs=self.epochs, batch_size=32, learning_rate=0.05, crop_padding=2, seed=seed
        )
        inputs = EstimatorInputs(
            self.space,
            seed,
            images=lambda: self.images,
            weights=weights,
            training=training.model_copy(update={"budgets": budgets}),
            problem=lambda _: problem,
        )
        estimator.train(inputs)
        exact = estimator.scores(inputs).exact
        assert isinstance(exact, SumScore)
        return exact


if __name__ == "__main__":
    main()
