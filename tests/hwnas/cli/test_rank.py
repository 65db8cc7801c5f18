"""`hwnas rank`: estimators against a CSV, and against networks that are trained here."""

import csv
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from hwnas.runs.ranking_truth import sample_networks
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, add_training
from tests.hwnas.search.problems import every_architecture, synthetic_score

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: macs}
search: {budgets: {}}
"""

pytestmark = pytest.mark.usefixtures("few_trees")

WORDS = ("rank", "known.yaml", "--truth", "known.csv")


@pytest.fixture
def known(folder: Path) -> Path:
    """The working folder with `known.yaml`, and `known.csv` of two trainings a network."""
    (folder / "known.yaml").write_text(CONFIG)
    rows = every_architecture(load_space("tiny_space.yaml"))[::9]
    generator = np.random.default_rng(0)
    lines = ["architecture,accuracy"]
    for row, score in zip(rows.tolist(), 50 + 2 * synthetic_score(rows), strict=True):
        lines += [f"{' '.join(map(str, row))},{score + generator.normal():.3f}" for _ in range(2)]
    (folder / "known.csv").write_text("\n".join(lines) + "\n")
    return folder


def scores(run: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(run / "ranking.sqlite") as database:
        return database.execute("SELECT rowid, * FROM scores").fetchall()


def test_every_estimator_is_ranked_beside_macs_and_the_noise_ceiling(
    known: Path, terminal: Terminal
) -> None:
    answer = terminal(*WORDS, "--networks", "20", "--seeds", "1", "--json")
    assert answer.code == 0, answer.stderr
    found = answer.document
    assert set(found["estimators"]) == {
        "predictor",
        "synflow",
        "free_darts",
        "params",
        "macs",
    }
    taus = [one["tau"]["mean"] for one in found["estimators"].values()]
    assert taus[:-1] == sorted(taus[:-1], reverse=True)
    assert list(found["estimators"])[-1] == "macs"
    for one in (*found["estimators"].values(), found["noise_ceiling"]):
        assert one["networks"] == [20]
    assert found["noise_ceiling"]["tau"]["mean"] > found["estimators"]["macs"]["tau"]["mean"] > 0
    assert found["trainings_a_network"] == 2
    assert {"supernet", "jacob_cov"} <= set(found["left_out"])
    run = known / "runs/known"
    stored = json.loads((run / "ranking.json").read_text())
    assert found == stored | {"picture": "runs/known/ranking.svg"}
    picture = (run / "ranking.svg").read_text()
    for text in ("synflow: tau", "noise ceiling: tau", "known accuracy (%)"):
        assert f">{text}" in picture


def test_run_again_no_network_is_judged_twice(known: Path, terminal: Terminal) -> None:
    words = (*WORDS, "--estimator", "synflow", "--networks", "12")
    assert terminal(*words, "--seeds", "1").code == 0
    before = scores(known / "runs/known")
    assert terminal(*words, "--seeds", "1").code == 0
    assert scores(known / "runs/known") == before
    answer = terminal(*words, "--seeds", "2")
    assert scores(known / "runs/known")[: len(before)] == before
    for word in ("MACs", "alone", "noise", "ceiling"):  # a narrow column breaks between words
        assert word in answer.stdout
    assert "2 seeds (mean ±standard deviation)" in answer.stdout


def test_a_kill_loses_no_score(
    known: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwnas.estimators.synflow import SynFlow

    evaluate, asked = SynFlow._one, []

    def interrupted(self: SynFlow, network: object) -> float:
        asked.append(network)
        if len(asked) == 8:
            raise KeyboardInterrupt
        return evaluate(self, network)  # type: ignore[arg-type]

    monkeypatch.setattr(SynFlow, "_one", interrupted)
    words = (*WORDS, "--estimator", "synflow", "--networks", "12", "--seeds", "1")
    assert terminal(*words).code == 130
    assert len(scores(known / "runs/known")) == 7
    assert not (known / "runs/known/ranking.json").exists()
    assert terminal(*words).code == 0
    assert len(asked) == 8 + 5  # the one that was stopped, once more


def test_one_training_a_network_leaves_the_ceiling_unknown(known: Path, terminal: Terminal) -> None:
    lines = (known / "known.csv").read_text().splitlines()
    (known / "known.csv").write_text("\n".join([lines[0], *lines[1::2]]) + "\n")
    words = (*WORDS, "--estimator", "macs", "--networks", "20")
    answer = terminal(*words)
    assert answer.code == 0, answer.stderr
    assert "unknown" in answer.stdout
    assert terminal(*words, "--json").document["noise_ceiling"] is None


def test_a_trained_supernet_is_ranked_too(known: Path, terminal: Terminal) -> None:
    add_training(known)
    words = ("rank", "known.yaml", "--truth", "known.csv", "--estimator", "supernet")
    refused = terminal(*words)
    assert refused.code == 2
    assert "runs/known has no trained supernet; run 'hwnas train'" in refused.stderr
    assert not (known / "runs").exists()
    few = ("--set", "data.limit=60")
    assert terminal("train", "known.yaml", *few).code == 0
    answer = terminal(*words, *few, "--networks", "10", "--seeds", "1", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.document["estimators"]["supernet"]["unit"] == "%"
    assert len([row for row in scores(known / "runs/known") if row[1] == "supernet"]) == 10


def trainings(run: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(run / "ranking.sqlite") as database:
        return database.execute("SELECT rowid, * FROM trainings").fetchall()


def test_networks_are_trained_as_the_truth_and_a_stopped_training_goes_on(
    known: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwnas.runs import ranking_truth

    add_training(known)
    words = (
        "rank",
        "known.yaml",
        "--truth",
        "trained",
        "--networks",
        "10",
        "--trainings",
        "2",
        "--estimator",
        "params",
        "--set",
        "data.limit=60",
        "--json",
    )
    judge, judged = ranking_truth.accuracy, []

    def interrupted(*given: object) -> float:
        judged.append(given)
        if len(judged) == 4:
            raise KeyboardInterrupt
        return judge(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ranking_truth, "accuracy", interrupted)
    run = known / "runs/known"
    assert terminal(*words).code == 130
    kept = trainings(run)
    assert len(kept) == 3
    assert len(list((run / "ranking").iterdir())) == 1  # the weights of the one that was stopped
    answer = terminal(*words)
    assert answer.code == 0, answer.stderr
    assert trainings(run)[:3] == kept
    assert len(trainings(run)) == 20
    assert len(judged) == 21
    assert not (run / "ranking").exists()
    with (run / "truth.csv").open() as file:
        assert [next(file), next(file)] == ["# resolution: 16\n", "# images: digits\n"]
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert len({row["architecture"] for row in rows}) == 10
    assert answer.document["noise_ceiling"]["networks"] == [10, 10, 10]
    assert answer.document["known_networks"] == 10


def test_more_networks_begin_with_the_same(folder: Path) -> None:
    space = load_space(str(folder / "tiny_space.yaml"))
    some, more = sample_networks(space, 12), sample_networks(space, 30)
    assert (more[:12] == some).all()
    assert len(np.unique(more, axis=0)) == 30
    assert (space.canonical(more) == more).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--truth", "none.csv"), "none.csv is not there; name a CSV"),
        (
            ("--truth", "known.csv", "--estimator", "oracle"),
            "there is no estimator 'oracle'",
        ),
        (("--truth", "known.csv", "--estimator", "table"), "'table' is the truth that others are"),
        (("--truth", "known.csv", "--estimator", "jacob_cov"), "jacob_cov looks at images and the"),
        (("--truth", "known.csv", "--estimator", "supernet"), "supernet looks at images and the c"),
        (
            ("--truth", "trained"),
            "the config has no data, train, fine_tune: accuracy.estimator: m",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence_and_leaves_no_run_behind(
    known: Path, terminal: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    answer = terminal("rank", "known.yaml", *words)
    assert answer.code == 2
    assert sentence in answer.stderr
    assert answer.stderr.splitlines()[-1].startswith("hwnas: ")
    assert not (known / "runs").exists()


def test_nine_networks_are_too_few(known: Path, terminal: Terminal) -> None:
    lines = (known / "known.csv").read_text().splitlines()
    (known / "known.csv").write_text("\n".join(lines[:19]) + "\n")
    answer = terminal(*WORDS)
    assert answer.code == 2
    assert "known.csv has 9 distinct networks; a ranking needs 10 or more" in answer.stderr
    assert not (known / "runs").exists()
