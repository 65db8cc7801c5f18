"""Picks: what people write, and the networks that it means."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import BudgetError, ConfigError
from hwnas.networks.ids import network_id
from hwnas.runs.picks import Chosen, choose, read_picks
from hwnas.search.front import knee
from tests.hwnas.report.results import result_of
from tests.hwnas.search.problems import macro

RESULT = result_of({"random": list(range(0, 3969, 13))})
FRONT = RESULT.front
IDS = [network_id(network) for network in macro().networks(FRONT.architectures)]


def chosen(given: Any) -> Chosen:
    return choose(read_picks(given), RESULT, macro(), Path("front.csv"))


def ids(given: Any) -> list[str]:
    return [pick.id for pick in chosen(given).picks]


def test_without_a_pick_it_is_the_best_alone() -> None:
    assert chosen(None) == chosen("best") == Chosen(True)


def test_words_name_networks_of_the_front() -> None:
    bend = knee(FRONT)
    assert bend is not None
    assert ids("fastest") == [IDS[0]]
    assert ids("knee") == [IDS[bend]]
    everything = chosen("all")
    assert [pick.id for pick in everything.picks] == IDS[::-1]
    assert (everything.best, everything.insists) == (True, False)


def test_the_beginning_of_an_id_of_the_front_is_enough() -> None:
    alone = next(end for end in range(1, 8) if sum(one.startswith(IDS[0][:end]) for one in IDS) < 2)
    assert ids(IDS[0][:alone].upper()) == [IDS[0]]


def test_an_id_of_any_judged_network_is_known() -> None:
    row = RESULT.architectures[7]
    (pick,) = chosen(network_id(macro().network(row))).picks
    assert (pick.architecture, pick.score) == (tuple(row), RESULT.scores[7])


@pytest.mark.parametrize(
    "given",
    [
        "2 2 2 2 2 2 2 2",
        "2,2,2,2,2,2,2,2",
        "[2, 2, 2, 2, 2, 2, 2, 2]",
        [2] * 8,
        [np.full(8, 2)],
        ["2 2 2 2 2 2 2 2", (2,) * 8],
    ],
)
def test_numbers_alone_are_an_architecture_judged_or_not(given: Any) -> None:
    (pick,) = chosen(given).picks
    assert pick.architecture == (2,) * 8
    assert pick.id == network_id(macro().network(np.full(8, 2)))


@pytest.mark.parametrize(
    "given",
    [
        "2 2 2 2 2 2 2 2, 0 0 0 0 0 0 0 0",
        "[2, 2, 2, 2, 2, 2, 2, 2], [0,0,0,0,0,0,0,0]",
        "[2,2,2,2,2,2,2,2],fastest,(0,0,0,0,0,0,0,0)",
    ],
)
def test_several_architectures_have_commas_between_them(given: str) -> None:
    picked = [pick.architecture for pick in chosen(given).picks]
    assert (picked[0], picked[-1]) == ((2,) * 8, (0,) * 8)


def test_an_architecture_is_made_canonical() -> None:
    row = macro().canonical(np.array([[0, 1, 2, 0, 2, 0, 1, 1]]))[0]
    assert chosen("0 1 2 0 2 0 1 1").picks[0].architecture == tuple(row)


def test_a_network_that_is_picked_in_several_ways_is_exported_once() -> None:
    (pick,) = chosen(["fastest", f"{IDS[0]}, best"]).picks
    assert pick.asked == ("fastest", "id")
    assert chosen(["fastest", "best"]).insists


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "a pick is empty; name best, knee, fastest, all, an id, or an architecture"),
        ("best,,knee", "a pick is empty"),
        ([], "a pick is empty"),
        (3.5, "a pick must be best, knee, .*, or a list of these, and is "),
        ([[1, 0.5]], "a pick must be"),
        ("fastes", "'fastes' is no pick; .*; did you mean 'fastest'"),
        ("zzzzzzz", "no network of this run has an id that begins with 'zzzzzzz'.*front.csv"),
        ("0 1", "pick 0 1: '0 1' names 2 choices, but .* has 8 slots"),
        ("9 0 0 0 0 0 0 0", "'9' is not a choice of slot 1"),
        ("\x1b[31m", r"'\\x1b\[31m' is no pick"),
    ],
)
def test_what_is_no_pick_is_one_sentence(given: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        chosen(given)


def test_a_beginning_that_several_ids_have_is_refused_with_them() -> None:
    letters = [one[0] for one in IDS]
    twice = next(one for one in letters if letters.count(one) > 1)
    with pytest.raises(ConfigError, match=f"networks of the front begin with '{twice}' \\({twice}"):
        chosen(twice)


def test_a_front_of_two_has_no_knee_and_an_empty_one_nothing() -> None:
    small = result_of({"random": [0, 3968]})
    with pytest.raises(ConfigError, match="has no knee; name another pick"):
        choose(["knee"], small, macro(), Path("front.csv"))
    none = result_of({"random": [3968]}, quantile=0.0)
    with pytest.raises(BudgetError, match="found no network within the budgets"):
        choose(["fastest"], none, macro(), Path("front.csv"))
    assert choose([IDS[0]], RESULT, macro(), Path("front.csv")).picks
