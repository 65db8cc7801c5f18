"""Is the search worth it? Found networks against MobileNets scaled to the same measured latency.

    python -m benchmarks.versus_scaled --data data/cifar10 [--work FOLDER] [--jobs 2]

`--data` holds CIFAR-10 as train/<class>/*.jpg and test/<class>/*.jpg. At each of three budgets,
shares of the latency of MobileNetV3-small: MobileNetV2 and V3-small get the greatest width whose
measured latency is within the budget (2 % over are granted to them), the network that is found in
`--space` must measure within it. All are trained from scratch by one recipe on the same
images, with several seeds, and compared on the 10,000 test images. What was done is kept in
`--work`: a stopped run goes on.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from hwnas.data import ImageDataset, Split, load_dataset
from hwnas.devices.device import Device
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.latency.measure import measure_models, timed_model
from hwnas.networks.blocks import Network, block_from_dict, block_to_dict
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.measured import measured_objective
from hwnas.runs.on_device import FINAL
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.search.journal import Journal
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers import make_searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace, load_space, reference_network
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import accuracy
from hwnas.training.recalibration import recalibrate
from hwnas.training.rules import Sandwich
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train

RIVALS = ("mobilenet_v2", "mobilenet_v3_small")
WIDTHS = tuple(round(0.1 + 0.05 * step, 2) for step in range(25))
GRANTED = 1.02
"""Of the budget, to rivals: their channels come in steps of eight."""
TRIED = 5
"""Networks of the front that are measured for each budget."""


@dataclass(frozen=True)
class Setting:
    """What the options say."""

    data: Path
    work: Path
    space_name: str
    resolution: int
    limit: int
    epochs: int
    supernet_epochs: int
    evaluations: int
    shares: tuple[float, ...]
    seeds: int
    jobs: int

    def space(self) -> SearchSpace:
        """What is searched."""
        return load_space(self.space_name, resolution=self.resolution, classes=10)

    def rival(self, name: str, width: float) -> Network:
        """A published network of a width."""
        return reference_network(name, resolution=self.resolution, classes=10, width=width)

    def dataset(self) -> ImageDataset:
        """The images that everything is trained on."""
        source = str(self.data / "train")
        return load_dataset(source, resolution=self.resolution, limit=self.limit)

    def test(self) -> Split:
        """All test images."""
        parts = load_dataset(str(self.data / "test"), resolution=self.resolution)
        splits = (parts.train, parts.validation, parts.test)
        return Split(
            np.concatenate([part.images for part in splits]),
            np.concatenate([part.labels for part in splits]),
        )

    def recipe(self, epochs: int, seed: int) -> TrainConfig:
        """The same for every network, and for the supernet but for its length."""
        return TrainConfig(
            epochs=epochs,
            batch_size=64,
            learning_rate=0.1,
            warmup_epochs=2,
            crop_padding=self.resolution // 8,
            clip=5.0,
            seed=seed,
        )


def measured(device: Device, networks: dict[str, Network]) -> dict[str, float]:
    """The latency in ms of each network, all of them timed in turns."""
    models = {name: timed_model(n, device, inner=False) for name, n in networks.items()}
    return {name: summary.ms for name, summary in measure_models(device, models, FINAL).items()}


def rivals(setting: Setting, device: Device, budgets: list[float]) -> dict[str, Network]:
    """Of each rival and budget, the widest within the budget, as "<budget> <name> <width>"."""
    networks = {
        f"{name} {width}": setting.rival(name, width) for name in RIVALS for width in WIDTHS
    }
    latency = measured(device, networks)
    chosen = {}
    for number, budget in enumerate(budgets):
        for name in RIVALS:
            within = [w for w in WIDTHS if latency[f"{name} {w}"] <= GRANTED * budget]
            if within:
                key = f"{name} {max(within)}"
                chosen[f"{number} {key}"] = networks[key]
    return chosen


def searched(setting: Setting, device: Device, budgets: list[float]) -> list[list[Network]]:
    """For each budget, the front of a search within it, the most accurate first."""
    space, dataset = setting.space(), setting.dataset()
    model = profile_space(space, device, setting.work / "table.sqlite", ProfileConfig())
    supernet = Supernet(space)
    train(
        supernet,
        dataset.train,
        setting.recipe(setting.supernet_epochs, 0),
        checkpoint=setting.work / "supernet.safetensors",
        rule=Sandwich(space),
    )
    judge = SupernetAccuracy(supernet, dataset)
    cost = Trellis.of(space, measured_objective(model))
    fronts = []
    with Journal(setting.work / "run.sqlite") as journal:
        for bound in budgets:
            problem = SearchProblem(space, cost, (Limit(cost, bound),))
            searcher = make_searcher("surrogate", problem, setting.evaluations, 0, {"aim": "best"})
            run_searcher(searcher, judge.evaluate_architectures, journal, settings=repr(bound))
            front = problem.front(*journal.evaluations())
            order = np.argsort(-front.scores)[:TRIED]
            fronts.append(space.networks(front.architectures[order]))
    return fronts


def chosen_networks(setting: Setting) -> dict[str, Network]:
    """What is to be compared, found once and kept: "<budget> <what>" → network."""
    kept = setting.work / "networks.json"
    if not kept.is_file():
        device = Device(name="benchmark", threads=1)
        budgets = _budgets(setting, device)
        networks = rivals(setting, device, budgets)
        for number, (front, budget) in enumerate(
            zip(searched(setting, device, budgets), budgets, strict=True)
        ):
            latency = measured(device, {str(n): network for n, network in enumerate(front)})
            within = [n for n in range(len(front)) if latency[str(n)] <= budget]
            if not within:
                raise SystemExit(f"no network found for {budget:.4f} ms measures within it")
            networks[f"{number} found"] = front[within[0]]
        content = {name: list(map(block_to_dict, blocks)) for name, blocks in networks.items()}
        kept.write_text(json.dumps(content), encoding="utf-8")
    content = json.loads(kept.read_text(encoding="utf-8"))
    return {name: tuple(map(block_from_dict, blocks)) for name, blocks in content.items()}


def _budgets(setting: Setting, device: Device) -> list[float]:
    """Shares of MobileNetV3-small's latency in ms, measured once: a stopped run keeps them."""
    kept = setting.work / "budgets.json"
    if not kept.is_file():
        unit = measured(device, {"v3": setting.rival("mobilenet_v3_small", 1.0)})["v3"]
        kept.write_text(json.dumps([share * unit for share in setting.shares]), encoding="utf-8")
    return [float(budget) for budget in json.loads(kept.read_text(encoding="utf-8"))]


def trained(setting: Setting, job: tuple[str, Network, int]) -> float:
    """The test accuracy in per cent of a network trained from scratch with a seed."""
    torch.set_num_threads(1)
    name, network, seed = job
    module, dataset = NetworkModule(network, seed=seed), setting.dataset()
    checkpoint = setting.work / f"{name.replace(' ', '-')}-{seed}.safetensors"
    train(module, dataset.train, setting.recipe(setting.epochs, seed), checkpoint=checkpoint)
    recalibrate(module, dataset.train.images)
    return accuracy(module, setting.test())


def main() -> None:
    """Prints the accuracies, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/versus_scaled"))
    parser.add_argument("--space", dest="space_name", default="mobilenet_cpu")
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--supernet-epochs", type=int, default=20)
    parser.add_argument("--evaluations", type=int, default=150)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.65, 0.8, 1.0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    options = vars(parser.parse_args())
    setting = Setting(**options | {"shares": tuple(options["shares"])})
    setting.work.mkdir(parents=True, exist_ok=True)
    networks = chosen_networks(setting)
    jobs = [(name, net, seed) for name, net in networks.items() for seed in range(setting.seeds)]
    with ProcessPoolExecutor(setting.jobs, mp_context=get_context("spawn")) as pool:
        scores = list(pool.map(partial(trained, setting), jobs))
    latency = measured(Device(name="benchmark", threads=1), networks)
    mean: dict[str, float] = {}
    for name in networks:
        own = [score for job, score in zip(jobs, scores, strict=True) if job[0] == name]
        mean[name] = float(np.mean(own))
        print(f"{name:32} {latency[name]:7.4f} ms  {mean[name]:6.2f} %  {np.round(own, 2)}")
    gains: dict[str, list[float]] = {rival: [] for rival in RIVALS}
    strongest = []
    for number in range(len(setting.shares)):
        here = {name.split()[1]: mean[name] for name in networks if name.startswith(f"{number} ")}
        best = here.pop("found")
        for rival, score in here.items():
            gains[rival].append(best - score)
        strongest.append(best - max(here.values()))
    result = {
        "gain": float(np.mean(strongest)),
        "gain_at_each_budget": strongest,
        "gain_over": {rival: float(np.mean(each)) for rival, each in gains.items() if each},
        "accuracy": mean,
        "latency_ms": latency,
        "seeds": setting.seeds,
        "images": setting.limit,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
