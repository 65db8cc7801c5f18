import pytest

from hwnas.relaxation.parts import make_part
from hwnas.relaxation.schedules import SCHEDULES, Constant, Cosine, Cyclic, Schedule


@pytest.mark.parametrize("name", SCHEDULES.ours)
@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_shares_are_within_0_and_1_and_begin_with_1(name: str, steps: int) -> None:
    schedule = make_part(SCHEDULES, name, Schedule)
    assert schedule.name == name
    shares = [schedule.share(step, steps) for step in range(steps)]
    assert shares[0] == 1.0
    assert all(0 < share <= 1 for share in shares)
    assert schedule.snapshots(steps)[-1] == steps - 1


def test_a_constant_rate_stays_and_a_cosine_falls() -> None:
    assert [Constant().share(step, 4) for step in range(4)] == [1.0] * 4
    assert [Cosine().share(step, 4) for step in range(4)] == pytest.approx(
        [1.0, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]
    )


def test_each_cycle_is_a_cosine_of_its_own_and_ends_with_a_snapshot() -> None:
    schedule, steps = Cyclic(cycles=3), 11
    assert schedule.snapshots(steps) == [2, 6, 10]
    shares = [schedule.share(step, steps) for step in range(steps)]
    wanted = [Cosine().share(step, length) for length in (3, 4, 4) for step in range(length)]
    assert shares == wanted


def test_there_are_no_more_cycles_than_steps() -> None:
    assert Cyclic(cycles=10).snapshots(3) == [0, 1, 2]
    assert Constant().snapshots(3) == Cosine().snapshots(3) == [2]
