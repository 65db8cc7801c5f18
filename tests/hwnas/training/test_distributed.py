"""Two real processes that train together, started by torchrun, over gloo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.supernet.supernet import Supernet
from hwnas.training.distributed import Group, current_group, joined_group
from hwnas.training.placement import choose_device
from hwnas.training.rules import Sandwich
from hwnas.training.trainer import identity
from hwnas.training.training_state import load_trained
from tests.hwnas.supernet import torchrun_script
from tests.hwnas.supernet.helpers import images, state_bytes, tiny_space

ROOT = Path(__file__).parents[3]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def torchrun(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a program in two processes, in a process group of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*TORCHRUN, *words],
        cwd=folder,
        env=environment,
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


def ended(stdout: str) -> list[list[str]]:
    """What each process said at its end: rank, images, loss and a digest of its weights."""
    lines = [line.split() for line in stdout.splitlines() if line.startswith("ended")]
    return sorted(line[1:] for line in lines)


def test_processes_agree_and_a_killed_training_ends_with_the_same_weights(tmp_path):
    script = ["-m", torchrun_script.__name__, str(tmp_path)]
    code, stdout, stderr = torchrun(tmp_path, *script, "5")
    assert code == 1
    first, second = ended(stdout)
    assert [first[0], second[0]] == ["0", "1"]
    assert first[1:] == second[1:]

    code, stdout, stderr = torchrun(tmp_path, *script)
    assert code == 0, stderr
    resumed = ended(stdout)
    assert [line[2:] for line in resumed] == [first[2:]] * 2
    assert resumed[0][1] == str(4 * 16), "the fifth step was not written"

    space = tiny_space(tmp_path)
    supernet = Supernet(space, seed=7)
    belongs_to = identity(supernet, images(70), torchrun_script.CONFIG, Sandwich(space))
    del belongs_to["settings"]
    before = state_bytes(supernet)
    load_trained(supernet, tmp_path / "whole" / "supernet.safetensors", belongs_to)
    assert state_bytes(supernet) != before


def test_alone_a_process_is_the_first_and_shares_nothing():
    with joined_group(torch.device("cpu")) as group:
        assert group == current_group() == Group(0, 1)
    values = torch.tensor([1.0, 2.0])
    assert group.mean(values.clone()).tolist() == [1.0, 2.0]
    assert group.text_of_first("ü", torch.device("cpu")) == "ü"


def test_without_cuda_auto_is_the_cpu_and_cuda_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)  # wherever this runs
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    with pytest.raises(ConfigError, match=r"no CUDA device .* write 'device: auto' or"):
        choose_device("cuda")
