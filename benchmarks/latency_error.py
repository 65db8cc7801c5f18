"""How far predicted latencies are from measured ones, beside measuring twice and a naive table.

    python -m benchmarks.latency_error --space mobilenet_v3_large --resolution 224 --networks 100

Measures the distinct blocks of a space and some whole networks as `hwnas profile` does; predicts N
networks over the whole latency range that the fit has not seen; measures those N a second time,
independently, with the same schedule; and times the same blocks naively, as much research code
does: one after another, pinned, ten runs to warm up, the median of consecutive runs, in the same
time. `naive_mape` is the error of the sum of those medians, `naive_scaled_mape` that of the same
sum with the best scale factor that our whole networks give it.

With --chains every block is also measured inside a longer graph (see `hwnas.latency.chains`):
`mape_alone` and `mape_chains` are the errors of the model by either, `basis` says which one the
fit chose without knowing these networks; `mape` and what follows it are of that one.
"""

import argparse
import contextlib
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.errors import Plan, as_json, error_figures
from benchmarks.options import space_and_device, space_parser
from hwnas.devices.affinity import pin
from hwnas.devices.device import Device
from hwnas.latency.measure import builders
from hwnas.latency.schedule import Schedule
from hwnas.networks.blocks import Network

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
    plan = Plan(FIT, options.networks, Schedule(), options.chains, mape=2.0)
    with _bursts(options.stress, options.stress_core):
        figures = error_figures(space, device, plan, naive, options.table)
    reached = figures["seconds_blocks"] <= 180
    print(as_json({**figures, "stress": options.stress, "seconds_reached": reached}))


def _options() -> argparse.Namespace:
    parser = space_parser(__doc__)
    parser.add_argument("--networks", type=int, default=100, help="unseen networks")
    parser.add_argument("--table", type=Path, help="keep the table in this file, which is new")
    parser.add_argument("--chains", action="store_true", help="measure blocks inside chains too")
    parser.add_argument("--stress", action="store_true", help="another process works in bursts")
    parser.add_argument("--stress-core", type=int, default=None, help="on this very core")
    return parser.parse_args()


def naive(device: Device, blocks: Mapping[str, Network], seconds: float) -> dict[str, float]:
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
