"""How far a training is, on disk: all that is needed to continue exactly where it was."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load, save
from torch import Tensor

from hwnas.core.errors import HwnasError, RunError
from hwnas.training.checkpoint import damaged, load_weights, save_weights
from hwnas.training.distributed import Group
from hwnas.training.paths import Learnt

_MEANING = {
    "settings": "other training settings",
    "network": "another network or search space",
    "images": "other images",
    "start": "other weights to start from",
}


CONVENTIONS = "conventions"
"""The text of a checkpoint that says what its weights rely on, see `Conventions.text`."""
_PATHS = "paths/"
"""Begins the names of what `hwnas.training.paths.Learnt` keeps in a checkpoint."""


@dataclass(frozen=True)
class Position:
    """A moment of a training, but for its tensors.

    `loss` is a running mean, `first_loss` that of the first step; `scale` is the text of
    `hwnas.training.precision.Precision`.
    """

    step: int = 0
    loss: float = math.nan
    first_loss: float = math.nan
    scale: str = "{}"


class TrainingState:
    """Writes and reads the checkpoint of one training.

    Tensors: the module's state under its own names and, until the end, momentum and averages under
    theirs; what is learnt beside them, at the end its outcome. Texts: those of `Position`, the
    number of steps, and what the training belongs to.
    """

    def __init__(
        self,
        path: Path,
        state: Mapping[str, Tensor],
        until_end: dict[str, Tensor],
        identity: Mapping[str, str],
        steps: int,
        learnt: Learnt | None,
        conventions: str = "",
    ) -> None:
        """Takes references to tensors, whose values are written and read in place.

        The conventions of the module are written for whoever goes on from its weights.
        """
        self._path, self._identity, self._steps = path, dict(identity), steps
        self._texts = {CONVENTIONS: conventions}
        self._learnt = learnt
        self._state = dict(state)
        self._all = self._state | until_end

    def not_finite(self, step: int) -> str | None:
        """The name of a tensor that must not be written, with an infinite value or none at all."""
        for name, tensor in self._present(step).items():
            if not bool(tensor.isfinite().all()):
                return name
        return None

    def write(self, position: Position) -> None:
        """Saves the present tensors; at the end those of the module alone.

        Raises:
            RunError: the file cannot be written; the old one is still there.
        """
        tensors = self._present(position.step) | self._of_learnt(position.step)
        texts = {key: str(value) for key, value in asdict(position).items()}
        texts |= {"steps": str(self._steps)} | self._texts | self._identity
        save_weights(self._path, tensors, texts)

    def resume(self, group: Group, device: torch.device) -> Position:
        """Loads the checkpoint into the tensors, if there is one; the first process reads it.

        Raises:
            RunError: the checkpoint is damaged or belongs to another training.
        """
        position = self._read() if group.first else Position()
        text = group.text_of_first(json.dumps(asdict(position)), device)
        group.copy_from_first(self._all.values())
        if self._learnt is not None and self._learnt.state:
            arrays = load(group.bytes_of_first(save(self._learnt.state), device))
            if not group.first:
                self._learnt.restore(arrays)
        return Position(**json.loads(text))

    def _read(self) -> Position:
        if not self._path.exists():
            return Position()
        saved, texts = load_weights(self._path)
        _check_identity(self._path, texts, self._identity)
        position = self._position(texts)
        wanted, saved, arrays = self._present(position.step), *_split(saved)
        if _forms(saved) != _forms(wanted):
            raise damaged(self._path, "it lacks some weights, or they are of other sizes")
        if self._learnt is not None and position.step < self._steps:
            try:
                self._learnt.restore(arrays)
            except HwnasError as error:
                raise damaged(
                    self._path, f"what it learnt beside weights cannot go on: {error}"
                ) from error
        with torch.no_grad():
            for name, tensor in wanted.items():
                tensor.copy_(saved[name])
        return position

    def _position(self, texts: Mapping[str, str]) -> Position:
        try:
            losses = float(texts["loss"]), float(texts["first_loss"])
            found = Position(int(texts["step"]), *losses, texts["scale"])
            if 0 <= found.step <= self._steps and isinstance(json.loads(found.scale), dict):
                return found
        except (KeyError, ValueError, RecursionError):
            pass
        raise damaged(self._path, "it does not say how far the training is")

    def _present(self, step: int) -> dict[str, Tensor]:
        return self._state if step == self._steps else self._all

    def _of_learnt(self, step: int) -> dict[str, Tensor]:
        """What is learnt beside weights; numbers of any kind, also infinite ones."""
        if self._learnt is None:
            return {}
        arrays = self._learnt.outcome if step == self._steps else self._learnt.state
        return {_PATHS + name: torch.from_numpy(array) for name, array in arrays.items()}


def has_ended(path: Path) -> bool:
    """Whether a checkpoint is of a training that has ended; not where it cannot be read."""
    # What is wrong with the file, those say who need its weights.
    with suppress(Exception), safe_open(path, framework="numpy") as file:
        texts = file.metadata() or {}
        return "steps" in texts and texts.get("step") == texts["steps"]
    return False


def load_trained(module: torch.nn.Module, path: Path, belongs_to: Mapping[str, str]) -> None:
    """Loads the weights of a training that has ended.

    Args:
        module: of the network that was trained.
        path: the training's checkpoint.
        belongs_to: what must be stored with it, see `hwnas.training.trainer.identity`.

    Raises:
        RunError: no such file, damaged, unfinished, or of another network or other images.
    """
    weights, _ = read_ended(path, belongs_to)
    if _forms(module.state_dict()) != _forms(weights):
        raise RunError(f"{path} holds the weights of another network; train this one first")
    module.load_state_dict(weights)


def load_outcome(path: Path, belongs_to: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """What stayed of what a training that has ended has learnt beside weights; mostly nothing.

    Args:
        path: the training's checkpoint.
        belongs_to: see `load_trained`.

    Raises:
        RunError: see `load_trained`.
    """
    return _split(_ended(path, belongs_to)[0])[1]


def read_ended(
    path: Path, belongs_to: Mapping[str, str]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The weights of a training that has ended, and the texts beside them.

    Args:
        path: the training's checkpoint.
        belongs_to: see `load_trained`.

    Raises:
        RunError: no such file, damaged, unfinished, or of something else.
    """
    saved, texts = _ended(path, belongs_to)
    return _split(saved)[0], texts


def _ended(path: Path, belongs_to: Mapping[str, str]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and texts of a training that has ended."""
    saved, texts = load_weights(path)
    _check_identity(path, texts, belongs_to)
    if texts.get("step") != texts.get("steps"):
        raise RunError(f"the training of {path} has not ended; run it again to resume")
    return saved, texts


def _split(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, NDArray[Any]]]:
    """Weights and their like, and what was learnt beside them."""
    weights = {name: one for name, one in tensors.items() if not name.startswith(_PATHS)}
    kept = {name: one for name, one in tensors.items() if name not in weights}
    return weights, {name.removeprefix(_PATHS): one.numpy() for name, one in kept.items()}


def _forms(tensors: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}


def _check_identity(path: Path, texts: Mapping[str, str], belongs_to: Mapping[str, str]) -> None:
    for key, value in belongs_to.items():
        if texts.get(key) != value:
            raise RunError(
                f"{path} was trained with {_MEANING[key]}; "
                "delete it to train again, or use another run folder"
            )
