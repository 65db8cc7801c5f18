"""What the config.json of an export tells a program that runs the network.

It is read by hand: pydantic would take longer to import than the file takes to be used.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.export.layout import CONFIG

_MOST_PIXELS = 65_536


@dataclass(frozen=True, eq=False)
class Described:
    """How images become the input of an exported network, and what its outputs stand for.

    Attributes:
        resolution: height and width of the input, in pixels.
        deep_bits: how many bits of files with more than 8 a channel are scaled to 8.
        multiply, subtract: (3,) float32 by channel; a pixel of 0 to 255 becomes pixel * multiply -
            subtract.
        class_names: in the order of the outputs.
    """

    resolution: int
    deep_bits: int
    multiply: NDArray[np.float32]
    subtract: NDArray[np.float32]
    class_names: tuple[str, ...]


def read_described(folder: Path) -> Described:
    """What `config.json` in an export folder says.

    Raises:
        ConfigError: it is missing, damaged, or lacks a key.
    """
    path = folder / CONFIG
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"cannot read {shown(path)}: {error.strerror}; it belongs beside the ONNX file and "
            "says how images are prepared"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{shown(path)} is not JSON ({error}); export it again") from error
    keys = _Keys(path, content)
    how = keys.of("input", "preprocessing")
    names = keys.list_of(str, keys.of("class_names"), "class_names")
    return Described(
        keys.whole(keys.of("resolution"), "resolution", _MOST_PIXELS),
        keys.whole(how.get("deep_bits", 16), "deep_bits", 32),
        keys.channels(how, "multiply"),
        keys.channels(how, "subtract"),
        tuple(names),
    )


@dataclass(frozen=True)
class _Keys:
    """The keys of a JSON document, each of the type that it must have."""

    path: Path
    content: Any

    def of(self, *names: str) -> Any:
        found = self.content
        for name in names:
            if not isinstance(found, dict) or name not in found:
                raise self._wrong(".".join(names), "is missing")
            found = found[name]
        if len(names) > 1 and not isinstance(found, dict):
            raise self._wrong(".".join(names), "holds no keys")
        return found

    def whole(self, value: Any, name: str, most: int) -> int:
        if type(value) is not int or not 1 <= value <= most:
            raise self._wrong(name, f"is no whole number from 1 to {most:,}")
        return value

    def list_of(self, kind: type, value: Any, name: str) -> list[Any]:
        if not isinstance(value, list) or not all(type(one) is kind for one in value):
            raise self._wrong(name, "is not a list as an export writes it")
        return value

    def channels(self, how: dict[str, Any], name: str) -> NDArray[np.float32]:
        values = self.list_of(float, how.get(name), f"input.preprocessing.{name}")
        if len(values) != 3 or not np.isfinite(values).all():
            raise self._wrong(f"input.preprocessing.{name}", "is not three numbers")
        return np.array(values, np.float32)

    def _wrong(self, name: str, problem: str) -> ConfigError:
        return ConfigError(f"{shown(self.path)}: {name} {problem}; export the network again")
