"""Searches by accuracies from a CSV: no supernet, no images."""

import csv
import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from hwnas.estimators.loading import load_estimator
from hwnas.runs import winner
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, add_training, assert_no_run, imported
from tests.hwnas.search.problems import every_architecture, synthetic_score

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: table, file: known.csv}
device: npu.yaml
table: table.sqlite
search: {budgets: {latency: 1 s}, evaluations: 40, searchers: [surrogate, random]}
"""

pytestmark = pytest.mark.usefixtures("few_trees")

PREDICTOR = ("--set", "accuracy.estimator=predictor", "--set", "accuracy.file=some.csv")


def write_csv(path: Path, rows: np.ndarray) -> None:
    scores = 50 + 2 * synthetic_score(rows)
    lines = (
        f"{' '.join(map(str, row))},{score}"
        for row, score in zip(rows.tolist(), scores, strict=True)
    )
    path.write_text("architecture,accuracy\n" + "\n".join(lines) + "\n")


@pytest.fixture
def known(npu: Path) -> Path:
    """The working folder with `known.yaml`, a whole table `known.csv` and a part in `some.csv`."""
    (npu / "known.yaml").write_text(CONFIG)
    every = every_architecture(load_space("tiny_space.yaml"))
    write_csv(npu / "known.csv", every)
    write_csv(npu / "some.csv", every[::20])
    return npu


def front(run: Path) -> list[dict[str, str]]:
    with (run / "front.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_table_is_searched_without_supernet_or_images(known: Path, terminal: Terminal) -> None:
    answer = terminal("search", "known.yaml", "--json")
    assert answer.code == 0, answer.stderr
    every = every_architecture(load_space("tiny_space.yaml"))
    assert f"accuracies of {len(every):,} networks from known.csv" in answer.stderr
    assert answer.document["accuracy"]["estimator"] == "table"
    made = {item.name for item in (known / "runs/known").iterdir()}
    assert made - {".lock"} == {"config.yaml", "front.csv", "inputs.json", "run.sqlite"}
    rows = front(known / "runs/known")
    for row in rows:
        choices = np.array([list(map(int, row["architecture"].split()))])
        assert float(row["accuracy"]) == pytest.approx(50 + 2 * synthetic_score(choices)[0], 1e-5)
    assert terminal("search", "known.yaml", "--json").document == answer.document
    reported = terminal("report", "runs/known", "--json").document
    page = Path(reported["report"]).read_text()
    assert "accuracy in known.csv" in page
    assert "supernet" not in page.split("<section id='config'")[0].split("</style>")[1]


def test_a_predictor_tells_its_error_beside_the_additive_one(
    known: Path, terminal: Terminal
) -> None:
    answer = terminal("search", "known.yaml", *PREDICTOR)
    assert answer.code == 0, answer.stderr
    assert "mean error (points)" in answer.stdout
    assert "additive" in answer.stdout
    assert "(used)" in answer.stdout
    document = terminal("search", "known.yaml", *PREDICTOR, "--json").document
    reported = document["accuracy"]
    assert set(reported["errors"]) == {
        "additive",
        "additive and costs",
        "neighbours",
        "neighbours and costs",
        "slots",
        "slots and costs",
        "stages",
        "trees and costs",
    }
    assert reported["networks"] == len((known / "some.csv").read_text().splitlines()) - 1
    assert terminal("report", "runs/known").code == 0
    page = (known / "runs/known/report.html").read_text()
    assert f"{reported['chosen']} (used)" in page


def test_a_predictor_that_sees_latencies_is_of_one_measurement_of_the_device(
    known: Path, terminal: Terminal
) -> None:
    first = ("search", "known.yaml", *PREDICTOR, "--set", "accuracy.latency=true")
    assert terminal(*first).code == 0
    assert terminal(*first).code == 0
    (known / "table.sqlite").unlink()
    imported(known, "npu", "table.sqlite", scale=2.0)
    again = terminal(*first)
    assert again.code == 2
    assert "was made with another latency model" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_table_of_accuracies_sees_no_latencies(known: Path, terminal: Terminal) -> None:
    words = ("--set", "accuracy.latency=true")
    sentence = "leave out latency, or set estimator to predictor"
    assert_no_run(terminal, known, words, sentence)


def test_a_predictor_is_searched_exactly_by_default_and_corrected(
    known: Path, terminal: Terminal
) -> None:
    """The default of a config that names no searchers."""
    text = (known / "known.yaml").read_text().replace(", evaluations: 40", "")
    text = text.replace(", searchers: [surrogate, random]", "")
    (known / "known.yaml").write_text(text)
    answer = terminal("search", "known.yaml", *PREDICTOR)
    assert answer.code == 0, answer.stderr
    assert "exact_front: exact: " in answer.stdout
    assert "corrected" in answer.stdout.split("front of ")[1].split("found by")[0]
    assert "a search favours networks that its predictor overrates" in answer.stdout
    document = terminal("search", "known.yaml", *PREDICTOR, "--json").document
    assert document["how"]["exact_front"].startswith("exact: ")
    space = load_space("tiny_space.yaml")
    made = load_estimator("predictor", space, file=known / "some.csv")
    best = made.evaluate_architectures(every_architecture(space)).max()
    assert max(row["accuracy"] for row in document["front"]) == best
    rows = front(known / "runs/known")
    assert [float(row["corrected"]) for row in rows] == pytest.approx(
        [row["corrected"] for row in document["front"]], rel=1e-5
    )
    assert terminal("report", "runs/known").code == 0
    page = (known / "runs/known/report.html").read_text()
    assert "<th scope='col'>corrected (%)</th>" in page
    assert "a search favours networks that its predictor overrates" in page
    assert "exact_front: exact: " in page


def test_scores_of_another_version_of_the_predictor_do_not_meet(
    known: Path, terminal: Terminal
) -> None:
    assert terminal("search", "known.yaml", *PREDICTOR).code == 0
    journal = sqlite3.connect(known / "runs/known/run.sqlite")
    journal.execute("UPDATE meta SET value = 'predictor, version 0' WHERE key = 'estimator'")
    journal.commit()
    journal.close()
    answer = terminal("search", "known.yaml", *PREDICTOR)
    assert answer.code == 2
    assert "was made with another estimator (predictor, version 0, now predictor" in answer.stderr
    assert "name a new run folder with --run" in answer.stderr
    # What was found before can still be looked at.
    assert terminal("report", "runs/known").code == 0


def test_damaged_corrections_are_refused_by_a_sentence(known: Path, terminal: Terminal) -> None:
    assert terminal("search", "known.yaml", *PREDICTOR).code == 0
    journal = sqlite3.connect(known / "runs/known/run.sqlite")
    journal.execute("UPDATE meta SET value = '[1e999]' WHERE key LIKE 'note corrected %'")
    journal.commit()
    journal.close()
    answer = terminal("report", "runs/known")
    assert answer.code == 2
    assert "its corrected scores are not one number for each network" in answer.stderr
    assert terminal("search", "known.yaml", *PREDICTOR).code == 0
    assert terminal("report", "runs/known").code == 0


def test_a_changed_file_needs_a_new_run_and_changes_nothing(
    known: Path, terminal: Terminal
) -> None:
    assert terminal("search", "known.yaml", *PREDICTOR).code == 0
    before = {item: item.read_bytes() for item in (known / "runs/known").iterdir()}
    text = (known / "some.csv").read_text()
    (known / "some.csv").write_text(text + text.splitlines()[-1].split(",")[0] + ",12\n")
    answer = terminal("search", "known.yaml", *PREDICTOR, "--budget", "macs=1 G")
    assert answer.code == 2
    assert "run.sqlite was made with another accuracy file" in answer.stderr
    assert "name a new run folder with --run" in answer.stderr
    kept = {item: item.read_bytes() for item in (known / "runs/known").iterdir()}
    assert kept == before
    other = terminal("search", "known.yaml")
    assert other.code == 2
    assert "accuracy.estimator is 'predictor' there and 'table' here" in other.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "accuracy.file=some.csv"), "use the estimator 'predictor'"),
        (("--set", "accuracy.file=none.csv"), "none.csv is not there"),
        (("--set", "accuracy.file=null"), "accuracy: estimator: table needs a CSV"),
        (
            ("--set", "accuracy.estimator=oracle"),
            "there is no estimator 'oracle' (known: supernet, t",
        ),
        (("--set", "accuracy.estimator=supernet"), "estimator: supernet reads no file"),
        (("--set", "accuracy={}"), "the key 'train.epochs' is missing"),
        (("--set", "accuracy.path=x"), "unknown key 'accuracy.path'"),
        (("--data", "photos"), "there is no folder photos"),
    ],
)
def test_what_is_wrong_leaves_no_run_behind(
    known: Path, terminal: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    assert_no_run(terminal, known, words, sentence)


def test_without_images_neither_train_nor_export_and_the_mend_is_said(
    known: Path, terminal: Terminal
) -> None:
    assert terminal("search", "known.yaml").code == 0
    for words in (("train", "known.yaml"), ("export", "runs/known")):
        answer = terminal(*words)
        assert answer.code == 2
        assert "the config has no data, train, fine_tune" in answer.stderr
        assert "use a new run folder" in answer.stderr
    assert not (known / "runs/known/supernet.safetensors").exists()


def test_what_a_table_found_is_trained_and_exported_where_there_are_images(
    known: Path, terminal: Terminal
) -> None:
    add_training(known)
    assert terminal("search", "known.yaml").code == 0
    answer = terminal("export", "runs/known", "--from-supernet")
    assert (answer.code, "run 'hwnas train' with the same config" in answer.stderr) == (2, True)
    assert "from scratch: hwnas export runs/known --from-scratch" in answer.stderr
    assert not (known / "runs/known/export").exists()
    assert terminal("train", "known.yaml").code == 0
    answer = terminal("export", "runs/known", "--json")
    assert answer.code == 0, answer.stderr
    # Both ways are trained, and the summary says which was taken, and why.
    assert "fine-tuning a network of" in answer.stderr
    assert "from scratch" in answer.stderr
    assert "on 30 validation images" in answer.document["weights_chosen"]
    assert answer.document["verdict"]
    assert answer.document["searched_by"]["estimator"] == "table"
    assert answer.document["winner"]["accuracy"] > 0
    best = max(float(row["accuracy"]) for row in front(known / "runs/known"))
    assert f"{best:.2f} %" in answer.stderr


def test_a_winner_is_trained_from_scratch_where_there_is_no_supernet(
    known: Path, terminal: Terminal
) -> None:
    add_training(known)
    run = known / "runs/known"
    assert terminal("search", "known.yaml").code == 0
    answer = terminal("export", "runs/known", "--json")  # the choice is left open
    assert answer.code == 0, answer.stderr
    assert "from scratch" in answer.stderr
    assert not (run / "supernet.safetensors").exists()
    summary = answer.document
    assert [summary[one]["weights_from"] for one in ("winner", "reference")] == ["scratch"] * 2
    for name in ("winner", "reference"):
        config = json.loads((run / f"export/{name}/config.json").read_text())
        # As many epochs as supernet and fine-tuning together.
        assert config["training"]["weights_from"] == "scratch"
        assert config["training"]["epochs"] == 2
        assert config["training"]["images"] == summary["train_images"]
    assert terminal("report", "runs/known").code == 0
    page = (run / "report.html").read_text()
    assert "<td>trained from</td><td>scratch</td><td>scratch</td>" in page

    # What was trained is kept, and so is the choice.
    trained = {file: file.stat().st_mtime_ns for file in (run / "export/trained").iterdir()}
    again = terminal("export", "runs/known", "--json").document
    assert again | {"seconds": 0} == summary | {"seconds": 0}
    assert {f: f.stat().st_mtime_ns for f in (run / "export/trained").iterdir()} == trained

    # The same network with the weights that it inherits is another one.
    assert terminal("train", "known.yaml").code == 0
    answer = terminal("export", "runs/known", "--from-supernet", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.document["winner"]["weights_from"] == "supernet"
    assert answer.document["reference"]["weights_from"] == "scratch"
    # Other settings of an export make no other front.
    assert answer.document["front_digest"] == summary["front_digest"]
    config = json.loads((run / "export/winner/config.json").read_text())
    assert (config["training"]["weights_from"], config["training"]["epochs"]) == ("supernet", 1)


def test_an_export_that_was_interrupted_ends_the_same(
    known: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_training(known)
    assert terminal("search", "known.yaml", "--set", "export.weights_from=scratch").code == 0
    whole = terminal("export", "runs/known", "--json").document
    weights = (known / "runs/known/export/winner/model.safetensors").read_bytes()
    shutil.rmtree(known / "runs/known/export")

    def interrupted(*_: object) -> None:  # behind the reference
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(winner, "training_from_scratch", interrupted)
        assert terminal("export", "runs/known").code == 130
    assert not (known / "runs/known/export/winner").exists()
    again = terminal("export", "runs/known", "--json").document
    assert again | {"seconds": 0} == whole | {"seconds": 0}
    assert (known / "runs/known/export/winner/model.safetensors").read_bytes() == weights


def test_weights_from_elsewhere_are_refused(known: Path, terminal: Terminal) -> None:
    words = ("--set", "export.weights_from=internet")
    sentence = "is 'internet', but input should be 'auto', 'supernet' or 'scratch'"
    assert_no_run(terminal, known, words, sentence)


def test_accuracies_known_at_another_resolution_are_said_once(
    known: Path, terminal: Terminal
) -> None:
    printed = terminal("search", "known.yaml").stderr
    assert printed.count("does not state at which resolution its accuracies were measured") == 1
    text = (known / "known.csv").read_text()
    (known / "known.csv").write_text(f"# resolution: 16\n{text}")
    assert "at which resolution" not in terminal("search", "known.yaml").stderr
    (known / "known.csv").write_text(f"# resolution: 224\n{text}")
    printed = terminal("search", "known.yaml").stderr
    assert printed.count(
        "warning: known.csv holds accuracies at 224 pixels, and they are used at 16"
    )
