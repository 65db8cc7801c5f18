"""How far predicted latencies are from measured ones, beside measuring twice and a naive table.

    python -m benchmarks.latency_error --space mobilenet_v3_large --resolution 224 --networks 100

Measures the distinct blocks of a space and some whole networks as `hwnas profile` does; predicts N
networks over the whole latency range that the fit has not seen; measures those N a second time,
independently, with the same schedule; and times the same blocks naively, as much research code
does: one after another, pinned, ten runs to warm up, the median of consecutive runs, in the same
time. `naive_mape` is the error of the sum of those medians, `naive_scaled_mape` that of the same
sum with the best scale factor that our whole networks give it.

With --chains every block is also measured inside a longer graph (see `latency.chains`):
`mape_alone` and `mape_chains` are the errors of the model by either, `basis` says which one the
fit chose without knowing these networks; `mape` and what follows it are of that one.
"""

import argparse
import contextlib
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import space_and_device, space_parser
from devices.affinity import pin
from devices.device import Device
from hwnas.runs.config import ProfileConfig
from hwnas.runs.profiling import sampled_networks
from latency.blocks import Network, block_key
from latency.chains import chain_graphs, find_chains
from latency.identity import read_fingerprint
from latency.measure import MemoryLog, builders, measure, run_sessions
from latency.model import BASES, LatencyModel
from latency.profile import fit_model
from latency.schedule import Schedule
from latency.table import LatencyTable, network_key, register_all
from latency.validation import Agreement

FIT = 30
# One core busy for a while, then idle for a while, at random.
BURSTS = """
import os, random, sys, time
if len(sys.argv) > 1:
    os.sched_setaffinity(0, {int(sys.argv[1])})
while True:
    end = time.monotonic() + random.uniform(0.05, 2)
    while time.monotonic() < end:
        pass
    time.sleep(random.uniform(0.05, 2))
"""


def main() -> None:
    """Prints the figures as one JSON object."""
    options = _options()
    space, device = space_and_device(options)
    counts = ProfileConfig(fit_networks=FIT, check_networks=options.networks)
    fit, check = sampled_networks(space, counts)
    with (
        _bursts(options.stress, options.stress_core),
        tempfile.TemporaryDirectory(prefix="hwnas-error-") as folder,
        LatencyTable(options.table or Path(folder) / "table.sqlite") as table,
    ):
        table.bind(read_fingerprint(device))
        blocks = register_all(table, space.blocks(), [])
        chains = chain_graphs(find_chains(space.blocks())) if options.chains else {}
        table.register(chains)
        networks = register_all(table, [], [*fit, *check])
        seconds = [_timed(table, device, graphs) for graphs in (blocks, networks, chains)]
        fitted, keys = (tuple(map(network_key, some)) for some in (fit, check))
        model = fit_model(table, fitted, keys, blocks=blocks, bases=BASES if chains else BASES[:1])
        assert model.validation is not None
        by_basis = {
            f"mape_{name}": _mape(fit_model(table, fitted, keys, blocks=blocks, bases=[basis]))
            for name, basis in ({"alone": BASES[0], "chains": BASES[1]} if chains else {}).items()
        }
        visits = table.visits()
        measured = {key: s.ms for key, s in visits.summaries().items()}
        again = _again(device, {key: networks[key] for key in keys})
        naive = _naive(device, blocks, seconds[0])
    truth = np.array([measured[key] for key in keys])
    replicate = Agreement.of(np.array([again[key] for key in keys]), truth)
    sums = [_sum(naive, some) for some in (fit, check)]
    scale = 1 / np.mean(sums[0] / [measured[network_key(network)] for network in fit])
    plain, scaled = Agreement.of(sums[1], truth), Agreement.of(scale * sums[1], truth)
    error = model.validation.prediction
    result = {
        "space": options.space,
        "resolution": space.resolution,
        "precision": options.precision,
        "threads": options.threads,
        "stress": options.stress,
        "mape": error.mape,
        "within_5": error.within_5,
        "within_10": error.within_10,
        "worst": error.worst,
        "tau": error.tau,
        "replicate_mape": replicate.mape,
        "replicate_within_5": replicate.within_5,
        "replicate_within_10": replicate.within_10,
        "replicate_tau": replicate.tau,
        "halves_mape": model.validation.replicate.mape,
        "naive_mape": plain.mape,
        "naive_tau": plain.tau,
        "naive_scaled_mape": scaled.mape,
        "seconds_blocks": seconds[0],
        "seconds_networks": seconds[1],
        "distinct_blocks": len(blocks),
        "networks": len(check),
        "milliseconds": [truth.min(), truth.max()],
        "correction": model.correction.name,
        **({"basis": model.basis, "seconds_chains": seconds[2]} | by_basis if by_basis else {}),
        "affected_share": visits.affected_share(),
        **_limits(error, replicate, plain, seconds[0]),
    }
    print(json.dumps(result, default=float))


def _limits(
    error: Agreement, replicate: Agreement, naive: Agreement, seconds: float
) -> dict[str, bool]:
    """Which of the figures that this project asks of itself are reached."""
    return {
        "mape_reached": error.mape <= max(2.0, 1.25 * replicate.mape),
        "tau_reached": error.tau >= 0.95 * replicate.tau,
        "within_10_reached": error.within_10 >= 0.99,
        "naive_reached": naive.mape >= 3 * error.mape,
        "seconds_reached": seconds <= 180,
    }


def _options() -> argparse.Namespace:
    parser = space_parser(__doc__)
    parser.add_argument("--networks", type=int, default=100, help="unseen networks")
    parser.add_argument("--table", type=Path, help="keep the table in this file, which is new")
    parser.add_argument("--chains", action="store_true", help="measure blocks inside chains too")
    parser.add_argument("--stress", action="store_true", help="another process works in bursts")
    parser.add_argument("--stress-core", type=int, default=None, help="on this very core")
    return parser.parse_args()


def _mape(model: LatencyModel) -> float:
    assert model.validation is not None
    return model.validation.prediction.mape


def _timed(table: LatencyTable, device: Device, graphs: Mapping[str, Network]) -> float:
    start = time.monotonic()
    measure(device, table, graphs, Schedule())
    return time.monotonic() - start


def _again(device: Device, networks: Mapping[str, Network]) -> dict[str, float]:
    """The networks measured a second time, without knowledge of the first."""
    log = MemoryLog()
    run_sessions(device, builders(device, networks), log, Schedule())
    return {key: summary.ms for key, summary in log.visits().summaries().items()}


def _naive(device: Device, blocks: Mapping[str, Network], seconds: float) -> dict[str, float]:
    """Each block by itself, one after another: load, warm up, run on end, median."""
    with tempfile.TemporaryDirectory(prefix="hwnas-naive-") as folder:
        files = {}
        for index, (key, build) in enumerate(builders(device, blocks).items()):
            files[key] = Path(folder) / f"{index}.onnx"
            files[key].write_bytes(build())
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return dict(
                zip(
                    files,
                    pool.apply(_one_by_one, (device, list(files.values()), seconds)),
                    strict=True,
                )
            )


def _one_by_one(device: Device, files: Sequence[Path], seconds: float) -> list[float]:
    import onnxruntime as ort

    pin(device.cores, device.threads)
    options = ort.SessionOptions()
    options.intra_op_num_threads = device.threads
    medians, start = [], time.monotonic()
    for done, file in enumerate(files, start=1):
        session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        given = session.get_inputs()[0]
        image = np.random.default_rng(0).uniform(0, 100, given.shape)
        feed = {given.name: image.astype(np.float32 if "float" in given.type else np.uint8)}
        for _ in range(10):
            session.run(None, feed)
        samples: list[float] = []
        while len(samples) < 10 or time.monotonic() - start < seconds * done / len(files):
            before = time.perf_counter()
            session.run(None, feed)
            samples.append(1e3 * (time.perf_counter() - before))
        medians.append(float(np.median(samples)))
    return medians


def _sum(block_ms: Mapping[str, float], networks: Sequence[Network]) -> NDArray[np.float64]:
    return np.array([sum(block_ms[block_key(b)] for b in network) for network in networks])


@contextlib.contextmanager
def _bursts(wanted: bool, core: int | None) -> Iterator[None]:
    """Another process that works in bursts, for as long as this lasts."""
    if not wanted:
        yield
        return
    words = [sys.executable, "-c", BURSTS, *([] if core is None else [str(core)])]
    process = subprocess.Popen(words)
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
