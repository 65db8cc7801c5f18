import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError
from hwnas.objectives.costs import MACS
from hwnas.search.policies import POLICIES, make_policy, policy_class
from hwnas.search.policies.ddpnas import PruningSearch
from hwnas.search.policies.factors import factors
from hwnas.search.policies.mcts import TreeSearch
from hwnas.search.policies.parsec import ImportanceSearch
from hwnas.search.policies.uniform import Uniform
from hwnas.search.policies.walk import Open, Walk, picked
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, load_space
from hwnas.spaces.config import SpaceConfig, build_space, read_space
from tests.hwnas.search.problems import large_problem, macro_problem, small_space, widths_problem

SEED = 3


def summed(rows: Architectures) -> NDArray[np.float64]:
    return rows.sum(axis=1).astype(np.float64)


@pytest.mark.parametrize("problem", [large_problem(0.05), widths_problem(0.1)])
def test_no_beginning_that_cannot_be_completed_is_drawn(problem: SearchProblem) -> None:
    generator, beginnings = np.random.default_rng(SEED), []

    def choose(slot: int, rows: Architectures, open_choices: Open) -> NDArray[np.int64]:
        del slot
        beginnings.append(rows.copy())
        return picked(np.zeros(open_choices.shape[1]), open_choices, generator)

    rows = Walk(problem, {}).draw(50, choose, generator)
    assert problem.feasible(rows).all()
    assert all(problem.completable(each).all() for each in beginnings)
    assert len({each.shape[1] for each in beginnings}) == problem.length


@pytest.mark.parametrize("name", POLICIES.ours)
def test_a_policy_is_registered_under_its_own_name(name: str) -> None:
    assert policy_class(name).name == name


class Nameless(Uniform):
    name = None  # type: ignore[assignment]


def test_what_is_no_policy_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no policy 'mctss'; did you mean 'mcts'"):
        make_policy("mctss", macro_problem(), 10, 0)
    with pytest.raises(ConfigError, match=r"is no subclass of hwnas\.search\.policies\.Policy"):
        make_policy(int, macro_problem(), 10, 0)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="has no name"):
        make_policy(Nameless, macro_problem(), 10, 0)
    with pytest.raises(ConfigError, match="parsec: unknown key 'sample'"):
        make_policy("parsec", macro_problem(), 10, 0, {"sample": "fixed"})


def test_a_round_of_ddpnas_judges_every_choice_that_is_left_once() -> None:
    # Slots that cannot be skipped: no two architectures are one network.
    space = small_space(((2, 2), (2, 2)), (3, 5, 7))
    policy = PruningSearch(SearchProblem(space, Trellis.of(space, MACS)), 50, SEED)
    assert np.sort(policy.draw(3), axis=0).tolist() == [[i] * 4 for i in range(3)]


def test_ddpnas_prunes_to_the_best_within_its_planned_draws() -> None:
    space = small_space(((2, 2), (2, 2)), (3, 5, 7))
    policy = PruningSearch(SearchProblem(space, Trellis.of(space, MACS)), 300, SEED)
    for _ in range(300):
        rows = policy.draw(1)
        policy.learn(rows, summed(rows))
    assert policy.draw(2).tolist() == [[2] * 4] * 2


def test_ddpnas_prunes_nothing_that_a_budget_needs() -> None:
    problem = macro_problem(0.02)
    policy = PruningSearch(problem, 60, SEED)
    for _ in range(80):
        rows = policy.draw(1)
        policy.learn(rows, summed(rows))  # the dearer, the better
    assert problem.feasible(policy.draw(5)).all()


def test_every_reward_adds_one_node_to_the_tree() -> None:
    policy = TreeSearch(macro_problem(), 100, SEED)
    for count in range(1, 90):
        rows = policy.draw(1)
        before = int(policy.learnt["tree_nodes"][0])
        policy.learn(rows, summed(rows))
        # A way that is known to its end adds none.
        assert before <= int(policy.learnt["tree_nodes"][0]) <= before + 1
        assert policy.learnt["tree_visits"][0] == count


def test_nodes_that_share_find_what_others_have_found() -> None:
    means = []
    for sharing in (1.0, 0.0):
        rows = []
        for seed in range(3):
            policy = make_policy("mcts", macro_problem(), 80, seed, {"sharing": sharing})
            for _ in range(80):
                drawn = policy.draw(1)
                policy.learn(drawn, summed(drawn))
                rows.append(drawn)
        means.append(summed(np.concatenate(rows)).mean())
    assert means[0] > means[1]


def test_the_less_entropy_is_left_the_fewer_samples_are_wanted() -> None:
    policy = ImportanceSearch(macro_problem(), 2000, SEED)
    first, wanted = policy.entropy, policy.wanted
    assert (first, wanted) == (pytest.approx(8 * np.log(3)), 8)
    for _ in range(40):
        rows = policy.draw(policy.wanted)
        policy.learn(rows, summed(rows))
    assert policy.entropy < 0.6 * first
    assert policy.wanted < wanted


def test_factors_are_few_and_tell_the_choices_of_a_stage_apart() -> None:
    config = read_space("mobilenet_v3_large")
    assert isinstance(config, SpaceConfig)
    finer = {"expansions": (1, 2, 3, 4, 5, 6), "squeeze_excite": (False, True)}
    stages = tuple(stage.model_copy(update=finer) for stage in config.stages)
    space = build_space(config.model_copy(update={"stages": stages}), 224, 1000)
    found = factors(space)
    assert found.shape == (730, 5 * (3 + 6 + 2 + 1 + 1))
    ends = np.cumsum(space.choice_counts)[:-1]
    for slot in np.split(found, ends):
        assert len(np.unique(slot, axis=0)) == len(slot)


def test_factors_of_what_is_no_block_are_its_choices() -> None:
    found = factors(widths_problem(0.5).space)
    assert (found == np.eye(60)).all()
    family = load_space("mobilenet_v2", resolution=[160, 192])
    assert factors(family)[:2, :2].tolist() == [[1, 0], [0, 1]]


def test_the_first_half_of_the_draws_learns_factors_and_the_rest_choices() -> None:
    space = load_space("mobilenet_v3_large")
    problem = SearchProblem(space, Trellis.of(space, MACS))
    policy = ImportanceSearch(
        problem, 40, SEED, ImportanceSearch.settings_model(factorised=True, samples="fixed")
    )
    few = policy.parameters
    for _ in range(5):
        rows = policy.draw(4)
        policy.learn(rows, summed(rows))
    assert few < policy.parameters == policy.choices.total
