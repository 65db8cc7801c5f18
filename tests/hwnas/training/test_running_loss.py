import math

import numpy as np

from hwnas.training.running_loss import RunningLoss


def fed(values, classes=10):
    """After these losses: whether it was ever too high, and whether it diverged."""
    loss, high, diverged = RunningLoss(classes), False, False
    for value in values:
        loss.add(value)
        high, diverged = high or loss.too_high, diverged or loss.diverges
    return high, diverged


def test_the_mean_is_over_about_ten_steps():
    loss = RunningLoss(10)
    for value in (2.0, 3.0, 1.0):
        loss.add(value)
    assert loss.mean == 0.9 * (0.9 * 2.0 + 0.1 * 3.0) + 0.1 * 1.0
    assert loss.first == 2.0


def test_a_training_that_learns_never_diverges():
    noise = np.random.default_rng(0).normal(0, 0.3, 2000)
    learning = 2.3 * np.exp(-np.arange(2000) / 500) + 0.2
    assert fed(np.abs(learning + noise)) == (False, False)


def test_knowing_nothing_for_ever_is_not_diverging():
    assert fed([math.log(10)] * 1000) == (False, False)


def test_fine_tuning_that_first_forgets_all_is_not_diverging():
    assert fed([0.01] * 5 + [math.log(10) * 1.2] * 500) == (False, False)


def test_a_short_peak_is_too_high_to_keep_but_no_end():
    high, diverged = fed([2.3] * 20 + [500.0] * 3 + [2.3] * 200)
    assert high
    assert not diverged


def test_a_hundred_steps_far_above_knowing_nothing_diverge():
    assert fed([2.3] * 20 + [50.0] * 90) == (True, False)
    assert fed([2.3] * 20 + [50.0] * 130) == (True, True)


def test_a_loss_of_another_kind_is_compared_with_its_first_value():
    assert fed([300.0] * 500) == (False, False)
    assert fed([300.0] + [2000.0] * 130) == (True, True)


def test_it_goes_on_where_it_was():
    loss = RunningLoss(10, mean=1.0, first=20.0)
    loss.add(2.0)
    assert (loss.mean, loss.first, loss.bound) == (1.1, 20.0, 80.0)
