"""Where a training or an evaluation runs: the CPU, or a CUDA device."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from hwnas.core.errors import ConfigError
from hwnas.training.distributed import local_rank


def choose_device(name: str) -> torch.device:
    """The device of a config's `device`: "auto" (CUDA where there is one), "cpu" or "cuda".

    Each of several processes on a machine gets a CUDA device of its own.

    Raises:
        ConfigError: there is no CUDA device, or not one for each process.
    """
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ConfigError(
            "PyTorch finds no CUDA device here, but the config says 'device: cuda'; "
            "write 'device: auto' or 'device: cpu' there, under train and fine_tune"
        )
    index, count = local_rank(), torch.cuda.device_count()
    if index >= count:
        raise ConfigError(
            f"process {index + 1} of this machine has no CUDA device, there are {count}; start "
            f"'torchrun --nproc-per-node {count}', or write 'device: cpu' in the config"
        )
    return torch.device("cuda", index)


def device_of(module: torch.nn.Module) -> torch.device:
    """Where the weights of a module are."""
    return next(module.parameters()).device


@contextmanager
def placed(module: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Has a module on a device, and then on the CPU again, where all else expects it."""
    module.to(device)
    try:
        yield
    finally:
        module.to("cpu")
