"""What a mixture of all choices takes of memory, said and checked before it is trained."""

import psutil
import torch

from hwnas.core.errors import ConfigError
from hwnas.core.listener import Listener
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.placement import choose_device
from hwnas.training.train_config import TrainConfig

_GB = 1e9


def check_memory(
    mixing: MixingSupernet,
    config: TrainConfig,
    images: int,
    listener: Listener,
    instead: str = "",
) -> None:
    """Says what the backward pass of a mixture of all choices keeps.

    Args:
        mixing: whose choices are mixed.
        config: of the training.
        images: of the larger of its two parts; a batch has no more.
        listener: is told of it.
        instead: what else could be done where there is too little.

    Raises:
        ConfigError: there is not as much.
    """
    batch = min(config.batch_size, images)
    wanted = batch * mixing.image_bytes
    device = choose_device(config.device)
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    else:
        free = psutil.virtual_memory().available
    listener.say(
        f"the mixture of all choices keeps about {wanted / _GB:.1f} GB for each batch of "
        f"{batch} images"
    )
    if wanted > free:
        raise ConfigError(
            f"a batch of {batch} images through all choices of "
            f"{mixing.supernet.space.name} keeps about {wanted / _GB:.1f} GB, and "
            f"{free / _GB:.1f} GB are free; lower train.batch_size or resolution"
            + (f", or {instead}" if instead else "")
        )
