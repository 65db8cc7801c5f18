import itertools

import numpy as np
import pytest
from scipy.stats import kendalltau

from hwnas.objectives.costs import MACS
from hwnas.objectives.statistics.ranking import noise_ceiling, ranking_report, tops
from hwnas.objectives.statistics.top_k import best_of_top, membership, overlap
from tests.hwnas.search.problems import every_architecture, macro, macro_accuracy, macro_trainings

TRUTH = np.arange(100.0)


def test_a_perfect_estimate_has_perfect_figures() -> None:
    report = ranking_report([10 * TRUTH - 3], [TRUTH])
    assert report.tau is not None
    assert report.tau_in_top is not None
    assert report.worst_half is not None
    figures = [report.tau, report.tau_in_top, report.worst_half, *report.precision.values()]
    assert [figure.mean for figure in figures] == pytest.approx([1.0] * 7)
    assert {figure.mean for figure in report.regret.values()} == {0.0}
    assert list(report.regret) == ["1", "10", "5 %", "10 %"]


def test_the_figures_of_an_estimate_that_is_right_but_for_the_best() -> None:
    # The ten best come out as the ten worst, in the right order.
    estimate = np.where(TRUTH >= 90, TRUTH - 100, TRUTH)
    report = ranking_report([estimate], [TRUTH])
    assert report.tau is not None
    assert report.tau.mean == pytest.approx(kendalltau(estimate, TRUTH).statistic)
    assert report.tau_in_top is not None
    assert report.tau_in_top.mean == pytest.approx(1.0)
    assert {k: figure.mean for k, figure in report.precision.items()} == dict.fromkeys(
        ("1", "10", "5 %", "10 %"), 0.0
    )
    assert {figure.mean for figure in report.regret.values()} == {10.0}
    # Of the 50 that are dropped, the 10 best and 40 of the worst.
    assert report.worst_half is not None
    assert report.worst_half.mean == 0.8


def test_mean_and_spread_are_over_seeds() -> None:
    report = ranking_report([TRUTH, -TRUTH], [TRUTH, TRUTH])
    assert report.tau is not None
    assert report.tau.seeds == (1.0, -1.0)
    assert report.tau.mean == 0.0
    assert report.tau.spread == pytest.approx(np.sqrt(2))
    assert ranking_report([TRUTH], [TRUTH]).tau.spread is None  # type: ignore[union-attr]


def test_an_estimate_that_is_always_the_same_ranks_as_chance_does() -> None:
    report = ranking_report([np.ones(100)], [TRUTH])
    assert report.tau is not None
    assert report.tau.mean == 0.0
    assert report.precision["10"].mean == pytest.approx(0.1)
    assert report.worst_half is not None
    assert report.worst_half.mean == pytest.approx(0.5)
    # Of a network drawn at random the expected accuracy is 49.5.
    assert report.regret["1"].mean == pytest.approx(99 - 49.5)


def test_a_truth_without_order_leaves_tau_unknown() -> None:
    report = ranking_report([TRUTH], [np.ones(100)])
    assert report.tau is None
    assert report.to_dict()["tau"] is None


@pytest.mark.parametrize("k", [1, 2, 4])
def test_ties_are_the_mean_of_every_order_of_them(k: int) -> None:
    scores, values = np.array([2.0, 1.0, 1.0, 3.0, 1.0]), np.array([0.5, 0.1, 0.9, 0.3, 0.7])
    true_top = set(np.argsort(-values)[:k].tolist())
    shares, bests = [], []
    for order in itertools.permutations(range(5)):
        top = sorted(range(5), key=lambda i, order=order: (-scores[i], order[i]))[:k]
        shares.append(len(true_top & set(top)) / k)
        bests.append(values[top].max())
    assert overlap(scores, values, k) == pytest.approx(np.mean(shares))
    assert best_of_top(scores, values, k) == pytest.approx(np.mean(bests))
    assert membership(scores, k).sum() == pytest.approx(k)


def test_small_samples_have_fewer_figures_and_none_that_says_nothing() -> None:
    assert tops(500) == {"1": 1, "10": 10, "5 %": 25, "10 %": 50}
    assert tops(29) == {"1": 1, "5 %": 2, "10 %": 3}
    report = ranking_report([TRUTH[:30]], [TRUTH[:30]])
    assert report.tau_in_top is None
    with pytest.raises(ValueError, match="needs 10 networks or more, not 9"):
        ranking_report([TRUTH[:9]], [TRUTH[:9]])
    with pytest.raises(ValueError, match="not a number"):
        ranking_report([np.full(10, np.nan)], [TRUTH[:10]])


def test_one_training_has_no_ceiling_and_few_in_common_neither() -> None:
    assert noise_ceiling([TRUTH[:, None]]) is None
    sparse = np.column_stack((TRUTH, np.where(TRUTH < 9, TRUTH, np.nan)))
    assert noise_ceiling([sparse]) is None
    some = noise_ceiling([np.column_stack((TRUTH, np.where(TRUTH < 12, TRUTH, np.nan)))])
    assert some is not None
    assert some.networks == (12,)


def test_macs_and_ceiling_of_the_published_table() -> None:
    every = every_architecture(macro())
    macs = MACS.evaluate(macro().networks(every))
    alone = ranking_report([macs], [macro_accuracy(every)])
    ceiling = noise_ceiling([macro_trainings(every)])
    assert alone.tau is not None
    assert alone.tau.mean == pytest.approx(0.546, abs=5e-4)
    assert ceiling is not None
    assert ceiling.tau is not None
    assert ceiling.tau.mean == pytest.approx(0.879, abs=5e-4)


def test_figures_that_count_equal_networks_several_times_are_higher() -> None:
    # 0.556 and 0.882 are quoted of all 6,561 vectors, which stand for 3,969 networks.
    vectors = np.array(list(itertools.product(range(3), repeat=8)))
    macs = MACS.evaluate(macro().networks(vectors))
    alone = kendalltau(macs, macro_accuracy(vectors)).statistic
    runs = macro_trainings(vectors)
    assert alone == pytest.approx(0.556, abs=5e-4)
    assert kendalltau(runs[:, 0], runs[:, 1]).statistic == pytest.approx(0.882, abs=5e-4)
