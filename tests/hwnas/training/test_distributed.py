"""Two real processes that train together over gloo."""

import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.supernet.supernet import Supernet
from hwnas.training.distributed import Group, current_group, joined_group
from hwnas.training.placement import choose_device
from hwnas.training.rules import Sandwich
from hwnas.training.train_config import UNIFORM
from hwnas.training.trainer import identity
from hwnas.training.training_state import load_trained
from tests.forks import forked
from tests.hwnas.supernet import distributed_child
from tests.hwnas.supernet.helpers import images, state_bytes, tiny_space


def together(
    folder: Path, kill_at: int | None = None, policy: str = UNIFORM
) -> tuple[list[list[Any]], list[int | None]]:
    """What two processes said at their ends, and what they ended with, the first one first.

    As torchrun would start them, which `test_train.py` does.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ExitStack() as held:
        children = [
            held.enter_context(forked(distributed_child.main, rank, port, folder, kill_at, policy))
            for rank in range(2)
        ]
        said = [line for child in children for line in child.rest()]
        return said, [child.code() for child in children]


def test_processes_agree_and_a_killed_training_ends_with_the_same_weights(tmp_path):
    (first, second), codes = together(tmp_path, kill_at=5)
    assert codes[0] == -signal.SIGKILL
    assert codes[1] not in (None, 0), "the other one ends, too"
    assert [first[0], second[0]] == [0, 1]
    assert first[1:] == second[1:]

    resumed, codes = together(tmp_path)
    assert codes == [0, 0]
    assert [line[2:] for line in resumed] == [first[2:]] * 2
    assert resumed[0][1] == 4 * 16, "the fifth step was not written"

    space = tiny_space(tmp_path)
    supernet = Supernet(space, seed=7)
    belongs_to = identity(supernet, images(70), distributed_child.CONFIG, Sandwich(space))
    del belongs_to["settings"]
    before = state_bytes(supernet)
    load_trained(supernet, tmp_path / "whole" / "supernet.safetensors", belongs_to)
    assert state_bytes(supernet) != before


@pytest.mark.parametrize("policy", ["mcts", "mdenas"])
def test_processes_draw_from_one_policy_before_a_kill_and_after(tmp_path, policy):
    (first, second), codes = together(tmp_path, kill_at=5, policy=policy)
    assert codes[0] == -signal.SIGKILL
    assert first[1:] == second[1:], "the same draws, rewards and weights"
    resumed, codes = together(tmp_path, policy=policy)
    assert codes == [0, 0]
    assert [line[2:] for line in resumed] == [first[2:]] * 2
    rewards = {"mcts": 2 * 8, "mdenas": 2 * 4}[policy]  # random paths a step, or after an epoch
    slot = tiny_space(tmp_path).choice_counts[0]
    counts = first[-1]["policy/" + {"mcts": "choice_counts", "mdenas": "epochs"}[policy]]
    assert sum(counts[:slot]) == rewards


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
