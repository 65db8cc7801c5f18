"""How far predicted latencies are from measured ones on an NVIDIA GPU, by every runtime there is.

    python -m benchmarks.gpu_latency --json

For each runtime that this machine has (`onnxruntime_cuda`, `tensorrt`, `tensorrt_rtx`), precision
and batch: the figures of `benchmarks.latency_error`, with blocks alone and inside chains. The naive
rival is the same runtime's median of each block, one block after another, summed. Prints a line a
runtime, precision and batch; the last line is one JSON object with all of them, and with those
runtimes that are absent, and what failed, and why. Exit code 2 when nothing was measured.

A table of 100 networks may take an hour a batch; --networks and --sessions make it less. With
--keep FOLDER the tables stay there, and the same command goes on with them where it was stopped;
what is measured a second time, and naively, is made anew.
"""

import argparse
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.errors import Plan, as_json, error_figures
from hwnas.core.errors import DeviceError, HwnasError
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.runtimes import RUNTIMES, load_spec
from hwnas.devices.target import Round, open_target
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import builders, job_groups
from hwnas.latency.schedule import Schedule
from hwnas.networks.blocks import Network
from hwnas.spaces import load_space

# Visits of a block, one behind the other, that the naive median is of.
NAIVE_VISITS = 10


def main() -> int:
    """Prints the figures; 2 when no runtime is there."""
    options = _options()
    space = load_space(options.space, resolution=options.resolution)
    most = max(options.sessions, Schedule.most_sessions if options.sessions >= 6 else 0)
    schedule = Schedule(sessions=options.sessions, most_sessions=most)
    plan = Plan(options.fit, options.networks, schedule, chains=True, mape=3.0)
    measured: list[dict[str, Any]] = []
    absent: dict[str, str] = {}
    failed: dict[str, str] = {}
    for runtime in options.runtimes:
        try:
            fingerprint = read_fingerprint(_device(options, runtime, "fp32", 1))
        except DeviceError as error:
            absent[runtime] = str(error)
            print(f"{runtime}: {error}", file=sys.stderr)
            continue
        print(f"{runtime} {fingerprint.runtime_version}: {fingerprint.provider}", file=sys.stderr)
        able = load_spec(runtime).precisions
        for precision in (one for one in options.precisions if one in able):
            for batch in options.batches:
                device = _device(options, runtime, precision, batch)
                name = f"{space.name}_{space.resolution}_{runtime}_{precision}_{batch}"
                kept = options.keep / f"{name}.sqlite" if options.keep else None
                try:
                    figures = error_figures(space, device, plan, naive, kept)
                except HwnasError as error:  # no room for a large batch, for example
                    failed[name] = str(error)
                    print(f"{name}: {error}", file=sys.stderr)
                    continue
                measured.append(figures)
                print(as_json(figures), file=sys.stderr)
    print(as_json({"measured": measured, "absent": absent, "failed": failed}))
    return 0 if measured else 2


def naive(device: Device, blocks: Mapping[str, Network], seconds: float) -> dict[str, float]:
    """The median of each block, measured to its end before the next begins."""
    del seconds
    times: dict[str, list[float]] = {}
    with open_target(device) as target:
        for group in job_groups(target, builders(device, blocks), list(blocks)):
            rounds = [Round(index, [key] * NAIVE_VISITS) for index, key in enumerate(group)]
            for message in target.run(rounds, least_runs=10, least_ms=1.0):
                if isinstance(message, TargetVisit):
                    times.setdefault(message.graph, []).extend(message.samples)
    return {key: statistics.median(samples) for key, samples in times.items()}


def _device(options: argparse.Namespace, runtime: str, precision: str, batch: int) -> Device:
    return Device(
        name="benchmark", runtime=runtime, precision=precision, batch=batch, python=options.python
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--space", default="mobilenet_v3_large")
    parser.add_argument("--resolution", type=int, default=None)
    parser.add_argument(
        "--runtimes",
        nargs="+",
        default=[one for one in RUNTIMES.ours if load_spec(one).on_gpu],
        choices=RUNTIMES.names(),
    )
    parser.add_argument("--precisions", nargs="+", default=["fp32", "fp16"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--networks", type=int, default=100, help="unseen networks")
    parser.add_argument("--fit", type=int, default=30, help="networks to learn from")
    parser.add_argument("--sessions", type=int, default=6, help="engines built a graph, at least")
    parser.add_argument("--keep", type=Path, help="a folder for the tables")
    parser.add_argument("--python", help="of the runtimes, where it is not this one")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
