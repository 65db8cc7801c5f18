"""Picked networks are exported as docs/guides/export.md says: none replaces another."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hwnas.api.run import Run
from hwnas.cli.choosing import ask_picks
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Network
from hwnas.networks.ids import network_id
from hwnas.runs import winner
from hwnas.runs.exporting import ExportedPick, Exporter
from hwnas.runs.picks import Pick
from hwnas.runs.summary_form import Summary
from hwnas.training.single import SingleTraining
from tests.hwnas.cli.conftest import Once, Terminal, assert_refused
from tests.hwnas.runs.simulated_device import no_training, simulated_device
from tests.hwnas.runs.test_exporting import searched_run
from tests.hwnas.runs.test_trainings import Diverging

WELL = {"screened": [0.5], "winner": [0.9]}


@pytest.fixture
def run(folder: Path, once: Once, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose winner and quickest network were exported within the budget of 1 ms."""

    def make() -> None:
        with monkeypatch.context() as patch:
            simulated_device(patch, WELL)
            searched_run(folder).export(picks="best,fastest", patience=0)

    once("picked", make)
    return Run.open("runs/known")


def ids(run: Run) -> list[str]:
    """Those of the front, the cheapest first."""
    front = run.result().front
    return list(map(network_id, run.experiment.space.networks(front.architectures)))


def exported(run: Run) -> dict[str, str]:
    """The id of the network in each export folder."""
    found = run.folder.path.glob("export/*/config.json")
    return {path.parent.name: json.loads(path.read_text())["id"] for path in found}


def test_a_pick_stands_beside_the_winner_in_a_folder_of_its_own(run: Run) -> None:
    fastest, *_, best = ids(run)
    found = exported(run)
    assert (found["winner"], found[fastest]) == (best, fastest)
    assert set(found) == {"winner", "reference", fastest}
    summary = run.summary()
    assert summary is not None
    (row,) = summary.picks
    assert (row.id, row.asked, row.folder, row.over) == (fastest, ("fastest",), fastest, ())
    assert row.score == run.result().front.scores[0]
    assert row.figures.measured_ms == pytest.approx(0.9)
    assert row.reference_ms == pytest.approx(2.0)
    assert row.verdict is not None
    assert row.verdict.startswith("55 % faster than mobilenet_v3_small")
    files = [{path.name for path in run.folder.export_folder(one).iterdir()} for one in found]
    assert files[0] == files[1] == files[2]


def test_a_pick_over_the_budget_is_exported_once_and_says_by_how_much(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"winner": [1.3]})
    summary = run.export(picks="0 0 0 0 0", patience=0)
    row = summary.picks[-1]
    assert (row.id in ids(run), row.asked) == (False, ("architecture",))
    assert row.over == ("latency 1.3 ms measured, 30 % over the budget of 1 ms",)
    assert isinstance(summary, Summary)
    assert summary.winner.measured_ms == pytest.approx(0.9)
    assert exported(run)["winner"] == summary.winner.id
    assert (run.folder.export_folder(row.folder) / "model.onnx").is_file()

    device = simulated_device(monkeypatch, WELL)
    again = run.export(picks=["best", "fastest", "0,0,0,0,0"])
    assert device.measured == []
    assert again == summary


def test_a_pick_for_other_inputs_is_made_anew_and_the_winner_stays_known(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, WELL)
    before = run.summary()
    after = run.export(picks="fastest", image_input="uint8", patience=0)
    assert before is not None
    assert after.winner == before.winner
    (row,) = after.picks
    config = json.loads((run.folder.export_folder(row.folder) / "config.json").read_text())
    assert config["input"]["type"] == "uint8"


def test_another_winner_leaves_the_earlier_one_its_files(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fastest, *_, second, first = ids(run)
    device = simulated_device(monkeypatch, {"screened": [1.5, 0.5], "winner": [0.8]})
    before = run.export(picks=first)
    assert device.measured == []  # it is the winner, and not made twice
    assert isinstance(before, Summary)
    assert before.picks[-1].folder == "winner"
    assert before.picks[-1].figures == before.winner

    earlier = run.folder.export_folder("winner")
    content = {path.name: path.read_bytes() for path in earlier.iterdir()}
    monkeypatch.setattr("hwnas.runs.best_of_front.SCREENED", 1)
    summary = run.export(patience=0)
    assert summary.winner.id == exported(run)["winner"] == second
    kept = run.folder.export_folder(first)
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == content
    assert {row.id: row.folder for row in summary.picks} == {fastest: fastest, first: first}
    assert summary.rejected[0].id == first


def test_killed_between_two_picks_the_first_is_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, WELL)
    fastest, first, second, *_ = ids(run)
    whole: Callable[[Exporter, Pick], ExportedPick] = Exporter.pick
    made: list[str] = []

    def pick(exporter: Exporter, one: Pick) -> ExportedPick:
        made.append(one.id)
        if made == [first, second]:
            raise KeyboardInterrupt
        return whole(exporter, one)

    monkeypatch.setattr(Exporter, "pick", pick)
    with pytest.raises(KeyboardInterrupt):
        run.export(picks=[first, second])
    summary = run.export(picks=[first, second], patience=0)
    assert made == [first, second, second]
    assert [row.id for row in summary.picks] == [fastest, first, second]


def test_a_pick_that_cannot_be_trained_stops_no_other(
    run: Run, monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    simulated_device(monkeypatch, WELL)
    _, first, second, *_ = ids(run)
    whole = winner.training_from_scratch

    def training(network: Network, *given: Any) -> SingleTraining:
        made = whole(network, *given)
        diverges = network_id(network) == first
        return replace(made, rule=Diverging()) if diverges else made

    monkeypatch.setattr(winner, "training_from_scratch", training)
    answer = terminal("export", "runs/known", "--pick", f"{first},{second}", "--patience", "0")
    assert answer.code == 2
    assert f"warning: {first} is not exported: the loss is nan" in answer.stderr
    assert answer.stderr.splitlines()[-1] == (
        f"hwnas: 1 of 2 picks cannot be trained: {first} (the loss is nan); the others were "
        "exported"
    )
    assert (first in exported(run), second in exported(run)) == (False, True)
    alone = terminal("export", "runs/known", "--pick", first)
    assert (alone.code, alone.stderr.splitlines()[-1]) == (2, "hwnas: the loss is nan")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--workers 0", "--workers must be greater than or equal to 1"),
        ("--ray here", "'here' is no address of a Ray cluster; write auto"),
        ("--workers 2 --ray 127.0.0.1:1", "cluster '127.0.0.1:1' cannot be joined"),
    ],
)
def test_workers_that_cannot_be_are_refused(
    run: Run, terminal: Terminal, words: str, sentence: str
) -> None:
    before = exported(run)
    answer = terminal("export", "runs/known", "--pick", ids(run)[1], *words.split())
    assert answer.code == 2
    assert sentence in answer.stderr.splitlines()[-1]
    assert "Traceback" not in answer.stderr
    assert exported(run) == before


def test_picks_alone_make_no_winner(
    run: Run, monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    run.folder.summary_file.unlink()
    for path in run.folder.path.glob("export/*/verification.json"):
        path.unlink()  # as a new run with its trainings done
    simulated_device(monkeypatch, {"screened": [1.5], "winner": [1.2]})
    monkeypatch.setattr("hwnas.runs.trainings.with_loss", no_training)
    answer = terminal("export", "runs/known", "--pick", "fastest", "--json")
    assert answer.code == 0, answer.stderr
    document: dict[str, Any] = answer.document
    (row,) = document["picks"]
    assert (document["winner"], document["model"], row["id"]) == (None, None, ids(run)[0])
    assert document["reference"]["measured_ms"] == pytest.approx(2.0)
    assert json.loads(run.folder.summary_file.read_text()) == document
    assert run.summary() is None
    shown = terminal("export", "runs/known", "--pick", row["id"])
    assert "latency 1.2 ms measured, 20 % over the budget of 1 ms" in shown.stdout

    # No network keeps the budget: the other picks are exported in all formats, and that is said.
    converted: list[str] = []

    def status_stage(_: Any, folders: list[Path], *__: Any) -> dict[str, Any]:
        converted.extend(folder.name for folder in folders)
        return {}

    monkeypatch.setattr("hwnas.runs.export_stage.status_stage", status_stage)
    words = ("--pick", f"best,{row['id']}", "--patience", "0", "--format", "ort")
    refused = terminal("export", "runs/known", *words)
    assert converted == [row["id"]]
    assert refused.code == 2
    assert "networks of the front measured within 1 ms" in refused.stderr.splitlines()[-1]
    assert refused.stderr.endswith("the other picks were exported\n")


def test_a_wrong_pick_is_refused_before_anything_is_done(run: Run, terminal: Terminal) -> None:
    files = [path for path in run.folder.path.rglob("*") if path.is_file()]
    before = [path.stat().st_mtime_ns for path in files]
    answer = terminal("export", "runs/known", "--pick", "knee", "--pick", "zzzzzzz")
    assert (answer.code, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)
    assert "begins with 'zzzzzzz'; the first column of runs/known/front.csv" in answer.stderr
    assert [path.stat().st_mtime_ns for path in files] == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--choose", "--choose asks on a terminal, and there is none; name networks with --pick"),
        ("--choose --pick knee", "--choose and --pick are both given; leave one of them out"),
    ],
)
def test_only_a_terminal_is_asked_and_only_without_a_pick(
    folder: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, folder, f"export runs/known {words}", sentence)


def test_a_terminal_shows_the_front_and_asks_until_the_answer_names_networks(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ids(run)
    answers = iter(["99", "beste", f"1, {names[-1]} knee"])
    monkeypatch.setattr("rich.prompt.Prompt.ask", lambda *_, **__: next(answers))
    named = ask_picks(Output(as_json=False), run)
    assert named == f"{names[0]},{names[-1]},knee"
    shown, said = capsys.readouterr()
    assert all(f"│ {one} │" in shown for one in names)
    assert "there is no number 99 in the list" in said
    assert "'beste' is no pick" in said


def test_a_terminal_that_ends_chooses_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", _end)
    with pytest.raises(ConfigError, match="nothing was chosen, and nothing exported"):
        ask_picks(Output(as_json=False), run)


def _end(*_: Any) -> str:
    raise EOFError
