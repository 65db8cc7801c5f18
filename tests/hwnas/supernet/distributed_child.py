"""What each process of `test_distributed.py` does."""

import hashlib
import os
import signal
from pathlib import Path

import torch

from hwnas.supernet.supernet import Supernet
from hwnas.training.distributed import Group, joined_group
from hwnas.training.rules import Sandwich
from hwnas.training.train_config import TrainConfig
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


def run(say: Say, group: Group, folder: Path, kill_at: int | None = None) -> None:
    """Trains in a folder and says which process ended with what; or is killed at a step."""

    def progress(step: int, steps: int, loss: float) -> None:
        del steps, loss
        if step == kill_at and group.first:
            os.kill(os.getpid(), signal.SIGKILL)

    (folder / str(group.rank)).mkdir(parents=True, exist_ok=True)
    space = tiny_space(folder / str(group.rank))
    supernet = Supernet(space, seed=group.rank)  # only the first one's weights count
    report = train(
        supernet,
        images(70),
        CONFIG,
        checkpoint=folder / "supernet.safetensors",
        rule=Sandwich(space),
        progress=progress,
        checkpoint_seconds=0.0,
    )
    digest = hashlib.sha256(repr(sorted(state_bytes(supernet).items())).encode()).hexdigest()
    say([group.rank, report.images, report.final_loss, digest])


def main(say: Say, rank: int, port: int, folder: Path, kill_at: int | None) -> None:
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
            run(say, group, folder / "whole")
        run(say, group, folder / "killed", kill_at)
