"""What a tracker is given of a run, and what becomes of it in TensorBoard."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event

from hwnas.core.errors import ConfigError, RunError
from hwnas.objectives.costs import MACS
from hwnas.runs.config import RunConfig, load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.tracked import gathered, track, tracker_of
from hwnas.runs.tracking import TRACKERS
from hwnas.runs.tracking.curves import read_curves
from hwnas.runs.tracking.tracker import Tracked
from hwnas.search.journal import Journal
from hwnas.search.make_problem import make_problem
from hwnas.search.outcome import Outcome
from hwnas.search.problem import SearchProblem
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
    folder.front_file.write_text("id,accuracy,predicted_ms\nabc,90,1.5\nxyz,80,1.2\n")
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
    found = gathered(Experiment(config("none")), run)
    assert found.name == "mine"
    assert found.parameters["train.momentum"] == "0.9"
    assert [(p.name, p.step, p.value) for p in found.curves] == [
        ("supernet/loss", 10, 1.0),
        ("supernet/loss", 20, 17.0),
    ]
    assert found.front[1] == {"id": "xyz", "accuracy": "80", "predicted_ms": "1.2"}
    assert found.figures == {"front/networks": 2.0, "search/best": 90.0}
    assert [file.name for file in found.files] == ["config.yaml", "front.csv", "model.onnx"]


def test_a_front_that_a_person_has_changed_is_tracked_as_far_as_it_can_be_read(
    run: RunFolder,
) -> None:
    listener: Any = _Listener()
    run.front_file.write_bytes(b"accuracy,predicted_ms\n90\n80,1.2,more\n\xff,1\n")
    track(Experiment(config("tensorboard")), run, listener)
    assert (len(listener.said), listener.warned) == (1, [])


def test_a_curve_that_is_cut_off_is_read_as_far_as_it_goes(run: RunFolder) -> None:
    last = max((run.log_folder / "supernet").iterdir())
    last.write_bytes(last.read_bytes()[:-10])
    assert [point.step for point in read_curves(run.log_folder)] == [10]


def test_tensorboard_gets_the_result_beside_the_curves(run: RunFolder) -> None:
    listener: Any = _Listener()
    before = read_curves(run.log_folder)
    for _ in range(2):  # the later result replaces the earlier one
        track(Experiment(config("tensorboard")), run, listener)
    assert listener.said[0] == f"tracked: tensorboard --logdir {run.log_folder}"
    shown = {value.tag for event in events(run.log_folder / "result") for value in _values(event)}
    assert {"front/networks", "config/text_summary", "front/text_summary"} <= shown
    assert len(list((run.log_folder / "result").iterdir())) == 1
    assert read_curves(run.log_folder) == before


def _values(event: Event) -> Any:
    return event.summary.value


@pytest.fixture
def searched(run: RunFolder) -> tuple[Experiment, SearchProblem]:
    """The same run with a journal: four candidates, of which one is over the budget."""
    changed = {"space": "nas_bench_macro", "tracker": "tensorboard"}
    experiment = Experiment(load_run_config("quickstart", changed))
    rows = experiment.space.canonical(experiment.space.sample(np.random.default_rng(0), 40))
    costs = make_problem(experiment.space, MACS).costs(rows)
    cheap, other, third, *_, dear = rows[np.argsort(costs)].tolist()
    bound = f"{np.median(costs) / 1e6:.3f} M"
    problem = make_problem(experiment.space, MACS, {"macs": bound})
    assert problem.feasible(np.array([cheap, other, third, dear])).tolist() == [True] * 3 + [False]
    with Journal(run.journal_file) as journal:
        trials = journal.trials("random")
        for number, (row, outcome) in enumerate(
            [
                (cheap, Outcome(40.0, 1.0, (20.0, 30.0, 40.0))),
                (dear, Outcome(90.0, 1.0, (50.0, 70.0, 90.0))),
                (third, Outcome(35.0, 1.0, (15.0,), deviation=2.0)),
                (other, Outcome(60.0, 1.0, (10.0, 20.0, 60.0))),
            ]
        ):
            trials.record_outcome(number, row, outcome)
    return experiment, problem


def test_a_tracker_is_given_the_best_so_far_and_the_curves_of_candidates(
    run: RunFolder, searched: tuple[Experiment, SearchProblem]
) -> None:
    experiment, problem = searched
    found = gathered(experiment, run, problem)
    best = [(p.step, p.value) for p in found.search if p.name == "search/best"]
    assert best == [(1, 40.0), (3, 60.0)]  # the second is over the budget
    curves: dict[str, list[tuple[int, float]]] = {}
    for point in found.search:
        if point.name.startswith("candidates/"):
            curves.setdefault(point.name, []).append((point.step, point.value))
    assert sorted(curves.values())[1] == [(1, 15.0)]
    assert sorted(map(len, curves.values())) == [1, 3, 3, 3]
    assert all(name.endswith("/accuracy") for name in curves)
    assert all(time.time() - 3600 < point.time <= time.time() for point in found.search)
    figures = {name: value for name, value in found.figures.items() if name.startswith("search/")}
    assert figures == {
        "search/evaluated": 4.0,
        "search/failed": 0.0,
        "search/stopped_early": 1.0,
        "search/best": 90.0,  # of front.csv
    }
    # Where budgets were not asked for, the figures are given all the same.
    without = gathered(experiment, run)
    assert (list(without.search), without.figures) == ([], found.figures)


def test_tensorboard_gets_the_curves_of_the_search(
    run: RunFolder, searched: tuple[Experiment, SearchProblem]
) -> None:
    experiment, problem = searched
    listener: Any = _Listener()
    before = read_curves(run.log_folder)
    for _ in range(2):
        track(experiment, run, listener, problem)
    assert listener.warned == []
    values = [value for event in events(run.log_folder / "search") for value in _values(event)]
    assert [(value.tag, value.simple_value) for value in values] == [("best", 40.0), ("best", 60.0)]
    folders = list((run.log_folder / "candidates").iterdir())
    assert [len(list(folder.iterdir())) for folder in folders] == [1] * 4
    assert read_curves(run.log_folder) == before  # they are no trainings of a supernet


def test_a_damaged_journal_is_a_warning(
    run: RunFolder, searched: tuple[Experiment, SearchProblem]
) -> None:
    experiment, problem = searched
    run.journal_file.write_bytes(b"damaged")
    listener: Any = _Listener()
    track(experiment, run, listener, problem)
    (warning,) = listener.warned
    assert "run.sqlite" in warning


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
    track(Experiment(config("broken")), run, listener)
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
