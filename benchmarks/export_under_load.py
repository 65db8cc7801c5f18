"""Exports on a machine that is busy in bursts: is a network ever judged wrongly?

    python -m benchmarks.export_under_load --json

Networks of a space are measured at length, which gives the truth and a latency table. Then two
processes keep a core each busy in bursts, and every network is judged twice as an export judges it
(`hwnas.runs.latency_check`): by a budget of which it takes 0.8, and by one of which it takes 1.15
times. Nothing is trained: a network gets random weights before its training, and others behind it.
So that the second stage is seen too, it follows whatever the first one says.

`wrongly_rejected` are networks within the budget that were rejected after their training,
`wrongly_accepted` those over it that came through both stages; `rejected_untrained` and
`passed_untrained` are the same of the first stage alone, `doubtful` what stayed open, exported with
a warning. Every reading goes to stderr. With --steady the processes never pause.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwnas.core.listener import SILENT
from hwnas.devices.device import Device
from hwnas.latency.anchors import Anchor
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import measure
from hwnas.latency.readings import Reading
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Network
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.runs.latency_check import LatencyCheck, Patience
from hwnas.runs.on_device import OnDevice
from hwnas.spaces import load_space
from hwnas.spaces.sampling import spread_sample

WITHIN, OVER = 0.8, 1.15
ANCHORS = 3
# Of the truth: more sessions than an export's, over a longer time.
LONG = Schedule(sessions=16, most_sessions=24, rounds=10, seconds=300)
# A core busy for a while with what a training does (products of matrices that fill the caches),
# then idle for a while, at random.
BURSTS = """
import os, random, sys, time
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy
core, pause = int(sys.argv[1]), float(sys.argv[2])
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {core})
random.seed(core)
matrix = numpy.ones((700, 700), dtype=numpy.float32)
while True:
    end = time.monotonic() + random.uniform(0.05, 2)
    while time.monotonic() < end:
        matrix @ matrix
    time.sleep(random.uniform(0.05, 2) * pause)
"""


@dataclass(frozen=True)
class Judged:
    """What the stages found of a network: within the budget, over it, or None for doubtful."""

    untrained: bool | None
    trained: bool | None
    ms: float


def main() -> None:
    """Prints the figures as one JSON object."""
    options = _options()
    device = Device(name="benchmark")
    space = load_space("mobilenet_v3_small", resolution=options.resolution)
    rows = spread_sample(space, np.random.default_rng(0), options.networks + ANCHORS)
    every = space.networks(rows)
    # What an export takes from a table: networks that are none of those to be judged.
    known = [every[step] for step in np.linspace(0, len(every) - 1, ANCHORS).round().astype(int)]
    networks = [network for network in every if network not in known]
    with tempfile.TemporaryDirectory(prefix="hwnas-load-") as folder:
        path = Path(folder) / "table.sqlite"
        ms = _truth(device, every, path)
        truth = [ms[network] for network in networks]
        anchors = [Anchor(network, ms[network]) for network in known]
        with LatencyTable(path) as table:
            speed = table.visits().speed
        on = OnDevice(device, SILENT, speed=lambda: speed, anchors=lambda: anchors, cache=bytes)
        start = time.monotonic()
        with _bursts(0.0 if options.steady else 1.0):
            judged = {
                share: [
                    _judged(on, network, ms / share, options.patience)
                    for network, ms in zip(networks, truth, strict=True)
                ]
                for share in (WITHIN, OVER)
            }
        seconds = time.monotonic() - start
    print(json.dumps(_figures(judged, truth) | {"seconds": round(seconds)}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--networks", type=int, default=10, help="judged by both budgets")
    parser.add_argument("--resolution", type=int, default=48)
    parser.add_argument("--patience", type=float, default=120, help="seconds, as of an export")
    parser.add_argument("--steady", action="store_true", help="the processes never pause")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    return parser.parse_args()


def _truth(device: Device, networks: list[Network], path: Path) -> dict[Network, float]:
    """The latency of each network in ms, by many sessions; they are kept in a table."""
    with LatencyTable(path) as table:
        table.bind(read_fingerprint(device))
        measure(device, table, register_all(table, [], networks), LONG)
        summaries = table.summaries()
    return {network: summaries[network_key(network)].ms for network in networks}


def _judged(on: OnDevice, network: Network, budget: float, seconds: float) -> Judged:
    check = LatencyCheck(on, budget, Patience(seconds))
    check.screen({"network": network})
    before = check.untrained("network")
    weights = folded_weights(NetworkModule(network, seed=1))
    trained = build_graph(network, batch=on.device.batch, weights=weights).SerializeToString()
    found = check.trained(network, trained, before, {})
    one, other = (_text(reading) for reading in (before, found.winner))
    verdicts = before.keeps(budget), found.keeps
    print(f"budget {budget:.4f} ms: {one}, trained {other}: {verdicts}", file=sys.stderr)
    return Judged(before.keeps(budget), found.keeps, found.winner.ms)


def _text(reading: Reading) -> str:
    return (
        f"{reading.ms:.4f} ms (twice {reading.noise:.1%}, affected {reading.affected:.0%}, slower "
        f"{reading.slower:.0%}, of {reading.summary.visits} visits)"
    )


def _figures(judged: dict[float, list[Judged]], truth: list[float]) -> dict[str, object]:
    within, over = judged[WITHIN], judged[OVER]
    errors = [
        abs(one.ms / ms - 1) for some in (within, over) for one, ms in zip(some, truth, strict=True)
    ]
    accepted = Counter(one.untrained is not False and one.trained for one in over)
    return {
        "exports": len(within) + len(over),
        "wrongly_rejected": sum(one.trained is False for one in within),
        "wrongly_accepted": accepted[True],
        "rejected_untrained": sum(one.untrained is False for one in within),
        "passed_untrained": sum(one.untrained is True for one in over),
        "passed_trained": sum(one.trained is True for one in over),
        "doubtful": sum(one.trained is None for one in within) + accepted[None],
        "median_error": 100 * float(np.median(errors)),
        "largest_error": 100 * max(errors),
        "milliseconds": [min(truth), max(truth)],
    }


@contextlib.contextmanager
def _bursts(pause: float) -> Iterator[None]:
    """Two processes that work in bursts, on a core each, for as long as this lasts."""
    cores = sorted(os.sched_getaffinity(0))[-2:]
    started = [
        subprocess.Popen([sys.executable, "-c", BURSTS, str(core), str(pause)]) for core in cores
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
