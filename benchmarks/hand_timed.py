"""How far a table of whole networks that were timed by hand is off, on networks that were not.

    python -m benchmarks.hand_timed --json
    python -m benchmarks.hand_timed --json --batch 1 --runtime pytorch --table fp32.sqlite
    python -m benchmarks.hand_timed --json --batch 1 --precision int8 --table fp32.sqlite

Profiles a space on this machine, in fp32 at batch 1 on one thread of ONNX Runtime: that is the
prior (--table keeps it, or takes it where it is there already). The device that cannot be reached
is this machine too, in another way: at a batch of 8, or as the options say. What `hwnas table
export-networks` chooses for each number of --timed is timed there, a CSV filled in with medians, as
docs/guides/timings.md asks for, and imported. --judged other networks, timed in turn with them,
judge it.

For each number N of timed networks, as mean absolute errors in %: `error_N`; `announced_N`, which
the import says of itself; `without_prior_N`; and `prior_scaled_N`, the prior's own predictions
times the one factor that suits the N networks best. `noise` is what timing the judging networks
twice differs by: one half of the sessions against the other, so each with half of the inferences.
"""

import argparse
import csv
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.eager_timing import timed_in_pytorch
from benchmarks.options import space_parser
from hwnas.devices.device import Device
from hwnas.latency.graph_keys import network_key
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_networks
from hwnas.latency.interchange_csv import timings_from_csv
from hwnas.latency.measure import builders, run_sessions
from hwnas.latency.model import LatencyModel
from hwnas.latency.profile import load_model
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.validation import Agreement
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import FIRST_HALF, SECOND_HALF, Visits
from hwnas.networks.blocks import Network
from hwnas.runs.hand_timed import ToTime, estimated_blocks, network_names, networks_to_time, sheet
from hwnas.runs.latencies import scope_of
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.spaces import SearchSpace, load_space
from hwnas.spaces.sampling import spread_sample

Timed = Mapping[Network, float]
"""What networks take on the device that cannot be reached, ms."""


def main() -> None:
    """Prints the figures as one JSON object."""
    options = _options()
    start = time.monotonic()
    space = load_space(options.space, resolution=options.resolution)
    kind = {"precision": options.precision, "threads": options.threads, "batch": options.batch}
    device = Device(name="benchmark", **kind)
    by_hand = Device(name="by_hand", transport="imported", **kind)
    to_time = {count: networks_to_time(space, count) for count in options.timed}
    judged = others(space, options.judged, to_time.values())
    with tempfile.TemporaryDirectory(prefix="hwnas-hand-timed-") as folder:
        prior = options.table or Path(folder) / "prior.sqlite"
        if not prior.exists():
            print(f"profiling {space.name} at {space.resolution} px", file=sys.stderr)
            profile_space(space, Device(name="local_cpu"), prior, ProfileConfig())
        seconds_prior = time.monotonic() - start
        networks = dict.fromkeys(judged)
        networks |= dict.fromkeys(one.network for some in to_time.values() for one in some)
        print(f"timing {len(networks)} networks", file=sys.stderr)
        visits = _timed(options, device, list(networks))
        ms = {one: visits.summary(network_key(one)).median for one in networks}
        figures = errors(space, by_hand, prior, to_time, judged, ms)
    found = {
        "space": space.name,
        "resolution": space.resolution,
        "runtime": options.runtime,
        "precision": device.precision,
        "threads": device.threads,
        "batch": device.batch,
        **figures,
        "noise": _noise(visits, judged),
        "networks_judged": len(judged),
        "networks_timed": len(networks),
        "milliseconds": [min(ms.values()), max(ms.values())],
        "seconds_prior": seconds_prior,
        "seconds": time.monotonic() - start,
    }
    print(json.dumps(found, default=float))


def _options() -> argparse.Namespace:
    parser = space_parser(__doc__)
    parser.set_defaults(resolution=128)
    parser.add_argument("--batch", type=int, default=8, help="of the device that is out of reach")
    parser.add_argument(
        "--runtime", default="onnxruntime", choices=("onnxruntime", "pytorch"), help="its runtime"
    )
    parser.add_argument("--table", type=Path, help="the prior; made where it is not there yet")
    parser.add_argument("--timed", type=int, nargs="+", default=[30, 100], help="networks by hand")
    parser.add_argument("--judged", type=int, default=60, help="networks to judge by")
    parser.add_argument("--sessions", type=int, default=4, help="loads of each network, at least 2")
    parser.add_argument("--rounds", type=int, default=4, help="visits of each network a session")
    options = parser.parse_args()
    if options.sessions < 2:
        parser.error("--sessions must be 2 or more: noise is half of them against the other half")
    if options.runtime == "pytorch" and options.precision != "fp32":
        parser.error("--runtime pytorch is for fp32")
    return options


def others(
    space: SearchSpace, count: int, to_time: Iterable[Sequence[ToTime]]
) -> tuple[Network, ...]:
    """At most `count` networks over the whole space that are not to be timed by hand."""
    exported = {one.network for some in to_time for one in some}
    every = space.networks(spread_sample(space, np.random.default_rng(1), count))
    return tuple(network for network in every if network not in exported)


def errors(
    space: SearchSpace,
    device: Device,
    prior: Path,
    to_time: Mapping[int, Sequence[ToTime]],
    judged: Sequence[Network],
    ms: Timed,
) -> dict[str, Any]:
    """What is imported of each number of timed networks, judged by others.

    Args:
        space: whose networks they are.
        device: whose timings are imported.
        prior: the table of another device.
        to_time: the networks of each number.
        judged: other networks.
        ms: of all of them.
    """
    figures: dict[str, Any] = {}
    with LatencyTable.existing(prior) as table:
        elsewhere = load_model(table, scope_of(space), space.blocks())
    for count, some in to_time.items():
        model = _imported(space, device, some, ms, [prior])
        assert model.validation is not None
        figures |= {
            f"error_{count}": _error(model.predict(judged), judged, ms),
            f"announced_{count}": model.validation.prediction.mape,
            f"model_{count}": model.correction.name.replace(str(prior), "the prior"),
            f"without_prior_{count}": _error(
                _imported(space, device, some, ms, []).predict(judged), judged, ms
            ),
            f"prior_scaled_{count}": _error(
                _factor(elsewhere, [one.network for one in some], ms) * elsewhere.predict(judged),
                judged,
                ms,
            ),
        }
    return figures


def _imported(
    space: SearchSpace, device: Device, some: Sequence[ToTime], ms: Timed, priors: Sequence[Path]
) -> LatencyModel:
    """As `hwnas table import` makes it of the CSV of `hwnas table export-networks`."""
    rows = list(csv.DictReader(io.StringIO(sheet(space, some))))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    for row, one in zip(rows, some, strict=True):
        writer.writerow({**row, "ms": f"{ms[one.network]:.4g}"})
    with tempfile.TemporaryDirectory(prefix="hwnas-hand-timed-") as folder:
        names = network_names(space, Path(folder))
        timings = timings_from_csv(text.getvalue(), "networks.csv", names)
        fingerprint = read_fingerprint(device)
        blocks, known = estimated_blocks(space, priors, fingerprint)
        return import_networks(
            Path(folder) / "by_hand.sqlite",
            fingerprint,
            timings,
            scope=scope_of(space),
            blocks=blocks,
            priors=known,
        )


def _timed(options: argparse.Namespace, device: Device, networks: Sequence[Network]) -> Visits:
    keyed = {network_key(network): network for network in networks}
    if options.runtime == "pytorch":
        return timed_in_pytorch(device, keyed, options.sessions, options.rounds)
    log = MemoryLog()
    schedule = Schedule(options.sessions, options.sessions, options.rounds)
    run_sessions(device, builders(device, keyed), log, schedule)
    return log.visits()


def _factor(model: LatencyModel, networks: Sequence[Network], ms: Timed) -> float:
    """By what to multiply predictions so that the mean relative error is least."""
    ratios = np.array([ms[one] for one in networks]) / model.predict(networks)
    means = [np.abs(factor / ratios - 1).mean() for factor in ratios]
    return float(ratios[np.argmin(means)])


def _error(predicted: NDArray[np.float64], networks: Sequence[Network], ms: Timed) -> float:
    return Agreement.of(predicted, np.array([ms[network] for network in networks])).mape


def _noise(visits: Visits, networks: Sequence[Network]) -> float:
    first, second = (
        np.array([visits.summary(network_key(one), half).median for one in networks])
        for half in (FIRST_HALF, SECOND_HALF)
    )
    return Agreement.of(first, second).mape


if __name__ == "__main__":
    main()
