"""A TensorRT made of nothing but the signatures of a real one.

Every class, method, property, enumerator and argument of the real Python module is there and no
other: code that runs on it names nothing that the real one lacks. What methods return follows from
their signatures, unless a test says otherwise by `answers`.
"""

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

Answers = Mapping[str, Callable[..., Any]]
"""What a method or property returns, by "Class.name"; called with the object and the arguments."""

_PLAIN: dict[str, Any] = {"bool": True, "int": 0, "str": "", "float": 0.0, "None": None}


class Strict:
    """An object of a simulated class: it takes no attribute that the real one does not have."""

    __slots__ = ("__weakref__",)


def strict_module(name: str, signatures: Mapping[str, Any], answers: Answers) -> ModuleType:
    """The module; `answers` must name what the real one has.

    Args:
        name: of the module.
        signatures: what the program `signatures` printed.
        answers: see `Answers`.
    """
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)  # torch asks whether there is a TensorRT
    module.__version__ = signatures["version"]  # type: ignore[attr-defined]
    classes = signatures["classes"]
    for key in answers:
        owner, _, member = key.partition(".")
        known = {**classes[owner]["methods"], **classes[owner]["properties"]}
        assert member in known, f"no {key} in {name} {signatures['version']}"
    for key, spec in classes.items():
        made = IntEnum(key, spec["enum"]) if "enum" in spec else _class(module, key, spec, answers)
        setattr(module, key, made)
    return module


def _class(module: ModuleType, name: str, spec: Mapping[str, Any], answers: Answers) -> type:
    body: dict[str, Any] = {"__slots__": (), **spec["constants"]}
    for member, doc in spec["methods"].items():
        body[member] = _method(module, f"{name}.{member}", doc, answers)
    for member, one in spec["properties"].items():
        body[member] = _property(module, f"{name}.{member}", one, answers)
    return type(name, (Strict,), body)


def _method(module: ModuleType, key: str, doc: str, answers: Answers) -> Callable[..., Any]:
    found = re.findall(rf"^(?:\d+\. )?{key.split('.')[1]}\((self.*)\) -> (.+)$", doc, re.MULTILINE)
    overloads = [(_parameters(arguments), returned) for arguments, returned in found]

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        fitting = [back for taken, back in overloads if _fits(module, taken, arguments, named)]
        if not fitting:
            raise TypeError(f"{key} takes {[taken for taken, _ in overloads]}, not {arguments}")
        if key in answers:
            return answers[key](self, *arguments, **named)
        return _returned(module, fitting[0])

    return call


def _property(module: ModuleType, key: str, one: Mapping[str, Any], answers: Answers) -> property:
    values: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def get(self: Any) -> Any:
        if self in values:
            return values[self]
        if key in answers:
            return answers[key](self)
        return _returned(module, one["doc"].rpartition("-> ")[2].strip())

    def put(self: Any, value: Any) -> None:
        values[self] = value

    return property(get, put if one["settable"] else None)


def _parameters(text: str) -> list[tuple[str, str, bool]]:
    """Name, type and whether it may be left out, of each parameter after self."""
    found = []
    for part in text.split(", ")[1:]:
        name, _, rest = part.partition(": ")
        kind, _, default = rest.partition(" = ")
        found.append((name, kind, bool(default)))
    return found


def _fits(
    module: ModuleType,
    taken: list[tuple[str, str, bool]],
    arguments: tuple[Any, ...],
    named: Mapping[str, Any],
) -> bool:
    given = dict(zip((name for name, _, _ in taken), arguments, strict=False)) | dict(named)
    known = {name: kind for name, kind, _ in taken}
    return (
        len(arguments) <= len(taken)
        and set(named) <= set(known)
        and len(given) == len(arguments) + len(named)
        and all(optional or name in given for name, _, optional in taken)
        and all(_is(module, value, known[name]) for name, value in given.items())
    )


def _is(module: ModuleType, value: Any, kind: str) -> bool:
    """Whether a value is of the type that a signature names; of types unknown here, yes."""
    if kind.endswith("SupportsInt"):
        return hasattr(value, "__int__")
    if kind.endswith("Buffer"):
        return isinstance(value, bytes | bytearray | memoryview)
    if kind in ("bool", "str"):
        return isinstance(value, bool if kind == "bool" else str)
    real = getattr(module, re.split(r"[.:]", kind)[-1], None)
    return not isinstance(real, type) or isinstance(value, real)


def _returned(module: ModuleType, kind: str) -> Any:
    if kind in _PLAIN:
        return _PLAIN[kind]
    name = re.split(r"[.:]", kind)[-1]
    made = getattr(module, name, None) or getattr(module, name.removeprefix("I"), None)
    assert made is not None, f"what is a {kind}?"
    return next(iter(made)) if issubclass(made, IntEnum) else made.__new__(made)
