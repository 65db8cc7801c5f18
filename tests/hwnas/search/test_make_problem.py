from collections.abc import Sequence

import numpy as np
import pytest

from hwnas.core.errors import BudgetError
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import Budget
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.objectives.objective import AdditiveObjective, LargestBlockObjective
from hwnas.search.exact.exact_front import exact_best, exact_front
from hwnas.search.exact.k_best import k_best
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.make_problem import make_problem
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space, reference_network
from hwnas.testing.searchers import MostKernels
from tests.hwnas.search.problems import every_architecture, macro

DEPTH = AdditiveObjective("depth", "blocks", lambda _: 1.0)
WIDEST = LargestBlockObjective("widest", "channels", lambda block: float(block.out_channels))


def test_budgets_are_laid_over_the_space_in_the_units_of_their_costs() -> None:
    problem = make_problem(macro(), MACS, {"macs": "60 M", "params": "2 M", "file_size": "1 GB"})
    assert [(one.name, one.bound) for one in problem.limits] == [
        ("macs", 60e6),
        ("params", 2e6),
        ("file_size", 1e9),
    ]
    assert problem.limits[0].trellis is problem.cost
    rows = every_architecture(macro())
    kept = (MACS.evaluate(macro().networks(rows)) <= 60e6) & (
        PARAMETERS.evaluate(macro().networks(rows)) <= 2e6
    )
    assert np.array_equal(problem.feasible(rows), kept)


def test_a_problem_knows_the_smallest_limit_on_a_cost() -> None:
    budgets = [Budget.of("macs", "60 M"), Budget.of("macs", "50 M"), Budget.of("params", "2 M")]
    problem = make_problem(macro(), MACS, budgets)
    assert problem.bound("macs") == 50e6
    assert problem.bound("params") == 2e6
    assert problem.bound("latency") is None


def test_a_share_is_of_the_reference_network() -> None:
    space = load_space("mobilenet_v3_small")
    network = reference_network("mobilenet_v3_small", resolution=224, classes=1000)
    problem = make_problem(space, MACS, {"macs": "75 % of reference"}, reference=network)
    assert problem.bound("macs") == pytest.approx(0.75 * MACS.evaluate([network])[0])
    with pytest.raises(BudgetError, match="refers to a reference network"):
        make_problem(space, MACS, {"macs": "75 % of reference"})


def test_costs_of_ones_own_are_taken_as_objects() -> None:
    problem = make_problem(macro(), DEPTH, {"depth": "9 blocks", "widest": 1280}, [PLAIN])
    assert (problem.cost.name, problem.bound("widest")) == ("depth", 1280.0)


PLAIN = LargestBlockObjective("widest", "", lambda block: float(block.out_channels))


def test_a_budget_out_of_reach_is_refused_with_the_range() -> None:
    with pytest.raises(BudgetError, match=r"the macs budget of 10 MACs is out of reach"):
        make_problem(macro(), MACS, {"macs": 10})


def test_a_cost_to_be_maximized_takes_no_budget() -> None:
    gain = AdditiveObjective("gain", "u", lambda _: 1.0, direction="maximize")
    with pytest.raises(BudgetError, match="'gain' is to be maximized, and a budget limits what"):
        make_problem(macro(), MACS, {"gain": "3 u"}, [gain])


def test_a_cost_that_is_no_sum_cannot_be_the_axis_of_a_front() -> None:
    with pytest.raises(BudgetError, match="kernel_sizes cannot be the cost of a front"):
        make_problem(macro(), MostKernels())


class Slow(MostKernels):
    def __init__(self) -> None:
        self.seen = 0

    def evaluate(self, networks: Sequence[Network]) -> np.ndarray:
        self.seen += len(networks)
        return super().evaluate(networks)


def test_a_cost_that_is_no_sum_is_tested_once_a_network() -> None:
    slow = Slow()
    problem = make_problem(macro(), MACS, {"kernel_sizes": "1 sizes"}, [slow])
    (limit,) = problem.tested
    rows = every_architecture(macro())[::7]
    expected = super(Slow, slow).evaluate(macro().networks(rows)) <= 1
    assert np.array_equal(problem.feasible(rows), expected)
    assert slow.seen == len(rows)
    assert np.array_equal(problem.feasible(rows[::-1]), expected[::-1])
    assert slow.seen == len(rows)
    assert problem.every_limit == (limit,)
    assert problem.bound("kernel_sizes") == 1.0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (1.0, "the objective 'own' returned 1 number in the shape .* return one number for each"),
        ([1.0, 2.0, 3.0], "the objective 'own' returned 3 numbers in the shape .* for 2 networks"),
        ("much", "the objective 'own' returned str, not one number for each network"),
        ([1.0, float("nan")], "the objective 'own' returned nan for a network"),
    ],
)
def test_values_of_a_budgets_objective_are_one_number_for_each(
    values: object, sentence: str
) -> None:
    class Own:
        name, unit, direction = "own", "units", "minimize"

        def evaluate(self, _: Sequence[Network]) -> object:
            return values

    problem = make_problem(macro(), MACS, {"own": "5 units"}, [Own()])  # type: ignore[list-item]
    with pytest.raises(BudgetError, match=sentence):
        problem.feasible(every_architecture(macro())[:2])


def test_random_networks_keep_a_budget_that_is_tested() -> None:
    problem = make_problem(macro(), MACS, {"kernel_sizes": "1 sizes"}, [MostKernels()])
    rows = sample_feasible(problem, np.random.default_rng(0), 30)
    assert len(rows) == 30
    assert problem.feasible(rows).all()


def test_exact_searches_refuse_a_budget_that_has_to_be_tested() -> None:
    problem = make_problem(macro(), MACS, {"kernel_sizes": "1 sizes"}, [MostKernels()])
    score = Trellis.of(macro(), PARAMETERS)
    sentence = r"an exact search cannot keep a budget on kernel_sizes, .* such as 'evolution'"
    for search in (exact_front, exact_best, lambda s, p: k_best(s, p, 3)):
        with pytest.raises(BudgetError, match=sentence):
            search(score, problem)
    with pytest.raises(BudgetError, match=sentence):
        SumScore(score).front(problem, np.random.default_rng(0))
    assert len(exact_front(score, problem.relaxed).scores)
