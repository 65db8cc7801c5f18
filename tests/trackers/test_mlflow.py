"""Runs in a real MLflow, of which 'make test-trackers' installs the client and the file store."""

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from hwnas.runs.tracking.mlflow import MlflowTracker
from hwnas.runs.tracking.tracker import Point, Tracked


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder with a file of the winner; MLflow keeps its runs in another folder."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "store").as_uri())
    winner = tmp_path / "mine/export/winner"
    winner.mkdir(parents=True)
    (winner / "model.onnx").write_bytes(b"model")
    (tmp_path / "mine/front.csv").write_text("accuracy\n90\n")
    return tmp_path / "mine"


def tracked(run: Path, *, epochs: str, points: int, judged: int = 0) -> Tracked:
    return Tracked(
        name="mine",
        parameters={"train.epochs": epochs, "search.budgets.latency@pi.yaml": "3 ms"},
        curves=[Point("supernet/loss", step, 1.0 / (step + 1), 100.0) for step in range(points)],
        figures={"winner/accuracy": 91.0},
        front=[{"accuracy": "90"}],
        files=[run / "front.csv", run / "export/winner/model.onnx"],
        search=[Point("search/best", step, 50.0 + step, 100.0) for step in range(judged)],
    )


def the_run(client: MlflowClient) -> Any:
    experiment = client.get_experiment_by_name("hwnas")
    (found,) = client.search_runs([experiment.experiment_id])
    return found


def test_mlflow_gets_parameters_curves_figures_and_files(run: Path) -> None:
    where = MlflowTracker(run).keep(tracked(run, epochs="3", points=4))
    client = MlflowClient()
    found = the_run(client)
    assert found.info.run_id in where
    assert found.info.status == "FINISHED"
    assert found.data.params == {
        "train.epochs": "3",
        "search.budgets.latency_pi.yaml": "3 ms",
    }
    assert found.data.metrics["winner/accuracy"] == 91.0
    history = client.get_metric_history(found.info.run_id, "supernet/loss")
    assert [(point.step, point.value) for point in history] == [
        (step, 1.0 / (step + 1)) for step in range(4)
    ]
    files = client.list_artifacts(found.info.run_id, "export/winner")
    assert [file.path for file in files] == ["export/winner/model.onnx"]


def test_a_later_command_adds_what_is_new_to_the_same_run(run: Path) -> None:
    tracker = MlflowTracker(run)
    tracker.keep(tracked(run, epochs="3", points=2))
    tracker.keep(tracked(run, epochs="5", points=3))
    client = MlflowClient()
    found = the_run(client)
    assert len(client.get_metric_history(found.info.run_id, "supernet/loss")) == 3
    assert found.data.params["train.epochs"] == "3"
    assert found.data.tags["train.epochs"] == "5"


def test_curves_that_grow_side_by_side_are_each_kept_once(run: Path) -> None:
    tracker = MlflowTracker(run)
    for points, judged in ((2, 3), (2, 0), (4, 5)):
        tracker.keep(tracked(run, epochs="3", points=points, judged=judged))
    client = MlflowClient()
    number = the_run(client).info.run_id
    for name, count in (("supernet/loss", 4), ("search/best", 5)):
        steps = [point.step for point in client.get_metric_history(number, name)]
        assert steps == list(range(count))


def test_a_run_that_was_deleted_there_or_a_damaged_note_begins_anew(run: Path) -> None:
    MlflowTracker(run).keep(tracked(run, epochs="3", points=2))
    (run / "mlflow.json").write_text("[")
    MlflowTracker(run).keep(tracked(run, epochs="3", points=2))
    client = MlflowClient()
    experiment = client.get_experiment_by_name("hwnas")
    assert len(client.search_runs([experiment.experiment_id])) == 2
