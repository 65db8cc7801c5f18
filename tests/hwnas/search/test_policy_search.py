from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError
from hwnas.search.policies.uniform import Uniform
from hwnas.search.searchers import SEARCHERS, make_searcher, searcher_class
from hwnas.search.searchers.policy_search import PolicySearch
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import macro_problem, synthetic_score
from tests.installed import install


class TwoNetworks(Uniform):
    """Draws two networks in turn, and holds the costliest choices to be the best."""

    name = "two_networks"
    told: list[tuple[list[int], float]]

    @override
    def prepare(self) -> None:
        super().prepare()
        self.told = []

    @override
    def draw(self, count: int) -> Architectures:
        return np.array([[2] * 8, [1] * 8] * count)[:count]

    @override
    def learn(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        self.told += list(zip(architectures.tolist(), rewards.tolist(), strict=True))

    @override
    def values(self) -> list[NDArray[np.float64]]:
        return [np.arange(3.0)] * 8


def two_networks(evaluations: int, **settings: object) -> tuple[PolicySearch, TwoNetworks]:
    searcher = make_searcher(searcher_class(TwoNetworks), macro_problem(), evaluations, 0, settings)
    assert isinstance(searcher, PolicySearch)
    assert isinstance(searcher.drawing, TwoNetworks)
    return searcher, searcher.drawing


def test_what_is_drawn_again_is_told_again_and_not_asked_again() -> None:
    searcher, policy = two_networks(6, batch=2)
    rows = searcher.ask()
    assert rows.tolist() == [[2] * 8, [1] * 8]
    searcher.tell(rows, np.array([5.0, 3.0]))
    assert policy.told == [([2] * 8, 5.0), ([1] * 8, 3.0)]
    searcher.ask()
    assert {tuple(row): reward for row, reward in policy.told} == {(2,) * 8: 5.0, (1,) * 8: 3.0}
    assert len(policy.told) > 10


def test_a_network_drawn_twice_at_once_counts_twice() -> None:
    searcher, policy = two_networks(6, batch=3, final=0)
    rows = searcher.ask()
    searcher.tell(rows, np.array([5.0, 3.0]))
    assert policy.told[:2] == [([2] * 8, 5.0)] * 2


def test_when_a_policy_has_settled_its_values_are_searched() -> None:
    searcher, _ = two_networks(20, final=0.1, aim="best")
    asked = []
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
        asked += rows.tolist()
    assert len(asked) == 20
    assert [sum(row) for row in asked] == [16] + [15] * 8 + [14] * 11


def test_what_a_policy_holds_is_kept_after_each_tenth_of_the_evaluations() -> None:
    searcher = make_searcher("mcts", macro_problem(), 40, 0)
    assert searcher.value_history is None
    found = []
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
        assert isinstance(searcher, PolicySearch)
        found.append(np.concatenate(searcher.drawing.values()).astype(np.float32))
        now = searcher.value_history
        assert now is not None
        assert now.values[-1].tolist() == found[-1].tolist()
    kept = searcher.value_history
    assert kept is not None
    # Later ones are the ends of the questions in which further tenths are passed.
    assert kept.moments.tolist()[:3] == [4, 8, 12]
    assert (len(kept.moments) <= 11, kept.moments[-1]) == (True, 40)
    assert kept.values[0].tolist() == found[3].tolist()
    assert make_searcher("random", macro_problem(), 5, 0).value_history is None


def test_settings_are_those_of_the_policy_and_of_the_search() -> None:
    searcher = make_searcher("mcts", macro_problem(), 50, 0, {"explore": 0.7, "final": 0.5})
    assert isinstance(searcher, PolicySearch)
    assert searcher.drawing.settings.model_dump() == {
        "warm_up": 0.3, "explore": 0.7, "sharing": 1.0, "temperature": 0.3
    }  # fmt: skip
    assert searcher.drawing.planned == 25
    with pytest.raises(ConfigError, match="mcts: unknown key 'explor'; did you mean 'explore'"):
        make_searcher("mcts", macro_problem(), 50, 0, {"explor": 0.7})


class WithFinal(StrictModel):
    final: int = Field(default=3)


class Clashing(TwoNetworks):
    name = "clashing"
    settings_model = WithFinal


def test_a_setting_that_every_search_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="clashing has a setting final, as every search"):
        searcher_class(Clashing)


def test_an_installed_policy_is_a_searcher(site: Path) -> None:
    code = (
        "from hwnas.search.policies.uniform import Uniform\n"
        "class Even(Uniform):\n    name = 'even'\n"
    )
    install(site, "evenly", "hwnas.policies", "even = evenly:Even", code)
    assert "even" in SEARCHERS
    assert SEARCHERS.names()[-1] == "even"
    assert SEARCHERS.origin("even") == "evenly:Even of evenly 1.0"
    assert searcher_class("even").name == "even"
    assert len(make_searcher("even", macro_problem(0.5), 20, 0).ask())
