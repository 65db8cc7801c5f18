"""Prints what the Python module of a TensorRT holds, as JSON; a program of its own.

    python signatures.py MODULE [FOLDER OF THE PACKAGE] [LIBRARY ...]

Two versions cannot be imported by one process. The libraries are loaded first, so that the module
finds them under their names.
"""

import ctypes
import importlib
import json
import sys
from typing import Any


def described(item: Any) -> dict[str, Any]:
    """A class: its enumerators, or its methods, properties and constants."""
    if hasattr(item, "__members__"):
        return {"enum": {name: int(value) for name, value in item.__members__.items()}}
    found: dict[str, Any] = {"methods": {}, "properties": {}, "constants": {}}
    for name in dir(item):
        value = getattr(item, name)
        if name != "__init__" and name.startswith("_"):
            continue
        if isinstance(value, property):
            found["properties"][name] = {
                "doc": value.fget.__doc__ or "" if value.fget else "",
                "settable": value.fset is not None,
            }
        elif hasattr(type(value), "__members__"):
            found["constants"][name] = int(value)
        elif callable(value) and not isinstance(value, type):
            found["methods"][name] = value.__doc__ or ""
    return found


def main() -> None:
    name, *rest = sys.argv[1:]
    if rest:
        sys.path.insert(0, rest[0])
    for library in rest[1:]:
        ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
    module = importlib.import_module(name)
    classes = {key: value for key, value in vars(module).items() if isinstance(value, type)}
    described_classes = {key: described(value) for key, value in classes.items()}
    json.dump({"version": module.__version__, "classes": described_classes}, sys.stdout)


if __name__ == "__main__":
    main()
