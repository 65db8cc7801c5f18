"""What an agent answers, read strictly: a target may be broken or malicious."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hwnas.core.errors import DeviceError
from hwnas.devices.health_files import Finding
from hwnas.devices.runtimes import Operator

Message = dict[str, Any]
"""A JSON object that a target sent, of this job and otherwise not yet checked."""

WARNINGS = frozenset({"enqueue_bound", "unstable", "no_cuda_graph"})
"""What may be wrong with a visit, see `hwnas.devices.runtimes.gpu_timing.GpuTimer`."""

_TEXTS = ("machine", "cpu", "pinned", "agent", "runtime", "runtime_version", "provider", "emulated")
_MOST_TEXT = 2000
LEAST_MS, MOST_MS, MOST_MJ = 1e-6, 1e7, 1e10
"""Bounds per inference, far beyond every network: values outside of them are wrong."""
_MOST_SAMPLES, _MOST_TEXTS, _MOST_ENTRIES, _MOST_VALUES = 100_000, 20, 100_000, 10_000_000
_MOST_WHOLE, _MOST_NUMBER = 2**31, 1e15
_MOST_BYTES = 2**29


class CutOffError(DeviceError):
    """A line that begins as an answer does, and does not end as one."""


@dataclass(frozen=True)
class Facts:
    """What a target says of itself, see `hwnas.devices.agent`.

    Attributes:
        machine: what the system calls its architecture.
        cpu: the processor, as precisely as the system names it.
        cores: of the machine.
        pinned: see `hwnas.devices.affinity.pin`.
        agent: name of the agent.
        runtime: name of the runtime.
        runtime_version: of the runtime.
        provider: what really executes graphs, as the runtime names it.
        emulated: what emulates its processor, "" where it is real.
        uncontrolled: see `hwnas.devices.uncontrolled`.
    """

    machine: str
    cpu: str
    cores: int
    pinned: str
    agent: str
    runtime: str
    runtime_version: str
    provider: str
    emulated: str = ""
    uncontrolled: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetVisit:
    """One visit of a graph: the milliseconds of a few consecutive inferences.

    Attributes:
        warnings: what was wrong with it, of `WARNINGS`.
    """

    round: int
    graph: str
    samples: tuple[float, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetEnergy:
    """One visit of a graph for its energy, as `hwnas.devices.runtimes.gpu_energy.BoardEnergy`."""

    round: int
    graph: str
    millijoules: float
    inferences: int
    ms: float


@dataclass(frozen=True)
class RoundEnd:
    """The end of a round, with the conditions of the machine, see `hwnas.devices.conditions`."""

    round: int
    conditions: dict[str, float]


@dataclass(frozen=True)
class Waiting:
    """The target rests, or is too hot; its temperature where it can be read."""

    celsius: float | None


@dataclass(frozen=True)
class Cache:
    """The runtime's cache for later jobs, see `hwnas.devices.runtimes.CachingRuntime`."""

    content: bytes


Answer = Facts | Cache | TargetVisit | TargetEnergy | RoundEnd | Waiting
"""The answers to a job in rounds."""


class Parts:
    """A file that arrives in parts, one after another."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        """Takes the most bytes that the file may have."""
        self.content = bytearray()
        self._most = most

    def add(self, message: Message) -> None:
        """Takes the next part.

        Raises:
            DeviceError: it is invalid, or the file grows too large.
        """
        try:
            part = base64.b64decode(message["content"], validate=True)
        except (binascii.Error, ValueError, TypeError, KeyError) as error:
            raise DeviceError(_invalid("an invalid part of a file", message)) from error
        if len(self.content) + len(part) > self._most:
            raise DeviceError(
                f"the target sends a file of more than {self._most / 1e6:.0f} MB, larger than any "
                "that it was asked for"
            )
        self.content += part


def is_cut_off(line: str) -> bool:
    """Whether a line begins as an answer does, and does not end as one."""
    return line.startswith("{") and not line.rstrip().endswith("}")


def read_answer(line: str, nonce: str) -> Message:
    """One answer to the job of a nonce.

    Raises:
        CutOffError: the line is the beginning of an answer.
        DeviceError: the line is not an answer to this job.
    """
    problem = f"the target sent a line that is not an answer to this job: {line[:80]!r}"
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise (CutOffError if is_cut_off(line) else DeviceError)(problem) from error
    try:
        if message["nonce"] == nonce and isinstance(message["event"], str):
            return dict(message)
    except (TypeError, KeyError):
        pass
    raise DeviceError(problem)


def read_facts(message: Message) -> Facts:
    """The facts of a "ready".

    Raises:
        DeviceError: one is missing or of another type.
    """
    try:
        facts = message["facts"]
        return Facts(
            **{name: _text(facts[name]) for name in _TEXTS},
            cores=_whole(facts["cores"]),
            uncontrolled=tuple(map(_text, _list(facts["uncontrolled"], _MOST_TEXTS))),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(_invalid("invalid facts", message)) from error


def read_visit(message: Message, names: Sequence[str]) -> TargetVisit:
    """A visit of one of the graphs of these names.

    Raises:
        DeviceError: it is invalid; its times are not positive and finite, for example.
    """
    try:
        samples = tuple(map(_number, _list(message["ms"], _MOST_SAMPLES)))
        index = _whole(message["graph"])
        warnings = tuple(_list(message.get("warnings", []), len(WARNINGS)))  # most have none
        possible = samples and all(LEAST_MS <= value < MOST_MS for value in samples)
        if possible and WARNINGS.issuperset(warnings):
            return TargetVisit(_whole(message["round"]), names[index], samples, warnings)
    except (ValueError, TypeError, KeyError, IndexError):
        pass
    raise DeviceError(_invalid("an invalid visit", message))


def read_energy(message: Message, names: Sequence[str]) -> TargetEnergy:
    """A visit for the energy of one of the graphs of these names.

    Raises:
        DeviceError: it is invalid; its energy is not positive, for example.
    """
    try:
        name, number = names[_whole(message["graph"])], _whole(message["round"])
        inferences = _whole(message["inferences"])
        millijoules, ms = _number(message["mj"]), _number(message["ms"])
        if inferences and 0 < millijoules < MOST_MJ and LEAST_MS <= ms < MOST_MS:
            return TargetEnergy(number, name, millijoules, inferences, ms)
    except (ValueError, TypeError, KeyError, IndexError):
        pass
    raise DeviceError(_invalid("an invalid energy", message))


def read_round(message: Message) -> RoundEnd:
    """The end of a round.

    Raises:
        DeviceError: it is invalid.
    """
    try:
        conditions = {_text(name): _number(v) for name, v in message["conditions"].items()}
        if len(conditions) <= _MOST_TEXTS:
            return RoundEnd(_whole(message["round"]), conditions)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise DeviceError(_invalid("an invalid end of a round", message))


def read_waiting(message: Message) -> Waiting:
    """The answer of a target that waits.

    Raises:
        DeviceError: it is invalid.
    """
    try:
        celsius = message["celsius"]
        return Waiting(None if celsius is None else _number(celsius))
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(_invalid("an invalid temperature", message)) from error


def read_outputs(message: Message, graphs: int) -> tuple[int, list[float]]:
    """The index of a graph, and what the graph computed.

    Raises:
        DeviceError: it is invalid.
    """
    try:
        index = _whole(message["graph"])
        if index < graphs:
            # What a network computes may well be infinite, or no number.
            return index, [float(value) for value in _list(message["values"], _MOST_VALUES)]
    except (ValueError, TypeError, KeyError, OverflowError):
        pass
    raise DeviceError(_invalid("invalid outputs", message))


def read_findings(message: Message) -> list[Finding]:
    """The findings of a check.

    Raises:
        DeviceError: they are invalid.
    """
    try:
        return [
            {
                "name": _text(one["name"]),
                "value": None if one["value"] is None else _text(one["value"]),
                "ok": one["ok"] is True,
                "advice": _text(one["advice"]),
            }
            for one in _list(message["findings"], _MOST_ENTRIES)
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(_invalid("invalid findings", message)) from error


def read_operators(message: Message) -> list[Operator]:
    """The operators of a profile.

    Raises:
        DeviceError: they are invalid.
    """
    try:
        return [
            {
                "name": _text(one["name"]),
                "type": _text(one["type"]),
                "provider": _text(one["provider"]),
                "ms": _number(one["ms"]),
            }
            for one in _list(message["operators"], _MOST_ENTRIES)
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(_invalid("invalid operators", message)) from error


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _MOST_WHOLE:
        raise ValueError(f"{str(value)[:40]} is not a small whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) < _MOST_NUMBER:
        raise ValueError("not a number")
    return float(value)


def _list(value: Any, most: int) -> list[Any]:
    if type(value) is not list or len(value) > most:
        raise ValueError("not a list, or too long")
    return value


def _text(value: Any) -> str:
    """A text that a terminal can show."""
    if not isinstance(value, str) or len(value) > _MOST_TEXT or not value.isprintable():
        raise ValueError("not a short printable text")
    return value


def _invalid(what: str, message: Message) -> str:
    return f"the target sent {what}: {str(message)[:120]}"
