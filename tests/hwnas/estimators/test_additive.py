import itertools

import numpy as np
import pytest

from hwnas.estimators.blockwise.estimator import BlockwiseEstimator
from hwnas.estimators.bn import BatchNormEstimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.objectives.costs import MACS
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.exact.stages import stage_problem
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import load_space
from hwnas.spaces.stages import StageSpace

SPACE = load_space("nas_bench_macro")
STAGES = StageSpace(SPACE)
EVERY = np.unique(
    SPACE.canonical(np.array(list(itertools.product(*map(range, SPACE.choice_counts))))), axis=0
)


def indicator() -> Scores:
    generator = np.random.default_rng(0)
    values = [generator.random(3) * [0, 1, 1] for _ in SPACE.slots]
    return BatchNormEstimator().of_values(EstimatorInputs(SPACE), values)


def rating() -> Scores:
    generator = np.random.default_rng(0)
    losses = [generator.random(count) for count in STAGES.choice_counts]
    return BlockwiseEstimator().of_losses(EstimatorInputs(SPACE), STAGES, losses)


def test_a_score_is_the_sum_of_the_indicators_of_a_networks_blocks():
    objective = indicator()
    for row in EVERY[::371]:
        steps = zip(objective.exact.trellis.steps, row, strict=True)
        values = [step[0, 0, choice] for step, choice in steps]
        assert objective.evaluate_architectures(row)[0] == pytest.approx(sum(values))


def test_a_rating_is_minus_the_sum_of_the_losses_of_a_networks_stages():
    objective = rating()
    for row in EVERY[::371]:
        stages = STAGES.of_blocks(row)[0]
        steps = zip(objective.exact.trellis.steps, stages, strict=True)
        losses = [-step[0, 0, path] for step, path in steps]
        assert objective.evaluate_architectures(row)[0] == pytest.approx(-sum(losses))


@pytest.mark.parametrize("objective", [indicator(), rating()])
def test_networks_and_all_their_architectures_have_one_score(objective):
    rows = np.random.default_rng(1).integers(0, 3, size=(50, 8))
    scores = objective.evaluate_architectures(rows)
    assert (objective.evaluate(SPACE.networks(rows)) == scores).all()
    assert (objective.evaluate_architectures(SPACE.canonical(rows)) == scores).all()
    assert len(objective.evaluate([])) == 0


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_exact_search_over_either_equals_brute_force_over_all_networks(share):
    macs = Trellis.of(SPACE, MACS)
    costs = macs.evaluate(EVERY)
    bound = float(np.quantile(costs, share))
    problem = SearchProblem(SPACE, macs, (Limit(macs, bound),))
    for objective, posed in ((indicator(), problem), (rating(), stage_problem(problem, STAGES))):
        best = exact_best(objective.exact.trellis, posed)[None]
        row = STAGES.to_blocks(best) if posed.space is STAGES else best
        scores = objective.evaluate_architectures(EVERY)[costs <= bound]
        assert objective.evaluate_architectures(row)[0] == pytest.approx(scores.max(), abs=1e-12)
        assert problem.feasible(row).all()
