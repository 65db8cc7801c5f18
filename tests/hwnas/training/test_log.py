import struct
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from hwnas.core.errors import RunError
from hwnas.training.log import TrainingLog


def events(folder: Path) -> list[Event]:
    """Of all event files, in the order in which TensorBoard reads them."""
    found = []
    for path in sorted(folder.iterdir()):
        content, position = path.read_bytes(), 0
        while position < len(content):  # length, its checksum, the event, its checksum
            (length,) = struct.unpack_from("<Q", content, position)
            found.append(Event.FromString(content[position + 12 : position + 12 + length]))
            position += length + 16
    return found


def shown(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows: a session forgets what earlier ones logged at its step or later."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for event in events(folder):
        if event.session_log.status == SessionLog.START:
            curves = {
                name: [point for point in points if point[0] < event.step]
                for name, points in curves.items()
            }
        for value in event.summary.value:
            curves.setdefault(value.tag, []).append((event.step, value.simple_value))
    return curves


def test_values_are_shown_by_name_and_step(tmp_path):
    with TrainingLog(tmp_path / "log", 0) as log:
        log.write(10, {"loss": 2.0, "speed": 5.0})
        log.write(20, {"loss": 1.5})
    assert shown(tmp_path / "log") == {"loss": [(10, 2.0), (20, 1.5)], "speed": [(10, 5.0)]}


def test_a_training_that_goes_on_shows_no_step_twice(tmp_path):
    with TrainingLog(tmp_path, 0) as log:
        for step in (10, 20, 30, 40):
            log.write(step, {"loss": 2.0})
    with TrainingLog(tmp_path, 25) as log:
        for step in (30, 40, 50):
            log.write(step, {"loss": 1.0})
    assert shown(tmp_path)["loss"] == [(10, 2.0), (20, 2.0), (30, 1.0), (40, 1.0), (50, 1.0)]


def test_what_was_flushed_outlives_a_kill(tmp_path):
    log = TrainingLog(tmp_path, 0)
    log.write(10, {"loss": 2.0})
    log.flush()
    assert shown(tmp_path) == {"loss": [(10, 2.0)]}
    log.__exit__()


def test_without_a_folder_nothing_is_logged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = []
    monkeypatch.setattr("hwnas.training.log.EventsWriter", lambda *given: opened.append(given))
    with TrainingLog(None, 0) as log:
        log.write(1, {"loss": 1.0})
        log.flush()
    assert opened == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        TrainingLog(tmp_path / "file" / "log", 0)
