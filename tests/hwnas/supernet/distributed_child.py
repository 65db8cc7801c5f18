"""What each process of `test_distributed.py` does."""

import hashlib
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.estimators.supernet.paths import PolicyPaths
from hwnas.objectives.costs import MACS
from hwnas.search.make_problem import make_problem
from hwnas.search.policies import make_policy
from hwnas.spaces import Architectures, SearchSpace
from hwnas.supernet.supernet import Supernet
from hwnas.training.distributed import Group, joined_group
from hwnas.training.rules import Sandwich
from hwnas.training.train_config import UNIFORM, TrainConfig
from hwnas.training.trainer import train
from tests.forks import Say
from tests.hwnas.supernet.helpers import images, state_bytes, tiny_space

CONFIG = TrainConfig(
    epochs=2,
    batch_size=16,
    learning_rate=0.05,
    crop_padding=2,
    rule="sandwich",
    ema=0.9,
    clip=5.0,
    mixup=0.2,
)


def drawn_by(space: SearchSpace, policy: str) -> PolicyPaths | None:
    """What draws the paths of the training."""
    if policy == UNIFORM:
        return None
    return PolicyPaths(make_policy(policy, make_problem(space, MACS), 16, seed=0))


def run(
    say: Say, group: Group, folder: Path, kill_at: int | None = None, policy: str = UNIFORM
) -> None:
    """Trains in a folder and says which process ended with what; or is killed at a step."""

    def progress(step: int, steps: int, loss: float) -> None:
        del steps, loss
        if step == kill_at and group.first:
            os.kill(os.getpid(), signal.SIGKILL)

    (folder / str(group.rank)).mkdir(parents=True, exist_ok=True)
    space = tiny_space(folder / str(group.rank))
    supernet = Supernet(space, seed=group.rank)  # only the first one's weights count
    paths = drawn_by(space, policy)
    report = train(
        supernet,
        images(70),
        CONFIG,
        checkpoint=folder / "supernet.safetensors",
        rule=Sandwich(space, drawn_by=paths),
        judge=None if paths is None else partial(judge, group),
        progress=progress,
        checkpoint_seconds=0.0,
    )
    digest = hashlib.sha256(repr(sorted(state_bytes(supernet).items())).encode()).hexdigest()
    state = {} if paths is None else paths.state
    learnt = {name: np.nan_to_num(one).tolist() for name, one in state.items()}
    say([group.rank, report.images, report.final_loss, digest, learnt])


def judge(group: Group, module: torch.nn.Module, paths: Architectures) -> NDArray[np.float64]:
    """Accuracies that no other process would find."""
    del module
    return 50.0 + group.rank + paths.sum(axis=1)


def main(
    say: Say, rank: int, port: int, folder: Path, kill_at: int | None, policy: str = UNIFORM
) -> None:
    """With a step to be killed at, a training as a whole and one up to there; else its rest."""
    os.environ.update(
        TORCHELASTIC_RUN_ID="test",
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE="2",
    )
    torch.set_num_threads(1)
    with joined_group(torch.device("cpu")) as group:
        if kill_at is not None:
            run(say, group, folder / "whole", policy=policy)
        run(say, group, folder / "killed", kill_at, policy)
