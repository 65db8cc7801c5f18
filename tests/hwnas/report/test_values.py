"""What choices are worth, on the page of a run."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hwnas.estimators.choice_values import ChoiceValues
from hwnas.report.framed import framed_network
from hwnas.report.page import render_page
from hwnas.report.sections.values import values_section
from hwnas.report.values import LEAST_NETWORKS, RunValues, fitted_values
from hwnas.runs.summary_form import Figures, Picked
from hwnas.search.policies.history import ValueHistory
from hwnas.spaces.shrunk import shrunk_space
from tests.hwnas.report.results import FIGURES, result_of, summary_of
from tests.hwnas.report.test_page import content
from tests.hwnas.search.problems import macro

NUMBERS = np.random.default_rng(0).permutation(3969).tolist()
SPACE = macro()
FOUND = result_of({"random": NUMBERS[:320]}, quantile=0.5)
VALUES = [np.arange(float(count)) for count in SPACE.choice_counts]
HOSTILE = "<img src=x onerror=alert(1)></script>"


def test_values_of_choices_are_those_of_a_sum_that_scores_are() -> None:
    scores = sum(one[FOUND.architectures[:, i]] for i, one in enumerate(VALUES))
    exact = fitted_values(replace(FOUND, scores=np.asarray(scores)), SPACE)
    assert exact is not None
    assert "it explains 100% of the differences" in exact.values.notes[0]
    for found, true, seen in zip(exact.values.centred, VALUES, exact.values.seen, strict=True):
        assert found == pytest.approx(true - np.average(true, weights=seen), abs=0.05)
    assert len(exact.model.steps) == 8


def test_few_networks_say_nothing_about_choices() -> None:
    few = result_of({"random": NUMBERS[: LEAST_NETWORKS - 1]})
    assert fitted_values(few, SPACE) is None


def maps(**changed: object) -> RunValues:
    """A fit, and what a policy holds, with two moments."""
    fitted = fitted_values(FOUND, SPACE)
    assert fitted is not None
    history = ValueHistory.empty(24).added(5, VALUES).added(9, [2 * one for one in VALUES])
    policy = ChoiceValues.of_policy(SPACE, "mcts", history)
    return RunValues([fitted.values, replace(policy, **changed)])


def test_the_page_says_whether_values_were_fitted_or_are_the_policy_s_own() -> None:
    page = render_page(replace(content(), values=maps()))
    assert "A sum of one value a choice, fitted to 320 judged networks" in page
    assert "The policy&#x27;s own values at the end of its search." in page
    assert "<h3>What mcts holds of each choice</h3>" in page
    assert "is framed" not in page


def test_a_slider_goes_through_the_moments_of_a_history_alone() -> None:
    section = values_section(replace(content(), values=maps()))
    assert section.count("<input type='range'") == 1
    assert (
        "min='0' max='1' value='1' aria-label='What mcts holds of each choice, over time'"
        in section
    )
    data = json.loads(section.partition("id='values-map-1-history'>")[2].partition("</script>")[0])
    assert data["moments"] == ["after evaluation 5", "after evaluation 9"]
    assert data["values"] == [[-100, 0, 100] * 8, [-200, 0, 200] * 8]
    assert (data["decimals"], data["most"]) == (2, 200)
    last = values_section(replace(content(), values=maps(history=None)))
    assert "<input" not in last


def test_names_of_strangers_are_text_in_maps() -> None:
    hostile = maps(
        title=HOSTILE,
        notes=(HOSTILE,),
        unit=HOSTILE,
        slots=(HOSTILE,) * 8,
        choices=((HOSTILE,) * 3,) * 8,
        moment=HOSTILE + "{}",
        framed=HOSTILE,
        chosen=(0,) * 8,
    )
    section = values_section(replace(content(), values=hostile))
    assert "<img" not in section
    assert section.count("</script>") == 1
    assert "&lt;img src=x" in section


def test_the_page_says_why_what_drew_the_paths_is_not_shown() -> None:
    broken = RunValues([], missing="<b> is damaged")
    section = values_section(replace(content(), values=broken))
    assert "What drew the supernet&#x27;s paths is not shown: &lt;b&gt; is damaged." in section
    assert values_section(replace(content(), values=RunValues([]))) == ""
    assert values_section(content()) == ""


def test_what_was_exported_is_framed_or_else_the_best_of_the_front() -> None:
    best = FOUND.front.architectures[-1]
    front = framed_network(FOUND, SPACE, None, None)
    assert front is not None
    assert (list(front.chosen), front.words) == (best.tolist(), "the best network of the front")
    row = [1, 0, 1, 0, 0, 2, 0, 0]
    picks = [
        Picked(
            id=name,
            asked=("id",),
            architecture=architecture,
            folder=name,
            score=score,
            over=(),
            onnx_max_abs_diff=0.0,
            figures=Figures(**FIGURES),
        )
        for name, score, architecture in (
            ("a", 1.0, (0,) * 8),
            ("b", 2.0, tuple(row)),
            ("c", 3.0, (9,) * 8),
        )
    ]
    both = summary_of(picks=tuple(picks))
    asked = framed_network(FOUND, SPACE, both.without_winner(), None)
    assert asked is not None
    assert (list(asked.chosen), asked.words) == (row, "the network b, exported on request,")
    winner = framed_network(FOUND, SPACE, both, SPACE.network(np.array([2] * 8)))
    assert winner is not None
    assert (list(winner.chosen), winner.words) == ([2] * 8, "the exported winner")
    left = shrunk_space(SPACE, [[1], [0, 2], [1], *[[0, 1, 2]] * 5])
    within = framed_network(FOUND, left, both.without_winner(), None)
    assert within is not None
    assert list(within.chosen) == left.of_numbers(np.array(row))[0].tolist() != row
    strange = framed_network(FOUND, SPACE, summary_of(), ())
    assert strange is not None
    assert strange.words == "the best network of the front"
    none = replace(FOUND, on_front=FOUND.on_front[:0])
    assert framed_network(none, SPACE, None, None) is None
