"""Ten networks searched on a latency table, then measured: are they as fast as predicted?

    python -m benchmarks.front_measured [--space mobilenet_v3_large] [--resolution 224]

Profiles a space, searches the exact front (most MACs for the latency), takes the best network
within each of ten budgets from the least to the greatest latency, and measures those ten by
themselves, as an export does.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.options import space_and_device, space_parser
from hwnas.latency.measure import measure_models, timed_model
from hwnas.objectives.costs import MACS
from hwnas.objectives.measured import measured_objective
from hwnas.runs.on_device import FINAL
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = space_parser(__doc__)
    parser.add_argument("--networks", type=int, default=10)
    options = parser.parse_args()
    space, device = space_and_device(options)
    with tempfile.TemporaryDirectory(prefix="hwnas-front-") as folder:
        model = profile_space(space, device, Path(folder) / "table.sqlite", ProfileConfig())
    cost, score = Trellis.of(space, measured_objective(model)), Trellis.of(space, MACS)
    budgets = np.linspace(*cost.range, options.networks + 1)[1:]
    networks = [
        space.network(exact_best(score, SearchProblem(space, cost, (Limit(cost, bound),))))
        for bound in map(float, budgets)
    ]
    predicted = model.predict(networks)
    summaries = measure_models(
        device,
        {str(n): timed_model(network, device, inner=False) for n, network in enumerate(networks)},
        FINAL,
    )
    measured = np.array([summaries[str(number)].ms for number in range(len(networks))])
    result = {
        "space": options.space,
        "resolution": space.resolution,
        "networks": len(networks),
        "largest_error": 100 * np.abs(measured / predicted - 1).max(),
        "largest_excess": 100 * (measured / budgets - 1).max(),
        "budgets_ms": budgets.round(4).tolist(),
        "predicted_ms": predicted.round(4).tolist(),
        "measured_ms": measured.round(4).tolist(),
    }
    print(json.dumps(result, default=float))


if __name__ == "__main__":
    main()
