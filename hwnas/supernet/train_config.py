"""TrainConfig: how a supernet or a network is trained; read without loading PyTorch."""

from typing import Annotated

from pydantic import Field

from devices.config import StrictModel


class TrainConfig(StrictModel):
    """Hyper-parameters: SGD with Nesterov momentum, warm-up, then cosine decay to zero.

    `crop_padding` is in pixels; a step is one batch, warm-up and length are in epochs.
    """

    epochs: Annotated[int, Field(ge=0)]
    batch_size: Annotated[int, Field(ge=2)] = 128
    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    warmup_epochs: Annotated[float, Field(ge=0)] = 1.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.1
    flip: bool = True
    crop_padding: Annotated[int, Field(ge=0)] = 4
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
