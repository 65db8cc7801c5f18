"""The curves of a run's trainings, read back from what they wrote for TensorBoard."""

import struct
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorboardX.proto.event_pb2 import Event, SessionLog

from hwnas.runs.tracking.tracker import Point

# Of a record: its length and the length's checksum before, its own checksum behind.
_BEFORE, _BEHIND = 12, 4


def read_curves(folder: Path) -> list[Point]:
    """The points of all trainings, as TensorBoard shows them.

    A training that went on after an interruption replaces what it had written beyond that step.

    Args:
        folder: with the event files, in it or in folders, whose names the curves get.
    """
    found: list[Point] = []
    for inner in sorted({file.parent for file in folder.rglob("events*")}):
        prefix = "" if inner == folder else f"{inner.relative_to(folder)}/"
        points: list[Point] = []
        for event in _events(inner):
            if event.session_log.status == SessionLog.START:
                points = [point for point in points if point.step < event.step]
            points += [
                Point(prefix + value.tag, event.step, value.simple_value, event.wall_time)
                for value in event.summary.value
            ]
        found += points
    return found


def _events(folder: Path) -> Iterator[Event]:
    for path in sorted(folder.glob("events*")):
        content, position = path.read_bytes(), 0
        while position + _BEFORE <= len(content):
            (length,) = struct.unpack_from("<Q", content, position)
            start = position + _BEFORE
            if start + length > len(content):  # being written, or cut off by a kill
                break
            try:
                yield Event.FromString(content[start : start + length])
            except DecodeError:
                break
            position = start + length + _BEHIND
