"""How far a training is, on disk: all that is needed to go on exactly where it was."""

import math
from collections.abc import Mapping
from pathlib import Path

import torch

from devices.errors import RunError
from hwnas.supernet.checkpoint import load_weights, save_weights

_MOMENTUM = "momentum/"
_MEANING = {
    "settings": "other training settings",
    "network": "another network or search space",
    "images": "other images",
    "start": "other published weights to start from",
}


class Progress:
    """Writes and reads the checkpoint of one training.

    Tensors: the module's state under its own names and, until the end, the momentum of each
    parameter under "momentum/<name>". Texts: step, steps, loss, and what the training belongs to.
    """

    def __init__(
        self, path: Path, module: torch.nn.Module, optimizer: torch.optim.Optimizer,
        identity: dict[str, str], steps: int,
    ) -> None:  # fmt: skip
        self._path = path
        self._state = module.state_dict()  # references: always the present values
        self._momentum = {
            _MOMENTUM + name: optimizer.state[parameter]["momentum_buffer"]
            for name, parameter in module.named_parameters()
            if parameter in optimizer.state
        }
        self._identity = identity
        self._steps = steps

    def write(self, step: int, loss: float) -> None:
        """Saves the present state after `step` steps; the momentum is left out at the end.

        Raises:
            RunError: the file cannot be written; the old one is still there.
        """
        tensors = self._state if step == self._steps else self._state | self._momentum
        texts = {"step": str(step), "steps": str(self._steps), "loss": repr(loss)}
        save_weights(self._path, tensors, texts | self._identity)

    def resume(self) -> tuple[int, float]:
        """Loads the checkpoint into module and optimizer, if there is one.

        Returns:
            The steps done and the loss, (0, nan) without a checkpoint.

        Raises:
            RunError: the checkpoint is damaged or belongs to another training.
        """
        if not self._path.exists():
            return 0, math.nan
        saved, texts = load_weights(self._path)
        _check_identity(self._path, texts, self._identity)
        step = int(texts["step"])
        wanted = self._state if step == self._steps else self._state | self._momentum
        if set(saved) != set(wanted):
            raise RunError(f"{self._path} lacks some weights; delete it and train again")
        with torch.no_grad():
            for name, tensor in wanted.items():
                tensor.copy_(saved[name])
        return step, float(texts["loss"])


def load_trained(module: torch.nn.Module, path: Path, belongs_to: Mapping[str, str]) -> None:
    """Loads the weights of a training that has ended.

    Args:
        module: of the network that was trained.
        path: the training's checkpoint.
        belongs_to: what must be stored with it, see `hwnas.supernet.training.identity`.

    Raises:
        RunError: no such file, damaged, unfinished, or of another network or other images.
    """
    saved, texts = load_weights(path)
    _check_identity(path, texts, belongs_to)
    if texts.get("step") != texts.get("steps"):
        raise RunError(f"the training of {path} has not ended; run it again to go on")
    state = module.state_dict()
    shapes = {name: tensor.shape for name, tensor in state.items()}
    if shapes != {name: tensor.shape for name, tensor in saved.items()}:
        raise RunError(f"{path} holds the weights of another network; train this one first")
    module.load_state_dict(saved)


def _check_identity(path: Path, texts: Mapping[str, str], belongs_to: Mapping[str, str]) -> None:
    for key, value in belongs_to.items():
        if texts.get(key) != value:
            raise RunError(
                f"{path} was trained with {_MEANING[key]}; "
                "delete it to train anew, or use another run folder"
            )
