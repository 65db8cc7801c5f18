"""`hwnas ensemble` exports as docs/guides/ensembles.md says, and refuses in a sentence."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from hwnas.api.run import Run
from hwnas.core.errors import BudgetError, ConfigError
from hwnas.data import to_input
from hwnas.export.layout import find_model
from hwnas.export.publication import prepare
from hwnas.networks.ids import network_id
from hwnas.runs.ensembles.form import EnsembleSummary, read_ensemble
from hwnas.runs.stale import note_front
from hwnas.spaces import load_space
from hwnas.spaces.choices_file import FORMAT, choice_names
from hwnas.training.evaluation import probabilities
from tests.hwnas.cli.conftest import Once, Terminal, assert_refused
from tests.hwnas.runs.simulated_device import no_training, simulated_device
from tests.hwnas.runs.test_exporting import CONFIG, searched_run

WELL = {"screened": [0.5], "winner": [0.9]}
BUDGET = "latency=0.9 ms"


@pytest.fixture
def run(folder: Path, once: Once) -> Run:
    """A run that was searched within 1 ms by the number of parameters, and not trained."""

    def make() -> None:
        searched_run(folder)

    once("searched by parameters", make)
    return Run.open("runs/known")


def ensemble_of(run: Run) -> tuple[Path, EnsembleSummary]:
    """The one export folder of an ensemble, and what it says."""
    (found,) = run.folder.path.glob("export/ensemble-*")
    summary = read_ensemble(found)
    assert summary is not None
    return found, summary


def test_one_file_averages_trained_networks_of_the_front(
    run: Run, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, WELL)
    typed = terminal(
        *("ensemble", "runs/known", "--members", "2", "--candidates", "3", "--json"),
        *("--patience", "0"),
    )
    assert typed.code == 0, typed.stderr
    folder, summary = ensemble_of(run)
    assert typed.document == json.loads(folder.joinpath("ensemble.json").read_text())
    assert (summary.source, summary.budget_ms, summary.shared_blocks) == ("front", 1.0, 0)
    assert len(summary.pool) == 3
    assert {one.id for one in summary.members} <= {one.id for one in summary.pool}
    alone = {one.id: one.accuracy for one in summary.pool}
    assert summary.single.id not in alone or alone[summary.single.id] == max(alone.values())
    assert summary.ensemble.measured_ms == pytest.approx(0.9)
    assert summary.ensemble.predicted_ms is not None
    assert summary.ensemble.predicted_ms <= 1
    assert summary.single.predicted_ms is not None
    assert summary.verdict.count("the best single network within the budget on") == 1
    assert summary.tried[0].accuracy == max(one.accuracy for one in summary.tried)

    # The file computes the mean of what the members, trained as exports, compute by themselves.
    whole = onnx.load(find_model(folder))
    assert [node.op_type for node in whole.graph.node].count("Softmax") == len(summary.members)
    dataset = run.experiment.dataset
    some = dataset.test.images[:4]
    session = onnxruntime.InferenceSession(find_model(folder))
    inputs = to_input(some).contiguous().numpy()
    found = np.exp([session.run(None, {"input": x[None]})[0][0] for x in inputs])
    each = [_trained(run, one.architecture, some) for one in summary.members]
    assert found == pytest.approx(np.mean(each, axis=0), abs=1e-5)
    config = json.loads((folder / "config.json").read_text())
    ids = [one["id"] for one in config["ensemble"]["members"]]
    assert ids == [one.id for one in summary.members]


def test_members_from_what_is_left_of_a_space_have_the_numbers_of_the_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = choice_names(load_space("tiny_space.yaml"), 0)
    slot = {"slot": 1, "kept": [names[-1]]}
    choices = {"format": FORMAT, "space": "tiny", "slots": [slot]}
    (folder / "choices.yaml").write_text(json.dumps(choices))
    space = "space: {name: tiny_space.yaml, choices: choices.yaml}"
    run = searched_run(folder, CONFIG.replace("space: tiny_space.yaml", space))
    simulated_device(monkeypatch, WELL)
    run.ensemble(members=2, candidates=2, budget="0.9 ms", patience=0)
    _, summary = ensemble_of(run)
    whole = load_space("tiny_space.yaml", classes=10)
    for one in summary.pool:
        assert one.architecture[0] == len(names) - 1
        assert network_id(whole.network(np.array(one.architecture))) == one.id


def _trained(run: Run, architecture: tuple[int, ...], images: np.ndarray) -> np.ndarray:
    """The probabilities by the weights that an export of a network would have."""
    from hwnas.data import Split
    from hwnas.runs.training import training_from_scratch

    network = run.experiment.space.network(np.array(architecture))
    training = training_from_scratch(network, run.experiment, run.folder)
    assert not training.is_left
    module = training.run(run.experiment.dataset.train)
    return probabilities(module, Split(images, np.zeros(len(images), np.int64)))


def test_what_is_exported_is_used_as_every_export(
    run: Run, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from PIL import Image

    simulated_device(monkeypatch, WELL)
    run.ensemble(members=2, candidates=2, budget="0.9 ms", patience=0)
    folder, summary = ensemble_of(run)
    pixels = run.experiment.dataset.test.images[0].transpose(1, 2, 0)
    Image.fromarray(pixels).save(tmp_path / "digit.png")
    seen = terminal("predict", str(folder), "digit.png", "--top", "10", "--json")
    assert seen.code == 0
    total = sum(one["probability"] for one in seen.document["images"][0]["classes"])
    assert total == pytest.approx(1, abs=1e-4)
    assert summary.budget_ms == pytest.approx(0.9)


def test_an_ensemble_that_measures_over_its_budget_is_left_for_the_next(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The single network, then the ensembles: each that is over it is measured again untrained.
    simulated_device(
        monkeypatch, {"screened": [0.5], "winner": [0.9, 1.3, 1.3, 0.8], "untrained": [1.3]}
    )
    summary = run.ensemble(members=3, candidates=4, patience=0)
    rejected, taken = summary.tried[:2]
    assert rejected.measured_ms == pytest.approx(1.3)
    assert taken.measured_ms == pytest.approx(0.8)
    assert taken.members == tuple(one.id for one in summary.members)

    simulated_device(monkeypatch, {"screened": [0.5], "winner": [0.9, 1.3], "untrained": [1.3]})
    with pytest.raises(BudgetError, match=r"none of the \d+ ensembles measured within 1 ms"):
        run.ensemble(members=3, candidates=4, patience=0)


def test_what_cannot_be_is_refused_before_anything_is_trained(
    run: Run, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, WELL)
    folder = run.folder.path
    for words, sentence in {
        "--budget macs=3M": "the budget of an ensemble is a latency on the run's own device",
        "--budget latency=3": "has no unit",
        "--members 1": "members must be from 2 to 16",
        "--members 17": "members must be from 2 to 16",
        "--from elsewhere": "are from front",
        "--budget latency=1us": "out of reach",
        "--candidates 1": "--candidates must be",
    }.items():
        assert_refused(terminal, folder, f"ensemble runs/known {words}", sentence)
    front = run.result().front
    tight = f"{1.2 * front.costs[0]} ms"
    with pytest.raises(BudgetError, match=r"no two of the .* together: the two fastest take"):
        run.ensemble(budget=tight)
    with pytest.raises(ConfigError, match="candidates must be at least 2"):
        run.ensemble(candidates=1)
    assert not (folder / "export").exists()


def test_where_nothing_is_predicted_to_fit_a_sentence_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, WELL)
    monkeypatch.setattr("hwnas.runs.ensembles.of_front.proposals", lambda *_: [])
    with pytest.raises(BudgetError, match=r"no ensemble that was looked at is predicted to run wi"):
        run.ensemble(members=2, candidates=2, patience=0)


def test_paths_of_a_supernet_share_a_trunk_and_are_trained_together(
    trained: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trained.is_dir()
    simulated_device(monkeypatch, WELL)
    assert terminal("search", "tiny.yaml", "--budget", "latency=1 s").code == 0
    words = ("ensemble", "runs/tiny", "--from", "supernet", "--candidates", "12", "--members", "2")
    typed = terminal(*words, "--json")
    assert typed.code == 0, typed.stderr
    run = Run.open("runs/tiny")
    folder, summary = ensemble_of(run)
    assert (summary.source, summary.pool) == ("supernet", ())
    assert "the ensemble was trained both ways" in typed.stderr
    config = json.loads((folder / "config.json").read_text())["ensemble"]
    assert summary.shared_blocks == len(config["trunk"]) >= 1  # the stem at least
    alone = sum(one.predicted_ms or 0 for one in summary.members)
    assert summary.ensemble.predicted_ms is not None
    assert summary.ensemble.predicted_ms < alone
    assert {way for one in summary.tried for way in one.ways} == {"PRS", "PAP", "PIE"}
    softmax = [one for one in onnx.load(find_model(folder)).graph.node if one.op_type == "Softmax"]
    assert len(softmax) == len(summary.members) == 2

    # Trained once: what is made again has the same weights.
    before = (folder / "model.onnx").read_bytes()
    monkeypatch.setattr("hwnas.runs.ensembles.weights.with_loss", no_training)
    assert terminal(*words).code == 0
    assert (folder / "model.onnx").read_bytes() == before


def test_without_a_supernet_there_is_no_trunk_to_share(run: Run, terminal: Terminal) -> None:
    words = "ensemble runs/known --from supernet"
    assert_refused(terminal, run.folder.path, words, "has no trained supernet")


def test_of_a_device_that_is_not_reached_predictions_have_the_last_word(npu: Path) -> None:
    (npu / "known.yaml").write_text(CONFIG.replace("device: local_cpu", "device: npu.yaml"))
    run = Run.open("known.yaml")
    run.search()
    summary = run.ensemble(members=2, candidates=2)
    folder, _ = ensemble_of(run)
    assert (summary.ensemble.measured_ms, summary.single.measured_ms) == (None, None)
    assert summary.ensemble.predicted_ms is not None
    assert summary.ensemble.predicted_ms <= summary.budget_ms
    latency = json.loads((folder / "verification.json").read_text())["latency"]
    assert latency["not_measured"] == "the timings of npu were imported"

    mark = folder / "STALE.txt"
    for sentence in note_front(run.folder, "of another search"):
        assert sentence == f"{folder} is marked as stale: it is of an earlier front"
    assert "this is an ensemble of an earlier front" in mark.read_text()
    assert note_front(run.folder, "of another search") == []  # said once
    assert note_front(run.folder, summary.front_digest) == []
    assert not mark.exists()
    mark.write_text("of an earlier front")
    assert run.ensemble(members=2, candidates=2).ensemble.id == summary.ensemble.id
    assert not mark.exists()

    page = run.report().page.read_text()
    assert "Ensembles" in page
    assert summary.ensemble.id in page
    with pytest.raises(ConfigError, match="has no model card"):
        prepare(folder, "hf:somebody/something")
