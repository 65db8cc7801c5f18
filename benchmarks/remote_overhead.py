"""What it costs to measure a machine from another one: this one, beside the agent as a child.

    python -m benchmarks.remote_overhead [--by ray] [--sessions 12] [--space mobilenet_v3_small]

By ssh through loopback, or by the host that has it in a Ray cluster of two nodes, both here. Every
block of a space is timed in sessions in that way and by the local agent in turns, a session of one
after a session of the other, and the medians are compared, beside those of the local agent's own
halves. A fixed cost is what a job of one visit takes in that way from the call to its end, and the
same here.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import numpy as np

from hwnas.core.listener import SILENT
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.hosts import joined_hosts
from hwnas.devices.target import Round, Target, open_target
from hwnas.latency.measure import timed_model
from hwnas.latency.reference import REFERENCE_BLOCK
from hwnas.networks.blocks import block_key
from hwnas.spaces import load_space

LEAST_RUNS, LEAST_MS = 5, 1.0


def main() -> None:
    """Prints the figures, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--by", choices=["ssh", "ray"], default="ssh")
    parser.add_argument("--sessions", type=int, default=12, help="of each, an even number")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--space", default="mobilenet_v3_small")
    parser.add_argument("--resolution", type=int, default=96)
    parser.add_argument("--jobs", type=int, default=10, help="of one visit, for the fixed cost")
    options = parser.parse_args()
    space = load_space(options.space, resolution=options.resolution, classes=10)
    local = Device(name="here")
    blocks = {block_key(block): (block,) for block in [*space.blocks(), REFERENCE_BLOCK]}
    reached = _by_ssh() if options.by == "ssh" else _by_ray()
    with reached as remote, open_target(local) as here, open_target(remote) as there:
        for key, network in blocks.items():
            model = timed_model(network, local, inner=True)
            here.add(key, model)
            there.add(key, model)
        medians = _medians((here, there), list(blocks), options.sessions, options.rounds)
        sent = there.sent_bytes
        fixed = [_fixed(there, next(iter(blocks))) for _ in range(options.jobs)]
        floor = [_fixed(here, next(iter(blocks))) for _ in range(options.jobs)]
        again = there.sent_bytes - sent
    ours, theirs = medians
    half = np.median(ours[::2], axis=0) / np.median(ours[1::2], axis=0) - 1
    difference = np.median(theirs, axis=0) / np.median(ours, axis=0) - 1
    result = {
        "blocks": len(blocks),
        "median_difference": float(np.median(difference)),
        "median_absolute_difference": float(np.median(np.abs(difference))),
        "measured_twice": float(np.median(np.abs(half))),
        "fixed_seconds": float(np.median(fixed)),
        "fixed_seconds_here": float(np.median(floor)),
        "sent_mb_first": sent / 1e6,
        "sent_mb_later_jobs": again / 1e6,
    }
    for name, value in result.items():
        print(f"{name:28} {value:.4g}")
    print(json.dumps(result))


@contextmanager
def _by_ssh() -> Iterator[Device]:
    from tests.targets.sshd import running_sshd

    with running_sshd("x86") as machine:
        yield Device(
            name="loopback",
            transport="ssh",
            host=machine.host,
            ssh_config=str(machine.ssh_config),
            python=sys.executable,
        )


@contextmanager
def _by_ray() -> Iterator[Device]:
    from tests.ray_cluster import RayCluster

    with (
        closing(RayCluster()) as cluster,
        joined_hosts(cluster.address) as hosts,
        hosts.reaching(Device(name="far"), SILENT) as device,
    ):
        yield device


def _medians(
    targets: Sequence[Target], names: list[str], sessions: int, rounds: int
) -> list[np.ndarray]:
    """Of each target, (sessions, graphs): the least sample of each visit, its median."""
    found: list[list[list[float]]] = [[] for _ in targets]
    generator = np.random.default_rng(0)
    for session in range(sessions):
        plan = [Round(n, list(generator.permutation(names))) for n in range(rounds)]
        # Which is first changes, so that neither has the machine's better moments.
        turns = list(range(len(targets)))
        for index in turns if session % 2 else turns[::-1]:
            least: dict[str, list[float]] = {name: [] for name in names}
            job = targets[index].run(plan, least_runs=LEAST_RUNS, least_ms=LEAST_MS)
            for answer in job:
                if isinstance(answer, TargetVisit):
                    least[answer.graph].append(min(answer.samples))
            found[index].append([float(np.median(least[name])) for name in names])
    return [np.array(one) for one in found]


def _fixed(target: Target, name: str) -> float:
    start = time.perf_counter()
    list(target.run([Round(0, [name])], least_runs=1, least_ms=0.0))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
