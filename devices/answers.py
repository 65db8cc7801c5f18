"""What an agent answers, read strictly: a target may be broken, or lie."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devices.errors import DeviceError

Facts = dict[str, Any]
"""What the target says of itself, see `devices.agent`."""

WARNINGS = frozenset({"enqueue_bound", "unstable", "no_cuda_graph"})
"""What may be wrong with a visit, see `devices.runtimes.gpu_timing.GpuTimer`."""

_TEXTS = ("machine", "cpu", "pinned", "agent", "runtime", "runtime_version", "provider", "emulated")
_MOST_TEXT = 2000
_MOST_MS = 1e7


@dataclass(frozen=True)
class Visit:
    """One visit of a graph: the milliseconds of a few consecutive inferences.

    Attributes:
        warnings: what was wrong with it, of `WARNINGS`.
    """

    round: int
    graph: str
    samples: tuple[float, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoundEnd:
    """A round is over; what the machine was like, see `devices.conditions`."""

    round: int
    conditions: dict[str, float]


@dataclass(frozen=True)
class Waiting:
    """The target is too hot to go on, and waits."""

    celsius: float


def read_answer(line: str, nonce: str) -> dict[str, Any]:
    """One answer to the job of a nonce.

    Raises:
        DeviceError: the line is none.
    """
    try:
        message = json.loads(line)
        if message["nonce"] == nonce and isinstance(message["event"], str):
            return dict(message)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise DeviceError(f"the target answered something that is not this job's: {line[:80]!r}")


def read_facts(message: Mapping[str, Any]) -> Facts:
    """The facts of a "ready".

    Raises:
        DeviceError: one is missing or of another type.
    """
    try:
        facts = message["facts"]
        found: Facts = {name: _text(facts[name]) for name in _TEXTS}
        found["cores"] = _whole(facts["cores"])
        found["uncontrolled"] = [_text(one) for one in facts["uncontrolled"][:20]]
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(_cannot_be("facts", message)) from error
    return found


def read_visit(message: Mapping[str, Any], names: Sequence[str]) -> Visit:
    """A visit of one of the graphs of these names.

    Raises:
        DeviceError: it cannot be; times that are not positive and finite, for example.
    """
    try:
        samples = tuple(float(value) for value in message["ms"])
        index = _whole(message["graph"])
        warnings = tuple(message.get("warnings", ()))  # which most agents never have
        possible = samples and all(0 < value < _MOST_MS for value in samples) and index >= 0
        if possible and WARNINGS.issuperset(warnings) and len(warnings) <= len(WARNINGS):
            return Visit(_whole(message["round"]), names[index], samples, warnings)
    except (ValueError, TypeError, KeyError, IndexError):
        pass
    raise DeviceError(_cannot_be("a visit", message))


def read_round(message: Mapping[str, Any]) -> RoundEnd:
    """The end of a round.

    Raises:
        DeviceError: it cannot be.
    """
    try:
        conditions = {_text(name): float(v) for name, v in message["conditions"].items()}
        if len(conditions) <= 20 and all(map(math.isfinite, conditions.values())):
            return RoundEnd(_whole(message["round"]), conditions)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise DeviceError(_cannot_be("a round", message))


def read_waiting(message: Mapping[str, Any]) -> Waiting:
    """A target that waits.

    Raises:
        DeviceError: it cannot be.
    """
    try:
        return Waiting(float(message["celsius"]))
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(_cannot_be("a temperature", message)) from error


def read_outputs(message: Mapping[str, Any], graphs: int) -> tuple[int, list[float]]:
    """Index of a graph, and what it computed.

    Raises:
        DeviceError: it cannot be.
    """
    try:
        index = _whole(message["graph"])
        if 0 <= index < graphs:
            return index, [float(value) for value in message["values"]]
    except (ValueError, TypeError, KeyError):
        pass
    raise DeviceError(_cannot_be("outputs", message))


def read_list(message: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of entries: the operators of a profile, or the findings of a check.

    Raises:
        DeviceError: it is none.
    """
    try:
        return [dict(entry) for entry in message[name]]
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(_cannot_be(name, message)) from error


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is no whole number")
    return value


def _text(value: Any) -> str:
    """A text that does no harm to a terminal."""
    if not isinstance(value, str) or len(value) > _MOST_TEXT or not value.isprintable():
        raise ValueError("no short printable text")
    return value


def _cannot_be(what: str, message: Mapping[str, Any]) -> str:
    return f"the target sent {what} that cannot be: {str(message)[:120]}"
