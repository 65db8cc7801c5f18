"""`hwnas train` and its settings in a config."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.training.test_log import shown

ROOT = Path(__file__).parents[3]


def test_a_supernet_is_trained_by_the_rule_of_its_config_and_logged(
    folder: Path, terminal: Terminal
) -> None:
    words = ["train", "tiny.yaml", "--json"]
    for setting in ("rule=sandwich", "random_paths=1", "ema=0.9", "clip=5", "mixup=0.2"):
        words += ["--set", f"train.{setting}"]
    trained = terminal(*words)
    assert trained.code == 0, trained.stderr
    curves = shown(folder / "runs/tiny/tensorboard")
    assert {"loss", "accuracy/smallest", "accuracy/largest"} < set(curves)
    assert [step for step, _ in curves["accuracy/largest"]] == [
        trained.document["steps"] // 2,
        trained.document["steps"],
    ]
    again = terminal(*words)
    assert again.document["images"] == 0
    refused = terminal("train", "tiny.yaml", "--json")
    assert "train.rule is 'sandwich' there and 'single_path' here" in refused.stderr


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("train.compile=true", "train: compile is for single networks"),
        ("fine_tune.rule=sandwich", "fine_tune: rule is for a supernet; write it in train"),
        ("train.rule=sandwhich", "'train.rule' is 'sandwhich', but"),
        ("train.ema=1", "'train.ema' is 1, but"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    folder: Path, terminal: Terminal, setting: str, sentence: str
) -> None:
    assert_refused(terminal, folder, f"train tiny.yaml --set {setting}", sentence)


def test_a_device_that_is_not_there_is_refused_before_a_run_is_made(
    folder: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)  # wherever this runs
    sentence = "PyTorch finds no CUDA device here"
    assert_refused(terminal, folder, "train tiny.yaml --set train.device=cuda", sentence)


@pytest.mark.usefixtures("folder")
def test_a_run_goes_on_on_another_device(terminal: Terminal) -> None:
    assert terminal("train", "tiny.yaml", "--set", "train.device=cpu").code == 0
    assert terminal("train", "tiny.yaml", "--json").document["images"] == 0


def test_the_same_command_trains_in_several_processes(folder: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", "-m", "hwnas", "train", "tiny.yaml", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"supernet"') == 1
    assert done.stderr.count("digits: 10 classes") == 1, "only one process says so"
    assert (folder / "runs/tiny/supernet.safetensors").is_file()
    assert len(list((folder / "runs/tiny/tensorboard").iterdir())) == 1
