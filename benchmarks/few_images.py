"""Few images: is the default recipe's winner as good as the reference, and as its alternatives?

    python -m benchmarks.few_images --data ../shared/data/cifar10-imagefolder.tar.gz [--json]

Of CIFAR-10, 60 and 200 images of each class at 48 pixels, drawn anew for each seed, go through
`configs/searches/photos.yaml` as a person's would: supernet, search within 75 % of the reference's
latency (predicted by a table of this machine that all share), and the winner trained as the recipe
has it by default. Beside it the same network by either fixed way, always fine-tuned and always from
scratch, and the reference. All are compared on images of CIFAR-10's test folder, which nothing else
saw. `--data` is that folder (train/<class>, test/<class>) or the archive of it. What was done is
kept in `--work`: a stopped run goes on.
"""

import argparse
import json
import tarfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwnas.core.files import write_atomically
from hwnas.core.listener import SILENT
from hwnas.data import Split, load_dataset
from hwnas.devices.device import Device
from hwnas.estimators.supernet.training import train_supernet
from hwnas.runs.config import load_run_config
from hwnas.runs.estimating import estimator_inputs, make_scores
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.runs.scores import bind_scores
from hwnas.runs.searching import search
from hwnas.runs.training import fine_tuning, load_supernet, training_from_scratch
from hwnas.runs.trainings import Trainings
from hwnas.runs.winner import train_winner, ways_to_train
from hwnas.search.journal import Journal
from hwnas.training.evaluation import accuracy

ALTERNATIVES = ("fine_tuned", "scratch")


@dataclass(frozen=True)
class Setting:
    """What the options say."""

    data: Path
    work: Path
    per_class: tuple[int, ...]
    seeds: int
    resolution: int
    tested: int
    jobs: int

    @property
    def table(self) -> Path:
        """The latencies of this machine, measured once."""
        return self.work / "table.sqlite"

    def images(self) -> Path:
        """The folder of CIFAR-10, unpacked where it is an archive."""
        if self.data.is_dir():
            return self.data
        unpacked = self.work / "cifar10"
        if not unpacked.is_dir():
            part = self.work / "unpacking"
            with tarfile.open(self.data) as archive:
                archive.extractall(part, filter="data")
            part.rename(unpacked)
        return unpacked

    def drawn(self, per_class: int, seed: int) -> Path:
        """A folder with so many images of each class."""
        folder = self.work / f"images-{per_class}-{seed}"
        for source in sorted((self.images() / "train").iterdir()):
            files = sorted(source.iterdir())
            (folder / source.name).mkdir(parents=True, exist_ok=True)
            for index in np.random.default_rng(seed).permutation(len(files))[:per_class]:
                link = folder / source.name / files[index].name
                if not link.exists():
                    link.hardlink_to(files[index])
        return folder

    def test(self) -> Split:
        """Test images, as many of each class."""
        parts = load_dataset(
            str(self.images() / "test"), resolution=self.resolution, limit=self.tested
        )
        splits = (parts.train, parts.validation, parts.test)
        return Split(
            np.concatenate([part.images for part in splits]),
            np.concatenate([part.labels for part in splits]),
        )

    def experiment(self, per_class: int, seed: int) -> Experiment:
        """The recipe for photos, on drawn images."""
        return Experiment(
            load_run_config(
                "photos",
                {
                    "data.source": str(self.drawn(per_class, seed)),
                    "resolution": self.resolution,
                    "table": str(self.table),
                    **{f"{stage}.seed": seed for stage in ("train", "fine_tune", "search")},
                },
            )
        )


def run_cell(setting: Setting, cell: tuple[int, int]) -> dict[str, Any]:
    """The accuracies in percent on test images, and the predicted latencies, of one drawing."""
    torch.set_num_threads(1)
    per_class, seed = cell
    folder = RunFolder(setting.work / f"run-{per_class}-{seed}")
    kept = folder.path / "figures.json"
    if kept.is_file():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    start = time.monotonic()
    experiment = setting.experiment(per_class, seed)
    latency = experiment.stored_latency_model()
    with folder.open(experiment.config):
        train_supernet(estimator_inputs(experiment, folder))
        scores = make_scores(experiment, folder)
        with Journal(folder.journal_file) as journal:
            bind_scores(journal, scores)
            problem = experiment.problem(latency)
            result = search(experiment, folder, journal, problem, scores)
        best = int(result.front.scores.argmax())
        row = result.front.architectures[best]
        network, reference = experiment.space.network(row), experiment.published
        assert reference is not None
        trained = load_supernet(experiment, folder)
        trainings = Trainings(experiment, folder, SILENT)
        ways = ways_to_train(experiment, folder, trained, row)
        winner = train_winner(experiment, network, ways, trainings)
        each = {
            "fine_tuned": fine_tuning(trained, row, experiment, folder),
            "scratch": training_from_scratch(network, experiment, folder),
            "reference": training_from_scratch(reference.network, experiment, folder),
        }
        modules = {"winner": winner.module} | {k: trainings(k, one) for k, one in each.items()}
        test = setting.test()
        figures = {
            "per_class": per_class,
            "seed": seed,
            **{name: accuracy(module, test) for name, module in modules.items()},
            "validation": {
                name: accuracy(module, experiment.dataset.validation)
                for name, module in modules.items()
            },
            "judged": float(result.front.scores[best]),
            "weights_from": winner.weights_from,
            "latency_ms": float(latency.predict([network])[0]),
            "reference_latency_ms": float(latency.predict([reference.network])[0]),
            "tested": len(test),
            "seconds": round(time.monotonic() - start, 1),
        }
    write_atomically(kept, json.dumps(figures))
    print(json.dumps(figures), flush=True)
    return figures


def summary(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds for each number of images, and the worst of them: the asked figures."""
    sizes = sorted({cell["per_class"] for cell in cells})
    means: dict[int, dict[str, float]] = {}
    for size in sizes:
        own = [cell for cell in cells if cell["per_class"] == size]
        means[size] = {
            name: float(np.mean([cell[name] for cell in own]))
            for name in ("winner", *ALTERNATIVES, "reference", "latency_ms", "reference_latency_ms")
        }
    reference = {n: mean["winner"] - mean["reference"] for n, mean in means.items()}
    best = {n: mean["winner"] - max(mean[a] for a in ALTERNATIVES) for n, mean in means.items()}
    return {
        "winner_minus_reference": min(reference.values()),
        "winner_minus_best_alternative": min(best.values()),
        "winner_minus_reference_by_images": reference,
        "winner_minus_best_alternative_by_images": best,
        "accuracy": means,
        "latency_share": float(
            np.mean([cell["latency_ms"] / cell["reference_latency_ms"] for cell in cells])
        ),
        "cells": cells,
    }


def main() -> None:
    """Prints each drawing's figures, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path("../shared/data/cifar10-imagefolder.tar.gz")
    parser.add_argument("--data", type=Path, default=shared)
    parser.add_argument("--work", type=Path, default=Path("runs/few_images"))
    parser.add_argument("--per-class", type=int, nargs="+", default=[60, 200])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--resolution", type=int, default=48)
    parser.add_argument("--tested", type=int, default=5000, help="test images")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = vars(parser.parse_args())
    del options["json"]
    setting = Setting(**options | {"per_class": tuple(options["per_class"])})
    setting.work.mkdir(parents=True, exist_ok=True)
    setting.images()
    if not setting.table.is_file():
        space = setting.experiment(setting.per_class[0], 0).space
        profile_space(space, Device(name="local_cpu", threads=1), setting.table, ProfileConfig())
    cells = [(size, seed) for seed in range(setting.seeds) for size in setting.per_class]
    with ProcessPoolExecutor(setting.jobs, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(partial(run_cell, setting), cells))
    print(json.dumps(summary(found)))


if __name__ == "__main__":
    main()
