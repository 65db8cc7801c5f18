"""Ensembles against the best single network within the same measured latency, over seeds.

    python -m benchmarks.ensembles --data digits --json
    python -m benchmarks.ensembles --data cifar --images 10000 --epochs 30 --fine-tune 10

Each seed is a run of its own: a supernet, a search within the budget, and two ensembles of three,
of the front's networks and of the supernet's paths. Both and the single network are trained as an
export trains them, and measured. Accuracies are of the test images. What was done is kept in
`--work`: a stopped benchmark goes on.
"""

import argparse
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.api.run import Run
from hwnas.core.errors import BudgetError
from hwnas.core.files import write_atomically
from hwnas.runs.defaults import SOURCES

_CIFAR = Path("../shared/data/cifar10-imagefolder.tar.gz")
_SPACE = """
name: ensembles
resolution: 32
classes: 10
stem: {channels: 16, activation: hard_swish}
stages:
  - {channels: 16, depth: [1, 2], kernels: [3, 5], expansions: [1, 3], activation: relu}
  - {channels: 24, stride: 2, depth: [1, 4], kernels: [3, 5], expansions: [1, 3, 6],
     activation: relu}
  - {channels: 40, stride: 2, depth: [1, 4], kernels: [3, 5], expansions: [1, 3, 6],
     activation: hard_swish}
head: {features: 128, activation: hard_swish}
"""


def main() -> None:
    """Prints a row a seed and source, means, and the same as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="digits", help="cifar, a dataset, or a folder")
    parser.add_argument("--work", type=Path, default=Path("runs/ensembles"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=1500)
    parser.add_argument("--resolution", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=10, help="of the supernet")
    parser.add_argument("--fine-tune", type=int, default=5, help="epochs")
    parser.add_argument("--evaluations", type=int, default=60)
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.6, help="the budget, of the slowest")
    parser.add_argument("--json", action="store_true", help="the JSON alone")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for one in _of_seed(options, seed):
            rows.append(one)
            if not options.json:
                print(_text(one), flush=True)
    means = _means(rows)
    for name, one in means.items():
        if not options.json:
            print(name, one)
    print(json.dumps({"rows": rows, "means": means}))


def _of_seed(options: argparse.Namespace, seed: int) -> list[dict[str, Any]]:
    run = _run(options, seed)
    if not (run.folder.path / "front.csv").is_file():
        if not run.experiment.table_path.is_file():
            run.profile()
        run.train()
        run.search()
    rows = []
    for source in SOURCES:
        path = options.work / f"{seed}-{source}.json"
        if not path.is_file():
            try:
                summary = run.ensemble(members=options.members, source=source)
                content = summary.model_dump(mode="json")
            except BudgetError as error:
                content = {"source": source, "none": str(error)}
            write_atomically(path, json.dumps({"seed": seed, **content}))
        rows.append(json.loads(path.read_text()))
    return rows


def _run(options: argparse.Namespace, seed: int) -> Run:
    """The run of a seed, with the budget that all of them have."""
    work = options.work
    (work / "space.yaml").write_text(_SPACE)
    # Only JSON, which YAML contains.
    training = {"batch_size": 128, "learning_rate": 0.1, "seed": seed, "flip": False}
    config = {
        "space": str((work / "space.yaml").resolve()),
        "resolution": options.resolution,
        "data": {"source": _images(options), "limit": options.images},
        "device": "local_cpu",
        "table": str((work / "table.sqlite").resolve()),
        "train": {**training, "epochs": options.epochs},
        "fine_tune": {**training, "epochs": options.fine_tune, "learning_rate": 0.05},
        "search": {
            "budgets": {},
            "evaluations": options.evaluations,
            "searchers": ["surrogate"],
            "seed": seed,
        },
    }
    path = work / f"seed{seed}.yaml"
    path.write_text(json.dumps(config))
    folder = work / f"seed{seed}"
    run = Run.of_config(str(path), folder, overrides={})
    if not run.experiment.table_path.is_file():
        run.profile()
    space = run.experiment.space
    largest = space.network(space.choice_counts - 1)
    slowest = float(run.experiment.latency_model().predict([largest])[0])
    budget = {"search.budgets": {"latency": f"{options.share * slowest:.6f} ms"}}
    return Run.of_config(str(path), folder, overrides=budget)


def _images(options: argparse.Namespace) -> str:
    """A folder's path or a dataset's name; an archive is unpacked."""
    archive = _CIFAR if options.data == "cifar" else Path(options.data)
    if not archive.is_file():
        return str(archive.resolve()) if archive.is_dir() else str(options.data)
    unpacked = options.work / "images"
    if not unpacked.is_dir():
        part = options.work / "unpacking"
        with tarfile.open(archive) as file:
            file.extractall(part, filter="data")
        part.rename(unpacked)
    folder = unpacked / "train"
    return str((folder if folder.is_dir() else unpacked).resolve())


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """By source: mean differences in points, and on how many seeds the ensemble was better."""
    found = {}
    for source in SOURCES:
        some = [one for one in rows if one["source"] == source and "none" not in one]
        differences = [one["accuracy_difference"] for one in some]
        if not differences:
            continue
        found[source] = {
            "seeds": len(differences),
            "difference": float(np.mean(differences)),
            "sd": float(np.std(differences, ddof=1)) if len(differences) > 1 else None,
            "better": int(np.sum(np.array(differences) > 0)),
            "ensemble": float(np.mean([one["ensemble"]["accuracy"] for one in some])),
            "single": float(np.mean([one["single"]["accuracy"] for one in some])),
            "time": float(
                np.mean(
                    [one["ensemble"]["measured_ms"] / one["single"]["measured_ms"] for one in some]
                )
            ),
        }
    return found


def _text(one: dict[str, Any]) -> str:
    if "none" in one:
        return f"seed {one['seed']}, {one['source']}: {one['none']}"
    ensemble, single = one["ensemble"], one["single"]
    return (
        f"seed {one['seed']}, {one['source']}: {len(one['members'])} members "
        f"({one['shared_blocks']} blocks shared) {ensemble['accuracy']:.2f} % in "
        f"{ensemble['measured_ms']:.3f} ms, the best single network {single['accuracy']:.2f} % in "
        f"{single['measured_ms']:.3f} ms"
    )


if __name__ == "__main__":
    main()
