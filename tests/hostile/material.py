"""Healthy files of every kind, made once: small ones, of a device whose timings are imported."""

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPACE = """
name: small
resolution: 16
classes: 10
stem: {channels: 8, activation: relu}
stages:
  - {channels: 8, depth: [1, 2], kernels: [3, 5], expansions: [2], activation: relu}
  - {channels: 16, stride: 2, depth: [0, 2], kernels: [3, 5], expansions: [2], activation: relu,
     squeeze_excite: true}
head: {features: 16, activation: hard_swish}
"""
TRAINING = "{epochs: 3, batch_size: 20, learning_rate: 0.1, flip: false, crop_padding: 1}"
KNOWN = """
space: space.yaml
device: npu.yaml
table: table.sqlite
accuracy: {estimator: table, file: accuracies.csv}
search: {budgets: {latency: 1 s}, evaluations: 10, searchers: [nsga2, random]}
"""
SIMULATED = """
space: space.yaml
device: local.yaml
table: profiled.sqlite
accuracy: {estimator: table, file: accuracies.csv}
profile: {fit_networks: 6, check_networks: 6}
search: {budgets: {latency: 1 s}, evaluations: 10, searchers: [nsga2]}
"""
TRAINED = f"""
space: space.yaml
data: {{source: digits, limit: 60}}
device: npu.yaml
table: table.sqlite
train: {TRAINING}
fine_tune: {TRAINING}
search: {{budgets: {{latency: 1 s, macs: 1 G}}, evaluations: 5, searchers: [nsga2]}}
"""
DEVICES = {
    "npu": "name: npu\ntransport: imported\n",
    "local": "name: local\nthreads: 1\ncores: auto\nrest_s: 0.5\nlimit_celsius: 80\n",
    "board": "name: board\ntransport: ssh\nhost: board.local\nuser: pi\nport: 22\n"
    "python: venv/bin/python\nfolder: /data/hwnas\n",
    "phone": "name: phone\ntransport: adb\nserial: R58M\nagent: native\narch: aarch64\n"
    "precision: int8\nthreads: 2\nbatch: 1\ncores: [4, 5]\n",
}


@dataclass(frozen=True)
class Material:
    """Where everything is.

    Attributes:
        work: an empty folder for the cases.
        home: the folder of the healthy files; configs name others of it by their names alone.
    """

    work: Path
    home: Path

    @property
    def imported_table(self) -> Path:
        """Blocks of a device whose timings were imported."""
        return self.home / "table.sqlite"

    @property
    def measured_table(self) -> Path:
        """Blocks, chains and networks in many visits, with conditions, models and energies."""
        return self.home / "measured.sqlite"

    @property
    def known_run(self) -> Path:
        """A run that was searched by known accuracies, reported and ranked."""
        return self.home / "runs" / "known"

    @property
    def trained_run(self) -> Path:
        """A run that was trained, searched, exported and reported."""
        return self.home / "runs" / "trained"

    @property
    def ratings(self) -> Path:
        """Block-wise ratings that have ended."""
        return self.home / "ratings.safetensors"

    @property
    def images(self) -> Path:
        """A folder of small images of three classes."""
        return self.home / "images"

    def move_in(self, folder: Path, *, runs: tuple[str, ...] = ()) -> None:
        """Copies configs, tables and some runs into a folder: their paths are relative."""
        for path in self.home.iterdir():
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
        for name in runs:
            shutil.copytree(self.home / "runs" / name, folder / "runs" / name)


def make_material(root: Path) -> Material:
    """Makes all of it in an empty folder, in some seconds."""
    home, work = root / "home", root / "work"
    home.mkdir()
    work.mkdir()
    (home / "space.yaml").write_text(SPACE)
    for name, text in DEVICES.items():
        (home / f"{name}.yaml").write_text(text)
    (home / "known.yaml").write_text(KNOWN)
    (home / "simulated.yaml").write_text(SIMULATED)
    (home / "trained.yaml").write_text(TRAINED)
    with contextlib.chdir(home):
        _accuracies()
        _networks()
        _images()
        _imported()
        _measured()
        for words in (
            "search known.yaml",
            "report runs/known",
            "rank known.yaml --truth accuracies.csv --estimator synflow --networks 12 --seeds 1",
            "train trained.yaml",
            "search trained.yaml",
            "export runs/trained",
            "report runs/trained",
            "table export measured.sqlite measured.json",
            "table export table.sqlite table.json",
            "table export table.sqlite blocks.csv",
        ):
            _type(words)
        _ratings()
    return Material(work, home)


def _type(words: str) -> None:
    from hwnas.cli.main import main

    sys.argv = ["hwnas", *words.split()]
    out, error = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            main()
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"hwnas {words}: {error.getvalue()}") from end


def space() -> Any:
    """The small space of the working folder."""
    from hwnas.spaces import load_space

    return load_space("space.yaml")


def _accuracies() -> None:
    import numpy as np

    small = space()
    rows = np.unique(small.canonical(small.sample(np.random.default_rng(0), 400)), axis=0)
    lines = ["architecture,accuracy"]
    lines += [f"{' '.join(map(str, row))},{60 + 0.4 * sum(row)}" for row in rows.tolist()]
    Path("accuracies.csv").write_text("\n".join(lines) + "\n")


def _networks() -> None:
    """Timings of some networks, of which one was timed twice."""
    rows = list(accuracies_of(Path("accuracies.csv")))[::3][:16]
    lines = [f"network,{text},{1 + 0.1 * sum(map(int, text.split()))}" for text, _ in rows]
    Path("networks.csv").write_text("\n".join(["kind,architecture,ms", *lines, lines[0]]) + "\n")


def _images() -> None:
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for label in ("cat", "dog", "été"):
        folder = Path("images") / label
        folder.mkdir(parents=True)
        for number in range(6):
            pixels = random.integers(0, 256, (12, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")


def _imported() -> None:
    from hwnas.devices.device import load_device
    from hwnas.latency.identity import read_fingerprint
    from hwnas.latency.imported import import_timings
    from hwnas.objectives.costs import block_macs

    timings = {block: 1e-6 * block_macs(block) + 0.01 for block in space().blocks()}
    import_timings(Path("table.sqlite"), read_fingerprint(load_device("npu.yaml")), timings, 0.1)


def _measured() -> None:
    """As a GPU's table is after `hwnas profile --energy`, with made-up visits."""
    import numpy as np

    from hwnas.latency.energies import EnergyVisit
    from hwnas.latency.energy_model import EnergyModel
    from hwnas.latency.graph_keys import network_key
    from hwnas.latency.graphs import register_all
    from hwnas.latency.profile import fit_model, scope_name
    from hwnas.latency.table import LatencyTable
    from hwnas.latency.visits import Visit
    from hwnas.networks.blocks import block_key
    from hwnas.objectives.costs import MACS
    from tests.devices.test_device import FINGERPRINT

    small, random = space(), np.random.default_rng(1)
    blocks = small.blocks()
    rows = np.unique(small.canonical(small.sample(random, 60)), axis=0)[:12]
    networks = small.networks(rows)
    with LatencyTable(Path("measured.sqlite")) as table:
        table.bind(FINGERPRINT)
        graphs = register_all(table, blocks, networks)
        visits, energies = [], []
        for key, network in graphs.items():
            usual = 0.05 + 1e-6 * float(MACS.evaluate([network])[0])
            for session in range(4):
                for number in range(2):
                    samples = tuple((usual * random.uniform(1, 1.05, 5)).tolist())
                    warnings = ("unstable",) if session == 3 else ()
                    visits.append(Visit(key, session, number, samples, 0.02, warnings))
                energies.append(EnergyVisit(key, session, 0, 40 * usual, 20, 20 * usual))
        table.add(visits)
        table.energies.add(energies)
        table.finish(graphs)
        for session in range(4):
            table.add_conditions(session, 0, {"mhz": 2000.0, "celsius": 50.0, "load": 0.5})
        table.add_uncontrolled(["governor", "clock"])
        table.keep_cache(b"timing cache")
        keys = tuple(map(network_key, networks))
        scope = scope_name(small.name, small.resolution, small.classes)
        table.save_model(scope, fit_model(table, keys[:7], keys[7:]))
        energy = fit_model(
            table, keys[:7], keys[7:], EnergyModel, blocks=list(map(block_key, blocks))
        )
        table.save_model(scope, energy)


def _ratings() -> None:
    import torch

    from hwnas.estimators.blockwise.rating_progress import _digest
    from hwnas.spaces.stages import StageSpace
    from hwnas.training.checkpoint import save_weights

    stages = StageSpace(space())
    losses = {f"stage{i}": torch.rand(n).double() for i, n in enumerate(stages.choice_counts)}
    texts = {"space": _digest(stages), "place": f"{len(losses)} 0 0", "batches": "2"}
    save_weights(Path("ratings.safetensors"), losses, texts)


def accuracies_of(path: Path) -> Iterator[tuple[str, str]]:
    """Architecture and accuracy of each row."""
    for line in path.read_text().splitlines()[1:]:
        architecture, accuracy = line.split(",")
        yield architecture, accuracy


def read_json(path: Path) -> Any:
    """A document of a file."""
    return json.loads(path.read_text())
