"""A network of the table beside others tells what the reference block does not feel."""

from pathlib import Path

import pytest

from hwnas.latency.anchors import ANCHOR, Anchor, anchors_of, judged_by, nearest
from hwnas.latency.reference import NETWORK
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import Speed, Visit, Visits
from tests.latency.test_profile import NETWORKS
from tests.latency.test_revalidate import known_table

SPEED = Speed(0.2, 0.2)
KNOWN = Anchor(NETWORK, 2.0)


def rounds(*slowness: float) -> list[Visit]:
    """Rounds of a graph of 1 ms and the anchor, whose memory is slow: the reference is not."""
    return [
        Visit(name, number // 4, number % 4, (ms * slow, 3 * ms * slow), 0.2)
        for number, slow in enumerate(slowness)
        for name, ms in (("a", 1.0), (ANCHOR, 2.0))
    ]


def test_rounds_in_which_the_anchor_was_slow_are_set_aside() -> None:
    visits = rounds(*[1.0] * 9, *[1.5] * 5)
    assert Visits(visits, SPEED).summary("a").redone == 0
    assert Visits(judged_by(visits, KNOWN, SPEED), SPEED).summary("a").redone == 5


def test_a_memory_that_is_slow_all_along_is_told() -> None:
    visits = Visits(judged_by(rounds(*[1.5] * 16), KNOWN, SPEED), SPEED)
    assert "affected" in visits.summary("a").warnings
    assert visits.slower("a") == pytest.approx(0.5)


def test_the_anchors_of_a_table_are_spread_over_its_networks(tmp_path: Path) -> None:
    with LatencyTable(known_table(tmp_path / "t.sqlite")) as table:
        found = anchors_of(table)
    assert [anchor.ms for anchor in found] == [100.0, pytest.approx(700, abs=101), 1200.0]
    assert found[0].network == NETWORKS[0]
    assert nearest(found, 900.0) == found[1]
    assert nearest(found, None) == found[1]
    assert nearest([], 1.0) is None
