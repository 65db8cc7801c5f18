"""Reading ONNX Runtime's profile: how long each operator took."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hwnas.devices.runtimes.runtime import Operator

Event = Mapping[str, Any]

_KERNEL = "_kernel_time"
# One over the nodes of a graph, and one over those of a subgraph for every pass through it.
_PASS = "SequentialExecutor::Execute"


@dataclass
class _Call:
    """One execution of a node, or one pass through a graph, with what ran inside it."""

    event: Event
    inner: list["_Call"] = field(default_factory=list)

    def nodes(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Event, int]]:
        """All nodes in the order they began: path of names, event, microseconds of its own."""
        if self.event["name"] != _PASS:
            path = (*path, self.event["name"].removesuffix(_KERNEL))
            nested = sum(node.event["dur"] for one in self.inner for node in one.inner)
            yield path, self.event, max(self.event["dur"] - nested, 0)
        for one in self.inner:
            yield from one.nodes(path)


def by_operator(events: Iterable[Event], runs: int, provider: str) -> list[Operator]:
    """The mean time of each operator over the faster half of the last runs.

    The time of an If or a Loop excludes the nodes inside, which are named after it ("loop/matmul"),
    so that the sum over all is the time of all kernels. The slower half is left out because an
    interruption hits a single operator.

    Args:
        events: of the profile's file.
        runs: inferences that count; those before them were the warm-up.
        provider: of nodes that do not name theirs.

    Returns:
        In the order of the first execution.
    """
    last = _inferences(events)[-runs:]
    fast = sorted(last, key=lambda call: call.event["dur"])[: (len(last) + 1) // 2]
    found: dict[tuple[Any, ...], Operator] = {}
    for call in fast:
        for path, event, own in call.nodes():
            args = event["args"]
            # The branches of an If may have nodes of one name: hence type and index.
            operator = found.setdefault(
                (path, args["op_name"], args.get("node_index")),
                {
                    "name": "/".join(path),
                    "type": args["op_name"],
                    "provider": args.get("provider", provider),
                    "ms": 0.0,
                },
            )
            operator["ms"] += own / len(fast) / 1000
    return list(found.values())


def _inferences(events: Iterable[Event]) -> list[_Call]:
    """The passes through the whole graph.

    An event is written when it ends: those inside it are before it, and began no earlier.
    """
    open_calls: list[_Call] = []
    whole: list[_Call] = []
    for event in events:
        kernel = event.get("cat") == "Node" and event["name"].endswith(_KERNEL)
        if event["name"] == "model_run":
            whole += open_calls[-1:]
            open_calls = []
        elif kernel or event["name"] == _PASS:
            # Inside a pass are nodes, inside a node passes; a neighbour of no length may have begun
            # at the same microsecond.
            open_calls, inner = _split(open_calls, event, passes=kernel)
            open_calls.append(_Call(event, inner))
    return whole


def _split(
    calls: Sequence[_Call], event: Event, *, passes: bool
) -> tuple[list[_Call], list[_Call]]:
    """Calls before an event and calls inside it."""
    first = len(calls)
    while (
        first
        and calls[first - 1].event["ts"] >= event["ts"]
        and ((calls[first - 1].event["name"] == _PASS) == passes)
    ):
        first -= 1
    return list(calls[:first]), list(calls[first:])
