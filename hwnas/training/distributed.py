"""Several processes that train one module together, started by `torchrun`."""

import gc
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from hwnas.core.errors import RunError

# The others wait for the first process while that judges or writes.
_PATIENCE = timedelta(hours=2)


@dataclass(frozen=True)
class Group:
    """The processes of a training, and which one this is; the first one alone writes and prints."""

    rank: int = 0
    processes: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def wrap(self, module: nn.Module, device: torch.device, *, paths: bool) -> nn.Module:
        """A module whose backward pass averages gradients over the processes; alone, as it is.

        Args:
            module: on the device.
            device: of this process.
            paths: whether a pass may leave parameters out.
        """
        if self.processes == 1:
            return module
        return DistributedDataParallel(
            module,
            device_ids=[device.index] if device.type == "cuda" else None,
            find_unused_parameters=paths,
        )

    def mean(self, values: Tensor) -> Tensor:
        """The mean of the processes' tensors, in each of them."""
        if self.processes > 1:
            dist.all_reduce(values)
            values /= self.processes
        return values

    def copy_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Sets the tensors of every process to those of the first one."""
        if self.processes > 1:
            for tensor in tensors:
                dist.broadcast(tensor.detach(), 0)

    def text_of_first(self, text: str, device: torch.device) -> str:
        """The text of the first process, in each of them; tensors carry it on the device."""
        return self.bytes_of_first(text.encode(), device).decode()

    def bytes_of_first(self, sent: bytes, device: torch.device) -> bytes:
        """The bytes of the first process, in each of them; tensors carry them on the device."""
        if self.processes == 1:
            return sent
        content = torch.frombuffer(bytearray(sent), dtype=torch.uint8).to(device)
        length = torch.tensor(len(content), device=device)
        dist.broadcast(length, 0)
        content = content if self.first else content.new_empty(int(length))
        dist.broadcast(content, 0)
        return content.cpu().numpy().tobytes()


def without_sync(module: nn.Module) -> AbstractContextManager[None]:
    """What all passes of a step but the last run in: their gradients are averaged with its own."""
    return module.no_sync() if isinstance(module, DistributedDataParallel) else nullcontext()


def local_rank() -> int:
    """Which process of this machine this is; 0 when it was not started by torchrun."""
    return int(os.environ["LOCAL_RANK"]) if dist.is_torchelastic_launched() else 0


def current_group() -> Group:
    """The group that this process has joined; itself alone without one."""
    if not dist.is_initialized():
        return Group()
    return Group(dist.get_rank(), dist.get_world_size())


@contextmanager
def joined_group(device: torch.device) -> Iterator[Group]:
    """Joins the processes that torchrun started, and leaves them; alone without it.

    Raises:
        RunError: one of them has ended before the others.
    """
    if not dist.is_torchelastic_launched():
        yield Group()
        return
    try:
        if device.type == "cuda":
            torch.cuda.set_device(device)
            dist.init_process_group("nccl", device_id=device, timeout=_PATIENCE)
        else:
            dist.init_process_group("gloo", timeout=_PATIENCE)
        try:
            with warnings.catch_warnings():
                # Said once of channels_last; the copy it is about is too small to be measured.
                warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
                yield current_group()
        except BaseException:
            # NCCL might wait here for the others, which wait for this one, until it has ended.
            if device.type != "cuda":
                _leave()
            raise
        _leave()
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            raise RunError(
                "another process of this training has ended, and says why above or below; "
                "run the same command again to resume from the last checkpoint"
            ) from error
        raise


def _leave() -> None:
    # A group that a forgotten cycle still holds aborts the process when Python ends
    # (github.com/pytorch/pytorch/issues/190489).
    gc.collect()
    dist.destroy_process_group()
