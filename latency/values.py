"""Values: inputs whose content matters (a sample rate, tokens), given by a person.

What is timed is fed by the device with random values. An input whose value is given becomes one
with a default value (ONNX: an initializer that is an input too), which a runtime uses where nothing
is fed, and does not fold into the graph: the model stays what it was.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.latency.shapes import Sizes, check_name, described, is_ranked, sizes_of

Values = Mapping[str, NDArray[Any]]
"""By the name of an input: () for one number, (n,) for a list of numbers, or of a file's shape."""

_OPTION = re.compile(r"(?P<name>.+?)=(?P<value>.+)", re.DOTALL)
_WORDS = {"true": 1, "false": 0}
# The first version of ONNX in which an input's default value is not a constant.
_WITH_DEFAULTS = 4


def parse_values(
    options: Sequence[str], inputs: Mapping[str, onnx.ValueInfoProto], file: str
) -> dict[str, NDArray[Any]]:
    """What `--input` says, in the types of the inputs.

    Args:
        options: as in "sr=16000", "size=640,480" or "audio=speech.npy".
        inputs: of the model.
        file: how the model is called in messages.

    Raises:
        ConfigError: an option is wrong, names no input or a file that cannot be read, or its
            values do not fit the input's type.
    """
    found: dict[str, NDArray[Any]] = {}
    for text in options:
        match = _OPTION.fullmatch(text.strip())
        if match is None:
            raise ConfigError(
                f"--input '{shown(text)}' must be written like --input sr=16000, or "
                "--input audio=speech.npy"
            )
        name, value = match["name"], match["value"]
        while name not in inputs and "=" in value:  # names may have an "=", as shapes' have
            more, value = value.split("=", 1)
            name = f"{name}={more}"
        if name not in inputs:
            check_name("--input", match["name"], inputs, file)
        if name in found:
            raise ConfigError(f"--input gives '{shown(name)}' twice; leave out one of them")
        given = _from_file(Path(value)) if value.endswith(".npy") else _from_text(name, value)
        found[name] = _as_type(name, given, inputs[name])
    return found


def shapes_of_values(values: Values, inputs: Mapping[str, onnx.ValueInfoProto]) -> dict[str, Sizes]:
    """The shapes that values give their inputs: of those that have as many axes as the input."""
    found: dict[str, Sizes] = {}
    for name, value in values.items():
        have = sizes_of(inputs[name]) if is_ranked(inputs[name]) else [None] * value.ndim
        fits = len(have) == value.ndim and all(
            fixed in (None, size) for fixed, size in zip(have, value.shape, strict=True)
        )
        if fits:
            found[name] = value.shape
    return found


def set_values(model: onnx.ModelProto, values: Values, file: str) -> None:
    """Makes values the defaults of a model's inputs, whose shapes are fixed; in place.

    One number fills the whole input; a list of numbers has as many as the input.

    Raises:
        ConfigError: there are more or fewer values than the input takes.
    """
    inputs = {value.name: value for value in model.graph.input}
    if values and model.ir_version < _WITH_DEFAULTS:
        # There, weights are inputs as well; from now on they would be mere defaults.
        weights = {tensor.name for tensor in model.graph.initializer}
        kept = [value for value in model.graph.input if value.name not in weights]
        del model.graph.input[:]
        model.graph.input.extend(kept)
        model.ir_version = _WITH_DEFAULTS
    for name, value in values.items():
        shape = [size for size in sizes_of(inputs[name]) if size is not None]
        if value.size not in (1, int(np.prod(shape))):
            raise ConfigError(
                f"--input gives '{shown(name)}' {value.size:,} values, and "
                f"{described([inputs[name]])} in {file}; give {int(np.prod(shape)):,}, or one for "
                "all"
            )
        one = value.size == 1
        whole = np.broadcast_to(value.reshape(()), shape) if one else value.reshape(shape)
        model.graph.initializer.append(numpy_helper.from_array(np.array(whole), name))


def single_numbers(inputs: Mapping[str, onnx.ValueInfoProto]) -> list[str]:
    """Inputs of one whole number, such as a sample rate or a length: their value often matters."""
    return [
        name
        for name, value in inputs.items()
        if is_ranked(value)
        and all(size == 1 for size in sizes_of(value))
        and _dtype(value) is not None
        and np.issubdtype(_dtype(value), np.integer)
    ]


def _from_text(name: str, text: str) -> NDArray[Any]:
    """Numbers with commas between them; () of one."""
    try:
        numbers = [_number(part.strip()) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--input gives '{shown(name)}' the value '{shown(text)}': write a number, numbers "
            "with commas between them, or the name of a .npy file"
        ) from error
    return np.array(numbers[0] if len(numbers) == 1 else numbers)


def _number(text: str) -> int | float:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        found = int(text)
    except ValueError:
        return float(text)
    if abs(found) >= 2**63:
        raise ValueError("too large")
    return found


def _from_file(path: Path) -> NDArray[Any]:
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is not a regular file; name a .npy file with --input")
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {path}; name a .npy file with --input") from error
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise ConfigError(
            f"{path} cannot be read as a .npy file ({shown(error)}); write one with numpy.save"
        ) from error
    if not isinstance(found, np.ndarray) or found.size == 0:
        raise ConfigError(f"{path} has no values; write an array with numpy.save")
    return found


def _as_type(name: str, value: NDArray[Any], wanted: onnx.ValueInfoProto) -> NDArray[Any]:
    """The values in the input's type, where that loses nothing but digits of a fraction.

    Raises:
        ConfigError: they do not fit.
    """
    dtype = _dtype(wanted)
    if dtype is None:
        raise ConfigError(f"the input {shown(name)} takes no numbers; leave out --input for it")
    if value.dtype.kind in "biuf":
        with np.errstate(over="ignore", invalid="ignore"):
            cast = value.astype(dtype)
        rounds = dtype.kind == "f"
        if rounds and np.array_equal(np.isfinite(cast), np.isfinite(value)):
            return cast
        if not rounds and np.array_equal(cast, value):
            return cast
    raise ConfigError(
        f"--input gives '{shown(name)}' values that do not fit its type, {dtype.name}; "
        f"give values of that type"
    )


def _dtype(value: onnx.ValueInfoProto) -> np.dtype[Any] | None:
    """The numpy type of an input, None where there is none."""
    try:
        found = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    except (KeyError, ValueError):
        return None
    return found if found.kind in "biuf" else None
