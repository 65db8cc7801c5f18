"""What a mixture of all choices takes of memory, said and checked before it is trained."""

import psutil
import torch

from hwnas.core.errors import ConfigError
from hwnas.core.listener import Listener
from hwnas.networks.blocks import Block, Skip
from hwnas.spaces import SearchSpace
from hwnas.training.placement import choose_device
from hwnas.training.train_config import TrainConfig

# Of each layer its output is kept for the backward pass, and that of its batch norm again.
_KEPT, _BYTES = 2, 4
_GB = 1e9


def bytes_of_mixture(space: SearchSpace, batch: int) -> int:
    """What the backward pass of a mixture of all choices keeps, about: float32.

    Args:
        space: whose choices are mixed.
        batch: images in it.
    """
    blocks = [*space.prefix, *(b for slot in space.slots for b in slot.choices), *space.suffix]
    return _KEPT * _BYTES * batch * sum(map(_values, blocks))


def check_memory(space: SearchSpace, config: TrainConfig, listener: Listener) -> None:
    """Says what a mixture takes.

    Raises:
        ConfigError: there is not as much.
    """
    wanted = bytes_of_mixture(space, config.batch_size)
    device = choose_device(config.device)
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    else:
        free = psutil.virtual_memory().available
    listener.say(
        f"the mixture of all choices keeps about {wanted / _GB:.1f} GB for each batch of "
        f"{config.batch_size} images"
    )
    if wanted > free:
        raise ConfigError(
            f"a batch of {config.batch_size} images through all choices of {space.name} keeps "
            f"about {wanted / _GB:.1f} GB, and {free / _GB:.1f} GB are free; lower "
            "train.batch_size or resolution, or set relaxation.gradient to score_function, which "
            "runs one network at a time"
        )


def _values(block: Block) -> int:
    if isinstance(block, Skip):
        return 0
    return sum(layer.out_channels * layer.out_resolution**2 for layer in block.layers())
