"""What a device sends: agents that are broken, lie, or are made to harm the host."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from tests.hostile import mutations
from tests.hostile.bench import Bench

FACTS = {
    "machine": "aarch64",
    "cpu": "Cortex",
    "cores": 4,
    "pinned": "yes",
    "agent": "python",
    "runtime": "onnxruntime",
    "runtime_version": "1",
    "provider": "CPU",
    "emulated": "",
    "uncontrolled": ["governor"],
}


def _messages(nonce: str) -> list[dict[str, Any]]:
    visits = [
        {"nonce": nonce, "event": "visit", "round": number, "graph": graph, "ms": [1.0, 1.1]}
        for number in (0, 1)
        for graph in (0, 1)
    ]
    return [
        {"nonce": nonce, "event": "ready", "facts": FACTS},
        *visits[:2],
        {"nonce": nonce, "event": "round", "round": 0, "conditions": {"mhz": 2000.0}},
        {"nonce": nonce, "event": "waiting", "celsius": 80.0},
        *visits[2:],
        {"nonce": nonce, "event": "round", "round": 1, "conditions": {}},
        {"nonce": nonce, "event": "done", "visits": 4},
    ]


def visits(bench: Bench) -> None:
    """Answers to a job in rounds."""
    from hwnas.devices.answers import TargetVisit
    from hwnas.devices.conversation import answers, in_order
    from hwnas.devices.job import Job

    random, nonce = bench.random, "ab" * 16
    job = Job(
        nonce=nonce,
        runtime="onnxruntime",
        threads=1,
        cores="auto",
        graphs=("a", "b"),
        rounds=((0, (0, 1)), (1, (0, 1))),
    )
    lines = _damaged([json.dumps(one) for one in _messages(nonce)], random)
    bench.note(lines)

    def use() -> None:
        for answer in in_order(answers(_given(lines), job, "board"), ["a", "b"], job):
            if isinstance(answer, TargetVisit) and not all(0 < ms < 1e7 for ms in answer.samples):
                bench.wrong(f"a visit of {answer.samples}")

    bench.call(use)


def _damaged(lines: list[str], random: Any) -> list[str]:
    result = list(lines)
    for _ in range(random.choice((1, 1, 2))):
        at = random.randrange(len(result))
        way = random.random()
        if way < 0.6:
            result[at] = json.dumps(
                mutations.tree(json.loads(lines[at % len(lines)]), random, 1, mutations.json_value)
            )
        elif way < 0.75:
            changed = mutations.raw(result[at].encode(), random)
            result[at] = changed.decode("utf-8", "replace").replace("\n", " ")
        elif way < 0.85:
            result.insert(
                at,
                random.choice(
                    (result[at], "", "{}", "[" * 100_000, "9" * 6000, '{"a":' * 3000, "x" * 100_000)
                ),
            )
        elif way < 0.95:
            del result[at]
        else:
            result.append(random.choice(lines))
        if not result:
            return [""]
    return result


def _given(lines: list[str]) -> Iterator[str]:
    yield from lines


FINDINGS = [
    {"name": "load", "value": "0.10 on 2 cores", "ok": True, "advice": ""},
    {"name": "memory", "value": None, "ok": False, "advice": "close programs"},
]
OPERATORS = [{"name": "conv", "type": "Conv", "provider": "CPU", "ms": 0.5}]


def health(bench: Bench) -> None:
    """Short answers: health, profile, outputs, energy, facts, parts of a file."""
    from hwnas.devices import answers as read

    random = bench.random
    ways: list[tuple[dict[str, Any], Any]] = [
        ({"findings": FINDINGS}, read.read_findings),
        ({"operators": OPERATORS}, read.read_operators),
        ({"graph": 0, "values": [1.0, 2.0]}, lambda message: read.read_outputs(message, 1)),
        (
            {"round": 0, "graph": 0, "mj": 4.0, "inferences": 9, "ms": 50.0},
            lambda message: read.read_energy(message, ["a"]),
        ),
        ({"facts": FACTS}, read.read_facts),
        ({"content": "aGVsbG8="}, lambda message: read.Parts().add(message)),
        ({"celsius": 50.0}, read.read_waiting),
        ({"round": 0, "conditions": {"mhz": 2000.0}}, read.read_round),
    ]
    message, reader = random.choice(ways)
    whole = {"nonce": "n", "event": "e", **message}
    line = _damaged([json.dumps(whole)], random)[0]
    bench.note(line)

    def use() -> None:
        reader(read.read_answer(line, "n"))

    bench.call(use)


def commands(bench: Bench) -> None:
    """A whole command on a device that answers what it likes."""
    random = bench.random
    (bench.folder / "d.yaml").write_text("name: d\ntransport: ssh\nhost: h\n")
    with transports({"ssh": lambda *_: _Liar(random, bench)}):
        words = random.choice(
            (("devices", "show", "d.yaml"), ("devices", "show", "d.yaml", "--json"))
        )
        bench.command(*words)


@contextmanager
def transports(factories: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Opens targets of some transports by other factories."""
    from hwnas.devices.transports import TRANSPORTS

    load = TRANSPORTS.load
    changed = {name: replace(load(name), factory=make) for name, make in factories.items()}
    with mock.patch.object(TRANSPORTS, "load", lambda name: changed.get(name) or load(name)):
        yield


class _Liar:
    """A transport to a device that answers each job in its own way."""

    sent_bytes = 0

    def __init__(self, random: Any, bench: Bench) -> None:
        self._random, self._bench = random, bench

    def connect(self) -> None:
        """Nothing is between."""

    def push(self, units: Any) -> None:
        """Takes nothing."""
        del units

    def run(self, command: Any, given: str, last: Any = None) -> Iterator[str]:
        """Answers."""
        del command, last
        nonce = next(one for one in given.splitlines() if one.startswith("nonce"))[6:]
        messages = [
            {"nonce": nonce, "event": "ready", "facts": FACTS},
            {"nonce": nonce, "event": "health", "findings": FINDINGS},
            {"nonce": nonce, "event": "done", "visits": 0},
        ]
        lines = _damaged([json.dumps(one) for one in messages], self._random)
        self._bench.note(lines)
        yield from lines

    def close(self) -> None:
        """Nothing stays."""
