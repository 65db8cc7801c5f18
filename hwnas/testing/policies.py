"""What every policy must do, as a suite that a policy of your own can be held to.

import pytest
from hwnas.testing.policies import PolicyContract

class TestThompson(PolicyContract):
@pytest.fixture
def policy(self):
return ThompsonSampling
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from hwnas.core.configs import StrictModel
from hwnas.core.errors import BudgetError, ConfigError
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.policies import Policy
from hwnas.search.problem import CheckedLimit, Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures
from hwnas.testing.search_problems import (
    MostKernels,
    family_problem,
    large_problem,
    macro,
    macro_problem,
    tiny_problem,
    widths_problem,
)

Reward = Callable[[Architectures], NDArray[np.float64]]
_PLANNED = 120


class Toy:
    """A sum of random values of choices.

    Attributes:
        values: L arrays (C,).
    """

    def __init__(self, problem: SearchProblem, seed: int, factor: float = 1.0) -> None:
        generator = np.random.default_rng([seed, 42])
        self.values = [factor * generator.random(count) for count in problem.space.choice_counts]

    def __call__(self, rows: Architectures) -> NDArray[np.float64]:
        """(N,) what architectures (N, L) are worth."""
        total = np.zeros(len(rows))
        for values, column in zip(self.values, rows.T, strict=True):
            total += values[column]
        return total


def taught(policy: Policy, reward: Reward, draws: int) -> Architectures:
    """(N, L) what a policy draws that is told the rewards of it, as many at once as it wants."""
    found = [np.zeros((0, policy.problem.length), dtype=np.int64)]
    while draws > 0:
        rows = policy.draw(min(draws, policy.wanted))
        policy.learn(rows, reward(rows))
        found.append(rows)
        draws -= len(rows)
    return np.concatenate(found)


class PolicyContract:
    """The suite; a subclass names the policy by the fixture `policy`."""

    @pytest.fixture
    def policy(self) -> type[Policy]:
        """The class that is tested."""
        raise NotImplementedError("override the fixture 'policy' with the class to test")

    def test_it_has_a_name_and_a_default_for_every_setting(self, policy: type[Policy]) -> None:
        """Configs name it, and may leave its settings out."""
        assert policy.name
        assert policy.name == policy.name.strip()
        assert isinstance(policy.settings_model(), StrictModel)

    def test_draws_depend_on_the_seed_alone(self, policy: type[Policy]) -> None:
        """And on the rewards."""
        drawn = [
            taught(policy(macro_problem(0.5), 60, seed), _toy(0), 60).tolist() for seed in (3, 3, 4)
        ]
        assert drawn[0] == drawn[1] != drawn[2]

    @pytest.mark.parametrize("draws", [0, 1, 37])
    def test_a_policy_goes_on_from_a_file_of_its_state_to_the_bit(
        self, policy: type[Policy], draws: int, tmp_path: Path
    ) -> None:
        """A training that is killed resumes with the same policy."""
        problem, toy = macro_problem(0.5), _toy(0)
        one = policy(problem, 80, 1)
        taught(one, toy, draws)
        one.draw(2)  # and is killed before it is told of them
        save_file(one.state, tmp_path / "state.safetensors")
        other = policy(problem, 80, 2)
        other.restore(load_file(tmp_path / "state.safetensors"))
        for _ in range(3):
            rows = one.draw(5)
            assert rows.tolist() == other.draw(5).tolist()
            rewards = toy(rows)
            one.learn(rows, rewards)
            other.learn(rows, rewards)
            _assert_same(one, other)

    def test_a_state_does_not_change_later(self, policy: type[Policy]) -> None:
        """It may be written while the policy learns on."""
        one = policy(macro_problem(), 60, 0)
        taught(one, _toy(0), 10)
        state = one.state
        before = {name: array.copy() for name, array in state.items()}
        taught(one, _toy(1), 20)
        assert all(np.array_equal(state[name], array) for name, array in before.items())
        one.restore(state)
        taught(one, _toy(1), 20)
        assert all(np.array_equal(state[name], array) for name, array in before.items())

    def test_the_state_of_another_space_is_refused(self, policy: type[Policy]) -> None:
        """In one sentence."""
        one = policy(macro_problem(), 60, 0)
        state = one.state
        others = [{**state, "something": np.zeros(3)}, {"generator": state["generator"][:5]}]
        if len(state) > 1:  # it learns
            others.append(policy(large_problem(0.5), 60, 0).state)
        for other in others:
            with pytest.raises(ConfigError, match=f"no state of the policy {policy.name}"):
                one.restore(other)

    @pytest.mark.parametrize("count", [1, 7])
    def test_it_draws_as_many_as_are_asked_for(self, policy: type[Policy], count: int) -> None:
        """Also more than were planned, whatever it is told, of networks that it did not draw."""
        problem = macro_problem()
        one, generator = policy(problem, 20, 0), np.random.default_rng(0)
        for _ in range(8):
            rows = one.draw(count)
            assert rows.shape == (count, problem.length)
            assert rows.dtype == np.int64
            assert (problem.space.canonical(rows) == rows).all()
            others = problem.space.sample(generator, 3)
            one.learn(others, np.full(3, 7.0))
        assert one.wanted >= 1

    @pytest.mark.parametrize(
        "make",
        [
            partial(macro_problem, 0.01),
            partial(macro_problem, 0.3),
            partial(large_problem, 0.05),
            partial(widths_problem, 0.1),
            partial(family_problem, 0.2),
            partial(tiny_problem, 3, 2.0),
        ],
        ids=["macro at 1 %", "macro at 30 %", "large", "widths", "family", "tiny"],
    )
    def test_every_draw_keeps_the_budget(
        self, policy: type[Policy], make: Callable[[], SearchProblem]
    ) -> None:
        """However few networks do; and no choice follows one that it may not follow."""
        problem = make()
        rows = taught(policy(problem, 40, 0), Toy(problem, 0), 40)
        assert problem.feasible(rows).all()
        assert (problem.space.canonical(rows) == rows).all()

    def test_two_budgets_and_one_that_is_no_sum_are_kept(self, policy: type[Policy]) -> None:
        """The more of the one, the less of the other."""
        cost = macro_problem(0.5).cost
        turned = [-step.reshape(-1, step.shape[-1])[0] for step in cost.steps]
        other = Trellis.from_values(macro(), "idle", "", 1e9, turned)
        tight = float(np.quantile(other.evaluate(macro().sample(_generator(), 500)), 0.6))
        limits = (*macro_problem(0.6).limits, Limit(other, tight))
        problem = replace(macro_problem(), limits=limits)
        problem = replace(problem, tested=(CheckedLimit(macro(), MostKernels(), 1.0),))
        rows = taught(policy(problem, 30, 0), _toy(0), 30)
        assert problem.feasible(rows).all()

    def test_an_unreachable_budget_is_refused(self, policy: type[Policy]) -> None:
        """Before anything is drawn."""
        with pytest.raises(BudgetError, match=r"0\.5 ms is out of reach"):
            policy(tiny_problem(3, bound=0.5), 10, 0)

    @pytest.mark.parametrize("draws", [0, 30])
    def test_there_is_a_finite_value_for_every_choice(
        self, policy: type[Policy], draws: int
    ) -> None:
        """Also before anything is known."""
        one = policy(macro_problem(0.5), 30, 0)
        taught(one, _toy(0), draws)
        values = one.values()
        assert [value.shape for value in values] == [(n,) for n in macro().choice_counts.tolist()]
        assert all(np.isfinite(value).all() for value in values)
        assert macro_problem(0.5).feasible(exact_best(one.score, macro_problem(0.5))[None]).all()

    def test_the_unit_of_the_rewards_does_not_matter(self, policy: type[Policy]) -> None:
        """Scores of estimators are of any."""
        drawn = []
        for factor in (1.0, 1024.0):  # the same digits
            toy = _toy(0, factor)
            drawn.append(taught(policy(macro_problem(), 60, 0), toy, 60).tolist())
        assert drawn[0] == drawn[1]

    def test_rewards_that_are_all_equal_are_no_fault(self, policy: type[Policy]) -> None:
        """Estimators may score every network of a kind alike."""
        one = policy(macro_problem(), 60, 0)
        taught(one, lambda rows: np.ones(len(rows)), 60)
        assert all(np.isfinite(value).all() for value in one.values())

    def test_its_values_lead_to_better_networks_than_chance(self, policy: type[Policy]) -> None:
        """The best by its values is worth more than three of four random networks, on average."""
        problem, shares = macro_problem(), []
        for seed in range(6):
            one, toy = policy(problem, _PLANNED, seed), _toy(seed)
            taught(one, toy, _PLANNED)
            found = toy(exact_best(one.score, problem)[None])
            others = toy(problem.space.sample(_generator(), 1000))
            shares.append(float((others < found).mean()))
        assert np.mean(shares) > 0.75


def _toy(seed: int, factor: float = 1.0) -> Toy:
    return Toy(macro_problem(), seed, factor)


def _generator() -> np.random.Generator:
    return np.random.default_rng(5)


def _assert_same(one: Policy, other: Policy) -> None:
    assert one.wanted == other.wanted
    for mine, its in zip(one.values(), other.values(), strict=True):
        assert mine.tobytes() == its.tobytes()
    states = [
        {name: array.tobytes() for name, array in policy.state.items()} for policy in (one, other)
    ]
    assert states[0] == states[1]
