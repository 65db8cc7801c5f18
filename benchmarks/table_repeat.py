"""Two latency tables of one device, made independently: do blocks and fronts agree?

    python -m benchmarks.table_repeat [--space mobilenet_v3_large] [--resolution 224]

Profiles the space twice into tables of their own; compares every block; and searches the exact
front of each (most MACs for the latency: any additive score would do).
"""

import json
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import space_and_device, space_parser
from hwnas.latency.model import LatencyModel
from hwnas.objectives.costs import MACS
from hwnas.objectives.measured import measured_objective
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.search.exact.exact_front import exact_front
from hwnas.search.front import Front
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = space_parser(__doc__)
    options = parser.parse_args()
    space, device = space_and_device(options)
    with tempfile.TemporaryDirectory(prefix="hwnas-repeat-") as folder:
        tables = [Path(folder) / f"{name}.sqlite" for name in ("first", "second")]
        models = [
            profile_space(space, device, table, ProfileConfig()).of(space.blocks())
            for table in tables
        ]
    keys = sorted(models[0].blocks)
    first, second = (np.array([model.blocks[key] for key in keys]) for model in models)
    difference = 100 * np.abs(first - second) / ((first + second) / 2)
    fronts = [_front(space, model) for model in models]
    result = {
        "space": options.space,
        "resolution": space.resolution,
        "blocks": len(keys),
        "median_difference": np.median(difference),
        "p90_difference": np.quantile(difference, 0.9),
        "worst_difference": difference.max(),
        "front_gap": max(_excess(*fronts), _excess(*fronts[::-1])),
        "front_regret": max(
            _regret(space, one, other, model)
            for one, other, model in (
                (fronts[0], fronts[1], models[1]),
                (fronts[1], fronts[0], models[0]),
            )
        ),
        "front_networks": [len(front.scores) for front in fronts],
    }
    print(json.dumps(result, default=float))


def _front(space: SearchSpace, model: LatencyModel) -> Front:
    cost, score = Trellis.of(space, measured_objective(model)), Trellis.of(space, MACS)
    return exact_front(score, SearchProblem(space, cost, ()))


def _excess(one: Front, other: Front) -> float:
    """By how much one front's latency exceeds the other's at equal score, at most, in %."""
    return 100 * float((one.costs / _least(other, one.scores) - 1).max())


def _regret(space: SearchSpace, one: Front, other: Front, model: LatencyModel) -> float:
    """The same when both are judged by the other's table: what a wrong table costs, in %."""
    costs = model.predict(space.networks(one.architectures))
    return 100 * float((costs / _least(other, one.scores) - 1).max())


def _least(front: Front, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least latency of a front that reaches each score."""
    order = np.argsort(front.costs)
    return np.asarray(front.costs[order][np.searchsorted(front.scores[order], scores)])


if __name__ == "__main__":
    main()
