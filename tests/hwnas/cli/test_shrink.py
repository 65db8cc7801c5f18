"""`hwnas shrink` writes the choices that stay, and every command takes them as a space."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from hwnas.spaces import load_space
from hwnas.spaces.shrunk import kept_of
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_accuracies_of_a_csv import PREDICTOR, front, known

__all__ = ["known"]  # the fixture

pytestmark = pytest.mark.usefixtures("few_trees")

SHRINK = ("shrink", "known.yaml", "--networks", "20", "--stages", "3", "--keep", "0.2")
CHOICES = "runs/known/choices.yaml"


def test_a_table_shrinks_a_space_and_is_searched_in_it(known: Path, terminal: Terminal) -> None:
    answer = terminal(*SHRINK, "--method", "da_nas", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.document["choices"] == CHOICES
    content = yaml.safe_load((known / CHOICES).read_text())
    assert content["space"] == "tiny"
    assert content["shrunk_by"]["method"] == "da_nas"
    assert content["shrunk_by"]["estimator"] == "table"
    assert content["shrunk_by"]["budgets"] == {"latency": "1 s"}
    assert 0.2 <= content["networks"]["share"] < 0.8
    assert any(slot.get("gone") for slot in content["slots"])
    space = load_space("tiny_space.yaml", choices=CHOICES)
    assert space.size == content["networks"]["left"]
    again = terminal(*SHRINK, "--method", "da_nas")
    assert f"space.choices={CHOICES}" in again.stderr.splitlines()[-1]
    share = f"{answer.document['networks']['share']:.1%} of those within the budgets"
    assert share in " ".join(again.stdout.split())

    words = ("--set", f"space.choices={CHOICES}", "--run", "runs/left")
    assert terminal("search", "known.yaml", *words).code == 0
    config = yaml.safe_load((known / "runs/left/config.yaml").read_text())
    assert config["space"] == {"name": "tiny_space.yaml", "choices": CHOICES}
    whole, left = load_space("tiny_space.yaml"), kept_of(space)
    for row in front(known / "runs/left"):  # numbered as in the whole space
        numbers = list(map(int, row["architecture"].split()))
        assert all(one in some for one, some in zip(numbers, left, strict=True))
        whole.check(numbers)
    other = terminal("search", "known.yaml", "--run", "runs/left")
    assert f"space.choices is '{CHOICES}' there and not set here" in other.stderr
    # The run goes on, and can be looked at, when the file has gone.
    (known / CHOICES).unlink()
    assert terminal("search", "runs/left/config.yaml", "--run", "runs/left").code == 0
    # Both are of the same accuracies, and can be compared.
    assert terminal("search", "known.yaml", "--budget", "macs=1 G").code == 0
    compared = terminal("report", "runs/left", "runs/known", "--json")
    assert compared.code == 0, compared.stderr
    best = [one["accuracy_within_smallest_budgets"] for one in compared.document["runs"]]
    assert None not in best
    assert terminal("report", "runs/left").code == 0


def test_a_second_time_it_is_the_same(known: Path, terminal: Terminal) -> None:
    first = terminal(*SHRINK, "--method", "pad_nas", *PREDICTOR, "--json")
    assert first.code == 0, first.stderr
    text = (known / CHOICES).read_text()
    again = terminal(*SHRINK, "--method", "pad_nas", *PREDICTOR, "--json")
    assert again.document == first.document
    assert (known / CHOICES).read_text() == text


def test_a_file_that_a_person_changed_stays(known: Path, terminal: Terminal) -> None:
    words = (*SHRINK, "--method", "pad_nas", *PREDICTOR)
    assert terminal(*words).code == 0
    text = (known / CHOICES).read_text()
    (known / CHOICES).write_text(changed := f"# mine\n{text}")
    refused = terminal(*words)
    assert refused.code == 2
    assert f"{CHOICES} holds other choices already" in refused.stderr.splitlines()[-1]
    assert (known / CHOICES).read_text() == changed
    assert terminal(*words, "--force").code == 0
    assert (known / CHOICES).read_text() == text


@pytest.mark.usefixtures("known")
def test_rows_of_networks_that_are_gone_are_told(terminal: Terminal) -> None:
    assert terminal(*SHRINK, "--method", "da_nas").code == 0
    words = ("--run", "runs/left", "--set", f"space.choices={CHOICES}", "--estimator", "macs")
    said = terminal("rank", "known.yaml", "--truth", "known.csv", *words).stderr
    assert "rows of networks that are gone" in said
    again = f"hwnas search known.yaml --run runs/left --set space.choices={CHOICES} --set accuracy"
    assert again in said.splitlines()[-1]


@pytest.mark.usefixtures("known")
def test_what_is_left_is_shrunk_again(terminal: Terminal) -> None:
    assert terminal(*SHRINK, "--method", "da_nas").code == 0
    words = ("--run", "runs/left", "--set", f"space.choices={CHOICES}", "--keep", "0.5")
    said = terminal(*SHRINK, "--method", "da_nas", *words).stderr.splitlines()[-1]
    assert said.count("space.choices=") == 1
    assert "--run runs/left_shrunk --set space.choices=runs/left/choices.yaml" in said


def test_the_file_goes_where_it_is_wanted(known: Path, terminal: Terminal) -> None:
    words = (*SHRINK, "--method", "neas", "--method-set", "best=0.5", "--output", "mine.yaml")
    assert terminal(*words).code == 0
    content = yaml.safe_load((known / "mine.yaml").read_text())
    assert content["shrunk_by"]["settings"] == {"best": 0.5}
    shown = terminal("space", "show", "tiny_space.yaml", "--choices", "mine.yaml", "--json")
    assert shown.code == 0
    assert shown.document["networks"] == content["networks"]["left"]
    numbers = [slot["numbers"] for slot in shown.document["slots"]]
    assert any(some != list(range(len(some))) or len(some) < 3 for some in numbers)
    assert_refused(terminal, known, " ".join(words), "mine.yaml exists already; add --force")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--method pad_nass", "pad_nass"),
        ("--method neas --method-set worst=1", "unknown key 'worst'"),
        ("--method neas --output choices.txt", "must end with .yaml"),
        ("--method neas --set space.choices=nothing.yaml", "there is no file nothing.yaml"),
        ("--method neas --budget latency=1us", "out of reach"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    known: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, known, f"shrink known.yaml {words}", sentence)


def test_scores_that_cost_something_are_kept_one_by_one(known: Path, terminal: Terminal) -> None:
    words = (*SHRINK, "--method", "ddpnas", "--set", "accuracy.estimator=synflow")
    words = (*words, "--set", "accuracy.file=null", "--run", "runs/synflow")
    assert terminal(*words).code == 0

    def recorded() -> list[tuple[str, float]]:
        with closing(sqlite3.connect(known / "runs/synflow/ranking.sqlite")) as database:
            return database.execute("SELECT architecture, seconds FROM scores").fetchall()

    before = recorded()
    document = terminal(*words, "--json").document
    assert len(before) == document["judged"] <= 60
    assert recorded() == before  # none is made anew


def test_a_supernet_judges_as_it_was_trained(trained: Path, terminal: Terminal) -> None:
    words = ("shrink", "tiny.yaml", "--method", "neas", "--networks", "5", "--stages", "2")
    answer = terminal(*words)
    assert answer.code == 0, answer.stderr
    last = answer.stderr.splitlines()[-1]
    assert "hwnas train tiny.yaml --run runs/tiny_shrunk" in last
    assert "space.choices=runs/tiny/choices.yaml" in last
    content = yaml.safe_load((trained / "runs/tiny/choices.yaml").read_text())
    assert content["shrunk_by"]["estimator"] == "supernet"
    # The table of the whole space is good for what is left, and its weights fit.
    left = ("--run", "runs/left", "--set", "space.choices=runs/tiny/choices.yaml")
    assert terminal("train", "tiny.yaml", *left).code == 0
    searched = terminal("search", "tiny.yaml", *left)
    assert searched.code == 0, searched.stderr
