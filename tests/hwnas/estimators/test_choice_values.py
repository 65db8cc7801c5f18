"""Values of choices as arrays, and as the heat map that a notebook shows."""

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import AccuracyError, ConfigError
from hwnas.estimators.choice_values import NETWORKS, ChoiceValues
from hwnas.estimators.heat_map import Scale, notebook_map
from hwnas.estimators.loading import load_estimator
from hwnas.search.policies.history import ValueHistory
from tests.hwnas.search.problems import macro
from tests.hwnas.supernet.families import odd_family

SPACE = macro()
VALUES = [np.arange(float(count)) - slot for slot, count in enumerate(SPACE.choice_counts)]
HOSTILE = "<img src=x onerror=alert(1)>'\"\x1b"


def values(**more: Any) -> ChoiceValues:
    return ChoiceValues.of_space(SPACE, VALUES, of="mine", title="mine", unit="%", **more)


def history(*factors: float) -> ValueHistory:
    found = ValueHistory.empty(int(SPACE.choice_counts.sum()))
    for moment, factor in enumerate(factors, 1):
        found = found.added(moment, [factor * one for one in VALUES])
    return found


def test_values_are_shown_beside_the_mean_of_their_slot() -> None:
    found = values()
    assert [one.tolist() for one in found.centred] == [[-1.0, 0.0, 1.0]] * 8
    assert [one.tolist() for one in found.values] == [one.tolist() for one in VALUES]
    seen = [np.array([1, 0, 3])] * 8
    assert replace(found, seen=tuple(seen)).centred[0].tolist() == [-1.5, -0.5, 0.5]


def test_slots_and_choices_have_names_those_of_sizes_too() -> None:
    found = values()
    assert found.slots[:3] == ("stage 1, block 1", "stage 1, block 2", "stage 2, block 1")
    assert found.choices[1][0] == "skip"
    family = odd_family()
    both = ChoiceValues.of_space(family, [np.zeros(2), np.zeros(3)], of="a", title="a")
    assert both.slots == ("size", "stage 1, block 1")
    assert both.choices[0] == ("8 px, width 0.5", "8 px, width 1")


def test_what_is_not_one_finite_number_for_each_choice_is_refused() -> None:
    for wrong in (VALUES[:-1], [*VALUES[:-1], np.zeros(2)], [*VALUES[:-1], np.full(3, np.nan)]):
        with pytest.raises(ValueError, match="one finite number for each choice"):
            ChoiceValues.of_space(SPACE, wrong, of="a", title="a")
    with pytest.raises(ValueError, match="the history is not one finite number"):
        values(history=ValueHistory(np.array([1]), np.full((1, 24), np.nan, dtype=np.float32)))


def test_a_history_is_looked_at_moment_by_moment() -> None:
    found = values(history=history(0.25, 0.5, 1.0), moment=NETWORKS)
    assert repr(found) == "ChoiceValues(mine: 24 choices of 8 slots, known at 3 moments)"
    first = found.at(0)
    assert [one.tolist() for one in first.values] == [(0.25 * one).tolist() for one in VALUES]
    assert first.title == "mine, after evaluation 1"
    assert [one.tolist() for one in found.at(-1).values] == [one.tolist() for one in VALUES]
    for index in (3, -4):
        with pytest.raises(ConfigError, match="known at 3 earlier moments, and there is no moment"):
            found.at(index)
    with pytest.raises(ConfigError, match="known at 0 earlier moments"):
        values().at(0)


def test_rows_are_one_for_each_choice() -> None:
    rows = values().framing([1] * 8, "it").to_frame()
    assert list(rows.columns) == ["slot", "choice", "value", "chosen"]
    assert len(rows) == 24
    assert rows[rows.chosen].value.tolist() == [1.0 - slot for slot in range(8)]
    assert not any(row["chosen"] for row in values().to_dicts())


class Cells(HTMLParser):
    """The tags of a text, and the classes of its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.classes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag == "td":
            self.classes.append(dict(attrs).get("class", ""))


def test_a_notebook_shows_a_cell_for_each_choice_with_the_network_framed() -> None:
    shown = values().framing([2, 0, 1, 0, 0, 0, 0, 1], "the network that was given")._repr_html_()
    cells = Cells(shown)
    won = [place for place, css in enumerate(cells.classes) if css == "won"]
    assert won == [2, 3, 7, 9, 12, 15, 18, 22]
    assert len(cells.classes) == 24
    assert "The network that was given is framed." in shown
    assert "Values are in points, beside the mean of the slot." in shown
    assert ">+1.00<" in shown


def test_names_with_markup_stay_names() -> None:
    hostile = replace(
        values(),
        title=HOSTILE,
        notes=(HOSTILE,),
        unit=HOSTILE,
        framed=HOSTILE,
        chosen=(0,) * 8,
        slots=(HOSTILE,) * 8,
        choices=((HOSTILE,) * 3,) * 8,
    )
    shown = notebook_map(hostile)
    assert Cells(shown).tags == {
        "div",
        "style",
        "p",
        "b",
        "table",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
        "small",
    }
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("most", "value", "text", "unit"),
    [
        (1.0, 0.25, "+0.25", "MACs"),
        (0.04, -0.0123, "-0.0123", "MACs"),
        (250.0, 7.2, "+7", "MACs"),
        (9_999.0, -12.3, "-12", "MACs"),
        (25_000.0, 1_500.0, "+1.5", "K MACs"),
        (4.2e6, -1.234e6, "-1.23", "M MACs"),
        (1.0, -0.001, "+0.00", "MACs"),
    ],
)
def test_numbers_have_three_digits_of_the_largest(
    most: float, value: float, text: str, unit: str
) -> None:
    scale = Scale.of([np.array([most, value])])
    assert (scale.number(value), scale.unit("MACs")) == (text, unit)


def test_of_values_that_are_all_equal_no_cell_is_coloured() -> None:
    equal = ChoiceValues.of_space(SPACE, [np.ones(3)] * 8, of="a", title="a")
    assert "0.75" not in equal._repr_html_().partition("</style>")[2]
    assert ">+0.00<" in equal._repr_html_()


def test_any_additive_score_has_values_and_others_say_that_they_have_none() -> None:
    scores = load_estimator("params", SPACE)
    rows = SPACE.sample(np.random.default_rng(0), 4)
    found = scores.choice_values(rows[0])
    sums = np.array([sum(found.values[i][c] for i, c in enumerate(row)) for row in rows])
    assert np.ptp(scores.evaluate_architectures(rows) - sums) == pytest.approx(0)
    assert found.chosen == tuple(rows[0])
    assert "these are its own, and not fitted to networks" in found.notes[0]
    assert scores.choice_values().chosen == ()
    with pytest.raises(AccuracyError, match="scores of synflow are no sum of values of choices"):
        load_estimator("synflow", SPACE).choice_values()
