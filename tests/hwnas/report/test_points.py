"""What the page is told of judged networks, and what choices are worth."""

import numpy as np
import pytest

from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import block_key
from hwnas.report import points
from hwnas.report.content import judged_points
from hwnas.report.points import drawn_points
from hwnas.runs.front_points import front_points
from tests.hwnas.report.results import result_of
from tests.hwnas.search.problems import macro

NUMBERS = np.random.default_rng(0).permutation(3969).tolist()
SPACE = macro()
MODEL = LatencyModel({block_key(block): 0.25 for block in SPACE.blocks()}, Correction())
FOUND = result_of({"layernas": NUMBERS[:300], "random": NUMBERS[200:320]}, quantile=0.5)
WINNER = SPACE.network(FOUND.front.architectures[-1])


def drawn() -> points.DrawnPoints:
    return drawn_points(
        FOUND,
        front_points(FOUND, SPACE),
        SPACE,
        MODEL,
        winner=WINNER,
        reference=("v2", WINNER),
    )


def test_every_judged_network_has_its_blocks_its_searchers_and_its_budgets() -> None:
    found = drawn()
    assert found.groups == ["layernas", "random"]
    assert (int(found.of(0).sum()), int(found.of(1).sum())) == (300, 120)
    assert found.kept.tolist() == FOUND.problem.feasible(FOUND.architectures).tolist()
    content = found.to_dict()
    for number in (0, 319):
        network = SPACE.network(FOUND.architectures[number])
        names = [content["blocks"][block]["name"] for block in content["net"][number]]
        assert names == [block.short_name for block in network]
    assert content["winner"] == content["front"][-1]
    assert content["references"][0]["net"] == content["net"][content["winner"]]


def test_of_too_many_networks_the_front_and_some_others_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(points, "MOST", 50)
    found = drawn()
    assert (len(found.ids), found.left_out) == (50, 270)
    assert found.score[found.front].tolist() == FOUND.front.scores.tolist()
    counts = [len(judged.accuracy) for judged in judged_points(FOUND)]  # of the picture
    assert max(counts) <= 50 <= sum(counts)
