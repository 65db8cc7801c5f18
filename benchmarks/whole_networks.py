"""How right a latency table of whole networks alone is, beside one of blocks, on unseen networks.

    python -m benchmarks.whole_networks --json
    python -m benchmarks.whole_networks --json --resolution 96 --networks 60 --unseen 12 --quick

Measures --networks whole networks as `hwnas profile --no-blocks` does, and fits the model to all of
them and to the first 30 and 100; measures the blocks and 30 networks as `hwnas profile` does, and
fits the usual model; and judges both by the same --unseen networks, which no fit has seen. `r2`,
`mape`, `worst` (%) and `tau` are of whole networks alone, `…_blocks` of the table of blocks, and
`…_stages` of FOX-NAS's regression (least squares on features of stages, arXiv 2108.08189) on the
same networks as `r2`: it is no sum over choices, and not what hwnas uses. `noise` is what measuring
the unseen networks twice differs by, in %: one half of the sessions against the other.

With --table the timings are kept in that file, and an interrupted run goes on where it was.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import space_and_device, space_parser
from hwnas.devices.device import Device
from hwnas.estimators.stage_features import StageFeatures
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import measure
from hwnas.latency.model import WHOLE, LatencyModel
from hwnas.latency.profile import fit_model
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.validation import Agreement
from hwnas.latency.wanted import register_wanted
from hwnas.latency.whole_networks import measure_networks
from hwnas.networks.blocks import Network, block_key
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.sampled_networks import sampled_networks
from hwnas.spaces import SearchSpace

FEWER = (30, 100)
"""Numbers of networks for which the error is shown too."""
LEAST_R2, MOST_MAPE = 0.98, 2.0
_QUICK = Schedule(sessions=2, most_sessions=2, rounds=2)

Values = NDArray[np.float64]


def main() -> None:
    """Prints the figures as one JSON object."""
    options = _options()
    space, device = space_and_device(options)
    with (
        tempfile.TemporaryDirectory(prefix="hwnas-whole-") as folder,
        LatencyTable(options.table or Path(folder) / "table.sqlite") as table,
    ):
        table.bind(read_fingerprint(device))
        found = figures(space, device, table, options)
    print(json.dumps(found, default=float))


def _options() -> argparse.Namespace:
    parser = space_parser(__doc__)
    parser.add_argument("--networks", type=int, default=300, help="to fit by")
    parser.add_argument("--unseen", type=int, default=50, help="to judge by")
    parser.add_argument("--table", type=Path, help="keep the timings in this file")
    parser.add_argument("--quick", action="store_true", help="few visits: to try this program")
    return parser.parse_args()


def figures(
    space: SearchSpace, device: Device, table: LatencyTable, options: argparse.Namespace
) -> dict[str, Any]:
    """Measures both ways into one table, and judges both by the same networks."""
    counts = ProfileConfig(
        blocks=False, fit_networks=options.networks, check_networks=options.unseen
    )
    schedule = _QUICK if options.quick else None
    fit, check = sampled_networks(space, counts, singly=False)
    beside = [one for one in sampled_networks(space, ProfileConfig())[0] if one not in check]
    blocks = [block_key(block) for block in space.blocks()]
    seconds: dict[str, float] = {}

    start = time.monotonic()
    measure(device, table, register_all(table, space.blocks(), []), schedule or Schedule())
    measure(device, table, register_all(table, [], beside), schedule or Schedule())
    seconds["seconds_blocks"] = time.monotonic() - start
    print(f"blocks: {seconds['seconds_blocks']:.0f} s", file=sys.stderr)
    start = time.monotonic()
    wanted = register_wanted(table, space.blocks(), fit, check, chains=False, singly=False)
    measure_networks(device, table, wanted, schedule)
    seconds["seconds_networks"] = time.monotonic() - start

    keys = tuple(map(network_key, beside))
    usual = fit_model(table, keys, wanted.check, blocks=blocks)
    model = fit_model(table, wanted.fit, wanted.check, blocks=blocks, bases=WHOLE)
    assert model.validation is not None
    measured = table.visits().values()
    truth = np.array([measured[key] for key in wanted.check])
    stages = by_stages(space, fit, np.array([measured[key] for key in wanted.fit]), check)
    found = errors(truth, {"": model.predict(check), "_blocks": usual.predict(check)})
    found |= errors(truth, {"_stages": stages})
    for count in [count for count in FEWER if count < len(fit)]:
        few = fit_model(table, wanted.fit[:count], wanted.check, blocks=blocks, bases=WHOLE)
        found |= errors(truth, {f"_{count}": few.predict(check)})
    return {
        "space": space.name,
        "resolution": space.resolution,
        "precision": device.precision,
        "threads": device.threads,
        "networks": len(fit),
        "unseen": len(check),
        "distinct_blocks": len(blocks),
        "model": model.correction.name,
        "model_blocks": usual.correction.name,
        **found,
        "noise": model.validation.noise,
        "milliseconds": [truth.min(), truth.max()],
        "affected_share": table.visits().affected_share(),
        **seconds,
        **_sums(model),
        "r2_reached": found["r2"] >= LEAST_R2,
        "mape_reached": found["mape"] <= MOST_MAPE,
    }


def errors(truth: Values, predictions: Mapping[str, Values]) -> dict[str, Any]:
    """R² and errors of some predictions (N,), each named by what stands behind its figures."""
    found: dict[str, Any] = {}
    for name, predicted in predictions.items():
        rest = float(((predicted - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
        error = Agreement.of(predicted, truth)
        found |= {f"r2{name}": 1 - rest, f"mape{name}": error.mape, f"worst{name}": error.worst}
        found |= {f"tau{name}": error.tau}
    return found


def by_stages(
    space: SearchSpace, fit: Sequence[Network], actual: Values, check: Sequence[Network]
) -> Values:
    """(N,) networks to judge by, as FOX-NAS's regression on those to fit by predicts them."""
    from sklearn.linear_model import LinearRegression

    features = StageFeatures(space)
    known, unseen = (features(space.architectures(some)) for some in (fit, check))
    found: Values = LinearRegression().fit(known, actual).predict(unseen)
    return found


def _sums(model: LatencyModel) -> dict[str, float]:
    """The overhead of the model, and the least and the greatest of its blocks, ms."""
    values = list(model.blocks.values())
    return {
        "overhead": model.correction.overhead,
        "least_block": min(values),
        "greatest_block": max(values),
    }


if __name__ == "__main__":
    main()
