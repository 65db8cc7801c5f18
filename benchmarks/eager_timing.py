"""Whole networks timed in PyTorch as one writes them there: another runtime than hwnas measures."""

import multiprocessing
import random
import time
from collections.abc import Mapping, Sequence

import torch

from benchmarks.plain_network import plain_network
from hwnas.devices.affinity import pin
from hwnas.devices.device import Device
from hwnas.latency.visits import Visit, Visits
from hwnas.networks.blocks import Network

# Networks that are in memory at once.
GROUP = 32
RUNS = 5


def timed_in_pytorch(
    device: Device, networks: Mapping[str, Network], sessions: int, rounds: int
) -> Visits:
    """Visits of networks by key: each session is a process, each round in a new random order.

    Args:
        device: its threads, cores and batch.
        networks: by key.
        sessions: how often each network is loaded.
        rounds: visits of each after it is loaded.
    """
    visits: list[Visit] = []
    for session in range(sessions):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            visits += pool.apply(_session, (device, dict(networks), session, rounds))
    return Visits(visits)


def _session(
    device: Device, networks: Mapping[str, Network], session: int, rounds: int
) -> list[Visit]:
    pin(device.cores, device.threads)
    torch.set_num_threads(device.threads)
    order = random.Random(session)
    keys = order.sample(list(networks), len(networks))
    visits = []
    for start in range(0, len(keys), GROUP):
        group = keys[start : start + GROUP]
        modules = {key: plain_network(networks[key]).eval() for key in group}
        for number in range(rounds):
            for key in order.sample(group, len(group)):
                first = networks[key][0]
                shape = (device.batch, first.in_channels, first.resolution, first.resolution)
                image = torch.rand(shape).to(memory_format=torch.channels_last)
                visits.append(Visit(key, session, number, tuple(_samples(modules[key], image))))
    return visits


def _samples(module: torch.nn.Module, image: torch.Tensor) -> Sequence[float]:
    """Milliseconds of consecutive inferences, after one that is not counted."""
    samples = []
    with torch.inference_mode():
        module(image)
        for _ in range(RUNS):
            before = time.perf_counter_ns()
            module(image)
            samples.append((time.perf_counter_ns() - before) / 1e6)
    return samples
