"""How long `hwnas predict` takes for one photo, beside a bare program of ONNX Runtime and Pillow.

    python -m benchmarks.predict_time [--rounds 15]

Both are started in turns, as new processes, on the same photo (12 megapixels) and the same export:
the program is that of docs/guides/export.md. Told are the wall-clock time, which other work on the
machine adds to, and the processor time, and which of the slow libraries were imported.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from hwnas.data import ImageDataset, Split
from hwnas.export.writer import network_config, write_export
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import load_space
from hwnas.spaces.references.of_space import reference_of

ROOT = Path(__file__).resolve().parents[1]
MOST_S = 0.6
CLASSES = 1000
SLOW = {"torch", "onnx", "pandas", "scipy", "sklearn", "rich", "yaml"}


@dataclass
class Times:
    """Seconds of each start: by the clock, and of the processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """The least of both, and the median by the clock."""
        return {
            "least_s": round(min(self.wall), 4),
            "median_s": round(float(np.median(self.wall)), 4),
            "least_processor_s": round(min(self.processor), 4),
        }


def main() -> None:
    """Starts both in turns; prints the figures, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--space", default="mobilenet_v3_large")
    parser.add_argument("--resolution", type=int, default=224)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make(folder, options.space, options.resolution)
        programs = {
            "predict": [sys.executable, "-m", "hwnas", "predict", ".", "photo.jpg"],
            "bare": [sys.executable, "bare.py"],
        }
        # The first start of each writes Python's byte code, as an installation does.
        answers = {which: _start(command, folder)[2] for which, command in programs.items()}
        times = {which: Times() for which in programs}
        for _ in range(options.rounds):
            for which, command in programs.items():
                wall, processor, _ = _start(command, folder)
                times[which].wall.append(wall)
                times[which].processor.append(processor)
        imported = _imported(programs["predict"], folder)
    for which, found in times.items():
        print(f"{which:8} {found.figures()}")
    result = {
        **{which: found.figures() for which, found in times.items()},
        "imported": sorted(SLOW & imported),
        "same_class": _first(answers["predict"]) == answers["bare"].strip(),
        "passed": min(times["predict"].wall) <= MOST_S and "torch" not in imported,
    }
    print(json.dumps(result))


def _make(folder: Path, space: str, resolution: int) -> None:
    """An export of random weights, a photo, and the bare program."""
    network = reference_of(load_space(space, resolution=resolution, classes=CLASSES))
    assert network is not None
    module = NetworkModule(network).eval()
    some = Split(np.zeros((1, 3, resolution, resolution), np.uint8), np.zeros(1, np.int64))
    dataset = ImageDataset("any", tuple(f"class-{n}" for n in range(CLASSES)), some, some, some)
    write_export(
        folder,
        files={
            "model.onnx": build_graph(network, weights=folded_weights(module)).SerializeToString()
        },
        state=module.state_dict(),
        config=network_config(
            network, dataset, batch=1, training={}, conventions=module.conventions
        ),
        verification={},
    )
    coarse = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    photo = Image.fromarray(coarse).resize((4000, 3000), Image.Resampling.BICUBIC)
    photo.save(folder / "photo.jpg", quality=90)
    page = (ROOT / "docs/guides/export.md").read_text(encoding="utf-8")
    program = re.search(r"## Use it in Python\n.*?```python\n(.*?)```", page, re.DOTALL)
    assert program is not None
    (folder / "bare.py").write_text(program[1], encoding="utf-8")


def _start(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Runs a program in a folder: seconds by the clock and of the processor, and what it said."""
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=True
    )
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user - before.children_user
    return wall, used + after.children_system - before.children_system, done.stdout


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "byte-code"), "PYTHONPATH": path}


def _imported(command: list[str], folder: Path) -> set[str]:
    """The packages that a program imports."""
    program, *words = command
    done = subprocess.run(
        [program, "-X", "importtime", *words],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    return {line.partition(".")[0] for line in lines}


def _first(line: str) -> str:
    """The likeliest class of a line of `hwnas predict`."""
    return line.partition(": ")[2].split(" ")[0]


if __name__ == "__main__":
    main()
