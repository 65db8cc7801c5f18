import numpy as np
import pytest

from hwnas.search.searchers.hopeful import Hopeful, crossed, log_improvement
from hwnas.search.searchers.interactions import Interactions
from hwnas.spaces.space import keys
from tests.hwnas.search.problems import every_architecture, macro, macro_problem, synthetic_score

EVERY = every_architecture(macro())


def test_the_expected_improvement_is_what_draws_bring() -> None:
    draws = np.random.default_rng(0).standard_normal(200_000)
    for mean, deviation in ((0.0, 1.0), (-1.0, 0.5), (2.0, 0.1)):
        brought = np.maximum(mean + deviation * draws - 0.5, 0).mean()
        found = log_improvement(np.array([mean]), np.array([deviation]), 0.5)
        assert np.exp(found[0]) == pytest.approx(brought, rel=0.1)


def test_the_hopeless_are_ranked_too() -> None:
    means = np.linspace(0, -400, 4001)
    found = log_improvement(means, np.ones(4001), 0.0)
    assert (np.diff(found) < 0).all()
    assert np.isfinite(found).all()


def test_children_have_the_choices_of_two_parents() -> None:
    best, others = np.zeros((3, 8), dtype=np.int64), np.ones((5, 8), dtype=np.int64)
    children = crossed(best, others, 50, np.random.default_rng(0))
    assert set(np.unique(children).tolist()) == {0, 1}
    assert 0.4 < children.mean() < 0.6


def test_a_batch_is_new_distinct_within_the_budget_and_hopeful() -> None:
    problem = macro_problem(0.5)
    within = EVERY[problem.feasible(EVERY)]
    order = np.random.default_rng(0).permutation(len(within))
    known, pending = within[order[:60]], within[order[60:64]]
    scores = synthetic_score(known)
    model = Interactions(problem.space, known, scores)
    asked = np.concatenate((known, pending))
    found = Hopeful(problem, model, asked, float(model.mean(known).max()))
    best = known[np.argsort(-scores)[:10]]
    found.add_around(best, known, np.random.default_rng(0))
    rows = found.batch(6, pending)
    assert len(set(keys(rows))) == 6
    assert not set(keys(rows)) & set(keys(asked))
    assert problem.feasible(rows).all()
    assert np.median(synthetic_score(rows)) > np.quantile(synthetic_score(within), 0.9)


def test_where_all_is_asked_for_nothing_is_left() -> None:
    problem = macro_problem(0.002)
    known = EVERY[problem.feasible(EVERY)]
    model = Interactions(problem.space, known, synthetic_score(known))
    found = Hopeful(problem, model, known, 0.0)
    found.add_around(known[:10], known, np.random.default_rng(0))
    assert found.batch(5, known[:0]).shape == (0, 8)
