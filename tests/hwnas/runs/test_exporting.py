"""The exporter: the front from its most accurate network down, until one keeps the budgets."""

from pathlib import Path

import pytest

from hwnas.api.run import Run
from hwnas.core.errors import BudgetError
from hwnas.core.listener import SILENT
from hwnas.devices.device import load_device
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.objectives.costs import block_macs
from hwnas.runs.exporting import Export, Exporter
from hwnas.runs.latency_check import Patience
from hwnas.runs.searching import RunSearch
from hwnas.spaces import load_space
from hwnas.spaces.references.of_space import reference_of
from tests.hwnas.cli.conftest import folder  # noqa: F401
from tests.hwnas.runs.simulated_device import simulated_device

TRAINING = "{epochs: 1, batch_size: 16, learning_rate: 0.1, flip: false, crop_padding: 1}"
CONFIG = f"""
space: tiny_space.yaml
accuracy: {{estimator: params}}
device: local_cpu
table: table.sqlite
data: {{source: digits, limit: 60}}
train: {TRAINING}
fine_tune: {TRAINING}
export: {{weights_from: scratch}}
search: {{budgets: {{latency: 1 ms}}, evaluations: 40, searchers: [random]}}
"""


@pytest.fixture
def run(folder: Path) -> Run:  # noqa: F811
    """A run that was searched by the number of parameters, on timings that were made up."""
    return searched_run(folder)


def searched_run(folder: Path, config: str = CONFIG) -> Run:  # noqa: F811
    """The same, made in a folder."""
    (folder / "known.yaml").write_text(config)
    space = load_space("tiny_space.yaml")
    blocks = [*space.blocks(), *(reference_of(space) or ())]
    timings = {block: 1e-6 * block_macs(block) + 0.01 for block in blocks}
    fingerprint = read_fingerprint(load_device("local_cpu"))
    import_timings(folder / "table.sqlite", fingerprint, timings, 0.1)
    found = Run.open("known.yaml")
    found.search()
    return found


def exported(run: Run, result: RunSearch | None = None) -> Export:
    experiment = run.experiment
    latency, patience = experiment.latency_model(), Patience(0.0)
    found = result or run.result()
    with run.held():
        folder = run.folder
        exporter = Exporter(experiment, folder, latency, None, found, SILENT, patience)
        return exporter.export()


def test_the_best_network_that_keeps_the_budget_is_exported_beside_the_reference(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"screened": [0.5], "winner": [0.9]})
    export = exported(run)
    best = run.result().front.architectures[-1]
    assert export.winner.network == run.experiment.space.network(best)
    assert (export.winner.weights_from, export.rejected, export.doubtful) == ("scratch", (), ())
    assert export.winner.measured is not None
    assert export.winner.measured.ms == pytest.approx(0.9)
    assert export.reference is not None
    assert export.reference.network == run.experiment.reference
    for one in (export.winner, export.reference):
        assert {"model.onnx", "verification.json"} <= {path.name for path in one.folder.iterdir()}


def test_a_network_over_the_budget_is_rejected_with_its_figures_for_the_next(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.runs.best_of_front.SCREENED", 1)
    simulated_device(monkeypatch, {"screened": [1.5, 0.5], "winner": [0.9]})
    export = exported(run)
    front = run.result().front
    assert export.winner.network == run.experiment.space.network(front.architectures[-2])
    (rejected,) = export.rejected
    assert (rejected.stage, rejected.unit, rejected.device) == ("untrained", "ms", "")
    assert rejected.measured == pytest.approx(1.5)
    assert rejected.score == front.scores[-1]
    assert rejected.predicted == pytest.approx(front.costs[-1])


def test_without_a_network_within_the_budget_nothing_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"screened": [1.5]})
    count = len(run.result().front.scores)
    with pytest.raises(BudgetError, match=f"none of the {count} networks of the front measured"):
        exported(run)
    assert not run.folder.export_folder("winner").exists()
