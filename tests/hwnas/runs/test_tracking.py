"""What a tracker is given of a run, and what becomes of it in TensorBoard."""

from pathlib import Path
from typing import Any

import pytest
from tensorboardX.proto.event_pb2 import Event

from hwnas.core.errors import ConfigError, RunError
from hwnas.runs.config import RunConfig, load_run_config
from hwnas.runs.folder import RunFolder
from hwnas.runs.tracked import gathered, track, tracker_of
from hwnas.runs.tracking import TRACKERS
from hwnas.runs.tracking.curves import read_curves
from hwnas.runs.tracking.tracker import Tracked
from hwnas.training.log import TrainingLog
from tests.hwnas.training.test_log import events


def config(tracker: str) -> RunConfig:
    return load_run_config("quickstart", {"tracker": tracker})


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run with curves, one of which was interrupted, a front and a winner's file."""
    folder = RunFolder(tmp_path / "mine")
    for step in (0, 15):
        with TrainingLog(folder.log_folder / "supernet", step) as log:
            for later in (10, 20):
                if later > step:
                    log.write(later, {"loss": later / 10 + step})
    folder.front_file.write_text("accuracy,predicted_ms\n90,1.5\n80,1.2\n")
    (folder.path / "export/winner").mkdir(parents=True)
    (folder.path / "export/winner/model.onnx").write_bytes(b"model")
    folder.adopt(config("none"))
    return folder


class _Listener:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.say, self.warn = self.said.append, self.warned.append


def test_a_tracker_is_given_parameters_curves_front_and_files(run: RunFolder) -> None:
    found = gathered(config("none"), run)
    assert found.name == "mine"
    assert found.parameters["train.momentum"] == "0.9"
    assert [(p.name, p.step, p.value) for p in found.curves] == [
        ("supernet/loss", 10, 1.0),
        ("supernet/loss", 20, 17.0),
    ]
    assert found.front[1] == {"accuracy": "80", "predicted_ms": "1.2"}
    assert found.figures == {"front/networks": 2.0}
    assert [file.name for file in found.files] == ["config.yaml", "front.csv", "model.onnx"]


def test_a_front_that_a_person_has_changed_is_tracked_as_far_as_it_can_be_read(
    run: RunFolder,
) -> None:
    listener: Any = _Listener()
    run.front_file.write_bytes(b"accuracy,predicted_ms\n90\n80,1.2,more\n\xff,1\n")
    track(config("tensorboard"), run, listener)
    assert (len(listener.said), listener.warned) == (1, [])


def test_a_curve_that_is_cut_off_is_read_as_far_as_it_goes(run: RunFolder) -> None:
    last = max((run.log_folder / "supernet").iterdir())
    last.write_bytes(last.read_bytes()[:-10])
    assert [point.step for point in read_curves(run.log_folder)] == [10]


def test_tensorboard_gets_the_result_beside_the_curves(run: RunFolder) -> None:
    listener: Any = _Listener()
    before = read_curves(run.log_folder)
    for _ in range(2):  # the later result replaces the earlier one
        track(config("tensorboard"), run, listener)
    assert listener.said[0] == f"tracked: tensorboard --logdir {run.log_folder}"
    shown = {value.tag for event in events(run.log_folder / "result") for value in _values(event)}
    assert {"front/networks", "config/text_summary", "front/text_summary"} <= shown
    assert len(list((run.log_folder / "result").iterdir())) == 1
    assert read_curves(run.log_folder) == before


def _values(event: Event) -> Any:
    return event.summary.value


class _Broken:
    name = "broken"

    def __init__(self, folder: Path) -> None:
        del folder

    def check(self) -> None:
        pass

    def keep(self, tracked: Tracked) -> str:
        del tracked
        raise RunError("nobody answers")


def test_a_tracker_that_fails_is_a_warning(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TRACKERS, "_added", {"broken": _Broken})
    listener: Any = _Listener()
    track(config("broken"), run, listener)
    assert listener.warned == ["nobody answers"]


def test_an_unknown_tracker_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"there is no tracker 'mlfow'; did you mean 'mlflow'"):
        config("mlfow")


def test_a_missing_package_is_said_before_any_work(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.runs.tracking.mlflow.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'hwnas\[mlflow\]'"):
        tracker_of(config("mlflow"), run)
