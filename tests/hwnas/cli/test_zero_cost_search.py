"""Searches by scores without training: nothing is trained, and no score is called an accuracy."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hwnas.api.run import Run
from hwnas.estimators.loading import load_estimator
from hwnas.objectives.costs import PARAMETERS
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, assert_no_run

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: synflow}
device: npu.yaml
table: table.sqlite
search: {budgets: {latency: 1 s}, evaluations: 8, searchers: [random]}
"""
MACS_ESTIMATOR = ("--set", "accuracy.estimator=macs")


@pytest.fixture
def known(npu: Path) -> Path:
    """The working folder with `known.yaml`."""
    (npu / "known.yaml").write_text(CONFIG)
    return npu


def front(run: Path) -> list[dict[str, str]]:
    with (run / "front.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_search_by_synflow_needs_no_images_and_no_training(
    known: Path, terminal: Terminal
) -> None:
    answer = terminal("search", "known.yaml", "--json")
    assert answer.code == 0, answer.stderr
    assert "networks are judged by SynFlow (log score), which is not an accuracy" in answer.stderr
    document = answer.document
    assert (document["accuracy"]["estimator"], document["accuracy"]["unit"]) == (
        "synflow",
        "log score",
    )
    assert "score" in document["front"][0]
    assert "accuracy" not in document["front"][0]
    made = {item.name for item in (known / "runs/known").iterdir()}
    assert made - {".lock"} == {"config.yaml", "front.csv", "inputs.json", "run.sqlite"}
    assert list(front(known / "runs/known")[0])[:2] == ["id", "synflow"]
    assert terminal("search", "known.yaml", "--json").document == document
    assert terminal("report", "runs/known").code == 0
    page = (known / "runs/known/report.html").read_text().split("<section id='config'")[0]
    assert "SynFlow (log score)" in page
    assert "(%)" not in page.split("<section id='validation'")[0].split("</style>")[1]


def test_an_asynchronous_search_says_what_it_is_and_has_its_own_history(
    known: Path, terminal: Terminal
) -> None:
    words = ("search", "known.yaml", "--json", "--set", "search.mode=asynchronous")
    answer = terminal(*words)
    assert answer.code == 0, answer.stderr
    sentence = "asynchronous, and without workers networks are judged one after another"
    assert answer.stderr.count(sentence) == 1
    assert answer.document["evaluations"] == 8
    run = known / "runs/known"
    assert "mode: asynchronous" in (run / "config.yaml").read_text()
    judged = (run / "run.sqlite").read_bytes()
    assert terminal(*words).document == answer.document
    assert (run / "run.sqlite").read_bytes() == judged
    assert terminal("report", "runs/known").code == 0


def test_an_additive_score_is_searched_exactly(known: Path, terminal: Terminal) -> None:
    words = (
        "--set",
        "accuracy.estimator=params",
        "--set",
        "search.searchers=[exact_front, random]",
    )
    answer = terminal("search", "known.yaml", *words, "--set", "search.evaluations=1000")
    assert answer.code == 0, answer.stderr
    assert "judged networks (parameters)" in answer.stdout
    space = load_space("tiny_space.yaml")
    found = front(known / "runs/known")
    for row in found:
        assert list(row)[:2] == ["id", "params"]
        network = space.network([int(choice) for choice in row["architecture"].split()])
        assert float(row["params"]) == PARAMETERS.evaluate([network])[0]
    # A thousand random networks add nothing.
    assert all("exact_front" in row["searchers"] for row in found)


def test_saliencies_of_choices_are_searched_exactly_shown_and_shrink_the_space(
    known: Path, terminal: Terminal
) -> None:
    words = ("--set", "accuracy.estimator=free_darts", "--set", "search.searchers=[exact_front]")
    answer = terminal("search", "known.yaml", *words, "--json")
    assert answer.code == 0, answer.stderr
    assert "FreeDARTS saliency, SynFlow form (shares), which is not an acc" in answer.stderr
    scores = load_estimator("free_darts", load_space("tiny_space.yaml"))
    found = front(known / "runs/known")
    rows = np.array([list(map(int, row["architecture"].split())) for row in found])
    assert [float(row["free_darts"]) for row in found] == pytest.approx(
        scores.evaluate_architectures(rows)
    )
    best = sum(float(one.max()) for one in scores.choice_values().values)
    assert max(float(row["free_darts"]) for row in found) == pytest.approx(best)
    shown = Run.of_folder(known / "runs/known").choice_values()
    assert (shown.of, shown.framed) == ("free_darts", "the best network of the front")
    shrunk = terminal("shrink", "known.yaml", *words, "--method", "da_nas", "--keep", "0.5")
    assert shrunk.code == 0, shrunk.stderr
    choices = "space.choices=runs/known/choices.yaml"
    left = terminal("search", "known.yaml", *words, "--set", choices, "--run", "runs/left")
    assert left.code == 0, left.stderr


def test_scores_of_another_seed_or_estimator_do_not_meet(known: Path, terminal: Terminal) -> None:
    assert terminal("search", str(known / "known.yaml")).code == 0
    answer = terminal("search", "known.yaml", "--set", "accuracy.seed=1")
    assert answer.code == 2
    assert "was made with another seed of scores (0, now 1)" in answer.stderr
    other = terminal("search", "known.yaml", *MACS_ESTIMATOR)
    assert other.code == 2
    assert "accuracy.estimator is 'synflow' there and 'macs' here" in other.stderr


def test_images_are_looked_at_where_a_score_needs_them(known: Path, terminal: Terminal) -> None:
    words = ("--set", "accuracy.estimator=jacob_cov", "--set", "data.limit=60")
    answer = terminal("search", "known.yaml", *words, "--set", "search.evaluations=3")
    assert answer.code == 0, answer.stderr
    assert "digits: 10 classes" in answer.stderr
    assert list(front(known / "runs/known")[0])[:2] == ["id", "jacob_cov"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "accuracy.file=known.csv"), "estimator: synflow reads no file; leave out file"),
        (("--set", "accuracy.seed=-1"), "'accuracy.seed' is -1"),
        (
            ("--set", "search.searchers=[exact_front]"),
            "search.searchers: exact_front needs a score that costs nothing to compute, and",
        ),
        (
            ("--set", "accuracy.estimator=[macs]"),
            "'accuracy.estimator' is ['macs'], but",
        ),
        (
            ("--set", "accuracy.estimator=jacob_cov", "--data", "photos"),
            "there is no folder photos",
        ),
    ],
)
def test_what_is_wrong_leaves_no_run_behind(
    known: Path, terminal: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    assert_no_run(terminal, known, words, sentence)


def test_training_by_such_a_config_is_refused_before_a_run_is_made(
    known: Path, terminal: Terminal
) -> None:
    answer = terminal("train", "known.yaml", "--data", "digits")
    assert answer.code == 2
    assert "the config has no train, fine_tune: accuracy.estimator: synflow" in answer.stderr
    assert not (known / "runs").exists()


def test_a_tracker_gets_a_search_when_it_ends_and_changes_nothing_of_it(
    known: Path, terminal: Terminal
) -> None:
    before = terminal("search", "known.yaml", *MACS_ESTIMATOR, "--json").document
    answer = terminal(
        "search", "known.yaml", *MACS_ESTIMATOR, "--set", "tracker=tensorboard", "--json"
    )
    assert "tracked: tensorboard --logdir runs/known/tensorboard" in answer.stderr
    assert answer.document == before
    assert list((known / "runs/known/tensorboard/result").iterdir())
