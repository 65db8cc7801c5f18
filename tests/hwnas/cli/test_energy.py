"""Energy from a profile to a budget to the network that is shipped, on a simulated GPU."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import DeviceError
from hwnas.latency import energy
from hwnas.latency.energy import EnergySchedule
from hwnas.latency.schedule import Schedule
from hwnas.runs import exported, measured_energy
from hwnas.spaces import load_space
from tests.devices.runtimes.computing_trt import ComputingTrt
from tests.devices.runtimes.conftest import gpu as gpu
from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.fake_nvml import Board, play_board
from tests.devices.runtimes.flavours import FLAVOURS, signatures
from tests.devices.runtimes.in_process import gpu_device
from tests.hwnas.cli.conftest import Terminal, add_training
from tests.hwnas.cli.test_accuracies_of_a_csv import write_csv
from tests.hwnas.search.problems import every_architecture

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: table, file: known.csv}
device: gpu.yaml
table: gpu.sqlite
profile: {fit_networks: 5, check_networks: 4, chains: never, energy: true}
search: {budgets: {latency: 1 s}, evaluations: 60, searchers: [surrogate, random]}
"""


@pytest.fixture
def board(gpu: Gpu, little: Schedule, monkeypatch: pytest.MonkeyPatch) -> Board:
    del little
    gpu_device(monkeypatch, "tensorrt")
    simulated = ComputingTrt("tensorrt", signatures(*FLAVOURS[0]), gpu, slower=30.0)
    monkeypatch.setitem(sys.modules, "tensorrt", simulated.module)
    short = EnergySchedule(rounds=1, least_ms=150.0)
    monkeypatch.setattr(energy, "EnergySchedule", lambda: short)
    return play_board(monkeypatch, gpu)


@pytest.fixture
def known(folder: Path, board: Board) -> Path:
    """The working folder with `known.yaml` and its accuracies, and the device `gpu.yaml`."""
    assert board.counts
    (folder / "gpu.yaml").write_text("name: gpu\nruntime: tensorrt\ncores: any\n")
    (folder / "known.yaml").write_text(CONFIG)
    write_csv(folder / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    return folder


def typed(terminal: Terminal, *words: str) -> Any:
    answer = terminal(*words, "--json")
    assert answer.code == 0, answer.stderr
    return answer.document


def _refuse(*_: object, **__: object) -> None:
    raise DeviceError("the link to gpu broke; run the same command again to continue")


def test_from_a_profile_to_a_network_within_its_energy(
    known: Path, board: Board, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = typed(terminal, "profile", "known.yaml")["energy_model"]
    assert measured["validation"]["replicate"]["mape"] < 5
    assert measured["validation"]["prediction"]["networks"] == 4
    asked = board.asked
    shown = terminal("profile", "known.yaml")
    assert "energy model (" in shown.stdout
    assert "measured twice" in shown.stdout
    # Only that it counts is looked at again.
    assert board.asked - asked < 20
    assert "energy model (" in terminal("table", "show", "gpu.sqlite").stdout
    assert list(typed(terminal, "table", "show", "gpu.sqlite")["energy_models"].values()) == [
        measured
    ]

    free = typed(terminal, "search", "known.yaml", "--budget", "latency=1 s")
    assert "predicted_mj" not in free["front"][0]
    unbound = typed(terminal, "search", "known.yaml", "--budget", "energy=10 J")["front"]
    used = [point["predicted_mj"] for point in unbound]
    bound = float(np.median(used))
    words = ("search", "known.yaml", "--budget", f"energy={bound} mJ")
    document = typed(terminal, *words)
    assert document["budgets"] == {"energy": {"bound": bound, "unit": "mJ"}}
    within = [point["predicted_mj"] for point in document["front"]]
    assert 0 < max(within) <= bound < max(used)
    with (known / "runs/known/front.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["predicted_mj"]) for row in rows] == pytest.approx(within, 1e-5)
    printed = terminal(*words)
    assert f"budget: energy ≤ {bound:,.4g} mJ" in printed.stderr
    assert terminal("report", "runs/known").code == 0
    page = (known / "runs/known/report.html").read_text()
    assert "energy (mJ)" in page
    assert "How right the energies are" in page
    share = typed(terminal, "search", "known.yaml", "--budget", "energy=80 % of reference")
    assert share["budgets"]["energy"]["bound"] > 0

    add_training(known)
    kept = ("known.yaml", "--set", f"search.budgets={{energy: {bound} mJ}}", "--run", "runs/kept")
    for command in ("train", "search"):
        assert terminal(command, *kept).code == 0
    answer = terminal("export", "runs/kept")
    assert answer.code == 0, answer.stderr
    assert "energy, measured" in answer.stdout
    summary = json.loads((known / "runs/kept/summary.json").read_text())
    verified = json.loads((known / "runs/kept/export/winner/verification.json").read_text())
    assert verified["energy"]["budget_mj"] == bound
    assert verified["energy"]["predicted_mj"] == summary["winner"]["predicted_mj"]
    assert summary["winner"]["predicted_mj"] <= bound * (1 + 1e-12)
    assert verified["energy"]["measured_mj"] == summary["winner"]["measured_mj"]
    predicted = pytest.approx(summary["winner"]["predicted_mj"], rel=0.2)
    assert summary["winner"]["measured_mj"] == predicted
    assert 0 <= verified["energy"]["noise"] < 0.05
    assert summary["reference"]["measured_mj"] > 0

    board.counts = False
    again = terminal("export", "runs/kept")
    assert again.code == 0, again.stderr
    assert "the energy of the winner was not measured: " in again.stderr
    verified = json.loads((known / "runs/kept/export/winner/verification.json").read_text())
    assert verified["energy"]["measured_mj"] is None

    board.counts = True
    with monkeypatch.context() as broken:
        broken.setattr(measured_energy, "measure_model_energy", _refuse)
        lost = terminal("export", "runs/kept")
    assert lost.code == 2
    assert "the link to gpu broke; run the same command again" in lost.stderr
    summary = json.loads((known / "runs/kept/summary.json").read_text())
    assert summary["winner"]["measured_mj"] is None
    with monkeypatch.context() as full:
        full.setattr(exported, "write_export", _refuse)
        assert terminal("export", "runs/kept").code == 2
    assert not (known / "runs/kept/summary.json").exists()

    board.WORK_WATTS = 9000.0
    over = terminal("export", "runs/kept")
    assert over.code == 2
    assert f"mJ untrained, over the budget of {bound:.4g} mJ; trying the next" in over.stderr
    assert f"of the front measured within {bound:.4g} mJ; " in over.stderr
    assert "the energy of the winner" not in over.stderr


def test_a_table_without_energies_says_how_to_measure_them(known: Path, terminal: Terminal) -> None:
    off = ("--set", "profile.energy=false")
    assert terminal("profile", "known.yaml", *off).code == 0
    answer = terminal("search", "known.yaml", *off, "--budget", "energy=40 mJ")
    assert answer.code == 2
    assert "holds no energies of tiny at 16 px, 10 classes (it holds none); set" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not (known / "runs").exists()


@pytest.mark.parametrize(
    ("counts", "moves", "sentence"),
    [
        (False, True, "the energy of this GPU cannot be read: NVML counts it on NVIDIA GPUs"),
        (True, False, "the energy counter of this GPU does not move"),
    ],
)
def test_a_gpu_that_counts_nothing_is_refused_before_anything_is_measured(
    known: Path, board: Board, terminal: Terminal, counts: bool, moves: bool, sentence: str
) -> None:
    board.counts, board.moves = counts, moves
    answer = terminal("profile", "known.yaml")
    assert answer.code == 2
    assert sentence in answer.stderr.splitlines()[-1]
    assert board.gpu.enqueued == 0
    assert not (known / "gpu.sqlite").exists()


@pytest.mark.usefixtures("known")
def test_energy_is_not_measured_on_a_processor(terminal: Terminal) -> None:
    for words in (
        ("known.yaml", "--device", "local_cpu"),
        ("--space", "tiny_space.yaml", "--energy"),
        ("known.yaml", "--set", "profile.energy=false", "--device", "local_cpu", "--energy"),
    ):
        answer = terminal("profile", *words)
        assert answer.code == 2
        assert "energy is measured on NVIDIA GPUs, and local_cpu has the runtime" in answer.stderr
    assert not Path("tables").exists()
    off = ("--set", "profile.energy=false", "--device", "local_cpu")
    assert terminal("profile", "known.yaml", *off, "--table", "cpu.sqlite").code == 0
    answer = terminal(
        "search", "known.yaml", *off, "--table", "cpu.sqlite", "--budget", "energy=4 J"
    )
    assert answer.code == 2
    assert "energy is measured on NVIDIA GPUs, and local_cpu has the runtime" in answer.stderr
    assert "leave out what asks for it (--energy, profile.energy, a budget" in answer.stderr
    answer = terminal("profile", "--model", "any.onnx", "--energy")
    assert answer.code == 2
    assert "--model times a file as it is, and --energy goes with a search" in answer.stderr


@pytest.mark.usefixtures("known")
def test_the_option_measures_what_the_config_leaves_out(terminal: Terminal) -> None:
    document = typed(terminal, "profile", "known.yaml", "--set", "profile.energy=false", "--energy")
    assert set(document["energy_model"]["blocks"]) == set(document["blocks"])
    both = terminal(
        "profile", "known.yaml", "--device", "gpu.yaml", "--device", "local_cpu", "--json"
    )
    assert both.code == 2
    one, other = json.loads(both.stdout)
    assert one["energy_model"] == document["energy_model"]
    assert "energy is measured on NVIDIA GPUs" in other["error"]
