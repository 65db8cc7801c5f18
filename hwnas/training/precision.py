"""Mixed precision: forward passes in 16 bits, weights and their steps in 32."""

import json
from contextlib import AbstractContextManager
from typing import cast

import torch
from torch import Tensor

from hwnas.training.optimizer import Descent

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Autocast, and for fp16 the loss's scale (Micikevicius et al. 2018, arXiv 1710.03740)."""

    def __init__(self, name: str, device: torch.device) -> None:
        """Takes "fp32", "bf16" or "fp16", and where it is computed."""
        self._device, self._type = device.type, _TYPES[name]
        self._scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16")

    def autocast(self) -> AbstractContextManager[None]:
        """What a forward pass and its loss run in."""
        enabled = self._type != torch.float32
        return torch.autocast(self._device, self._type if enabled else None, enabled=enabled)

    def backward(self, loss: Tensor) -> None:
        """Adds the gradient of a loss."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: Descent, clip: float | None) -> None:
        """Moves the weights by a gradient of norm `clip` at most.

        In fp16 a gradient that overflowed moves nothing, and the scale is halved.
        """
        scaled = cast("torch.optim.Optimizer", optimizer)  # as far as the scaler reads it
        if clip is not None:
            self._scaler.unscale_(scaled)
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        self._scaler.step(scaled)
        self._scaler.update()

    def to_text(self) -> str:
        """The state of the scale, for a checkpoint."""
        return json.dumps(self._scaler.state_dict())

    def read_text(self, text: str) -> None:
        """Sets the state of `to_text`."""
        state = json.loads(text)
        if state:
            self._scaler.load_state_dict(state)
