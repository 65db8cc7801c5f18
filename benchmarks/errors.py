"""How far predictions of one space on one device are from measurements, as figures."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.devices.device import Device
from hwnas.latency.chains import chain_graphs, find_chains
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import builders, measure, run_sessions
from hwnas.latency.model import BASES, LatencyModel
from hwnas.latency.profile import fit_model
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.validation import Agreement
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import warning_shares
from hwnas.networks.blocks import Network, block_key
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.sampled_networks import sampled_networks
from hwnas.spaces import SearchSpace

Naive = Callable[[Device, Mapping[str, Network], float], Mapping[str, float]]
"""Times blocks as much research code does, in as many seconds; ms by key."""


@dataclass(frozen=True)
class Plan:
    """What is measured, and what is asked of it.

    Attributes:
        fit, networks: whole networks to learn from, and unseen ones to judge by.
        schedule: visits a graph.
        chains: whether blocks are measured inside chains too.
        mape: the most error, %, unless measuring twice differs by more than 0.8 times it.
    """

    fit: int
    networks: int
    schedule: Schedule
    chains: bool
    mape: float


def error_figures(
    space: SearchSpace, device: Device, plan: Plan, naive: Naive, kept: Path | None = None
) -> dict[str, Any]:
    """Measures blocks and networks, the unseen ones twice, and the blocks naively.

    Args:
        space: whose blocks and networks.
        device: where.
        plan: how many, how often.
        naive: the rival.
        kept: where the table is kept, if it is to be.
    """
    counts = ProfileConfig(fit_networks=plan.fit, check_networks=plan.networks)
    fit, check = sampled_networks(space, counts)
    with (
        tempfile.TemporaryDirectory(prefix="hwnas-error-") as folder,
        LatencyTable(kept or Path(folder) / "table.sqlite") as table,
    ):
        fingerprint = read_fingerprint(device)
        table.bind(fingerprint)
        blocks = register_all(table, space.blocks(), [])
        chains = chain_graphs(find_chains(space.blocks())) if plan.chains else {}
        table.register(chains)
        networks = register_all(table, [], [*fit, *check])
        groups = (blocks, networks, chains)
        seconds = [_timed(table, device, graphs, plan.schedule) for graphs in groups]
        fitted, keys = (tuple(map(network_key, some)) for some in (fit, check))
        model = fit_model(table, fitted, keys, blocks=blocks, bases=BASES if chains else BASES[:1])
        assert model.validation is not None
        by_basis = {
            f"mape_{name}": _mape(fit_model(table, fitted, keys, blocks=blocks, bases=[basis]))
            for name, basis in ({"alone": BASES[0], "chains": BASES[1]} if chains else {}).items()
        }
        visits = table.visits()
        again = _again(device, {key: networks[key] for key in keys}, plan.schedule, table.cache())
    measured = {key: s.ms for key, s in visits.summaries().items()}
    by_naive = naive(device, blocks, seconds[0])
    truth = np.array([measured[key] for key in keys])
    replicate = Agreement.of(np.array([again[key] for key in keys]), truth)
    sums = [_sum(by_naive, some) for some in (fit, check)]
    scale = 1 / np.mean(sums[0] / [measured[network_key(network)] for network in fit])
    plain, scaled = Agreement.of(sums[1], truth), Agreement.of(scale * sums[1], truth)
    error = model.validation.prediction
    return {
        "space": space.name,
        "resolution": space.resolution,
        "runtime": fingerprint.runtime,
        "runtime_version": fingerprint.runtime_version,
        "provider": fingerprint.provider,
        "precision": device.precision,
        "threads": device.threads,
        "batch": device.batch,
        "mape": error.mape,
        "within_5": error.within_5,
        "within_10": error.within_10,
        "worst": error.worst,
        "tau": error.tau,
        "replicate_mape": replicate.mape,
        "replicate_within_5": replicate.within_5,
        "replicate_within_10": replicate.within_10,
        "replicate_tau": replicate.tau,
        "halves_mape": model.validation.noise,
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
        "session_spread": float(np.median([visits.session_spread(g) for g in visits.graphs()])),
        "warnings": warning_shares(visits),
        **_limits(error, replicate, plain, plan.mape),
    }


def as_json(figures: Any) -> str:
    """Figures, which are partly numpy's, in one line."""
    return json.dumps(figures, default=float)


def _limits(
    error: Agreement, replicate: Agreement, naive: Agreement, mape: float
) -> dict[str, bool]:
    """Which of the figures that this project asks of itself are reached."""
    return {
        "mape_reached": error.mape <= max(mape, 1.25 * replicate.mape),
        "tau_reached": error.tau >= 0.95 * replicate.tau,
        "within_10_reached": error.within_10 >= 0.99,
        "naive_reached": naive.mape >= 3 * error.mape,
    }


def _mape(model: LatencyModel) -> float:
    assert model.validation is not None
    return model.validation.prediction.mape


def _timed(
    table: LatencyTable, device: Device, graphs: Mapping[str, Network], schedule: Schedule
) -> float:
    start = time.monotonic()
    measure(device, table, graphs, schedule)
    return time.monotonic() - start


def _again(
    device: Device, networks: Mapping[str, Network], schedule: Schedule, cache: bytes
) -> dict[str, float]:
    """The networks measured a second time, without knowledge of the first."""
    log = MemoryLog(cache)
    run_sessions(device, builders(device, networks), log, schedule)
    return {key: summary.ms for key, summary in log.visits().summaries().items()}


def _sum(block_ms: Mapping[str, float], networks: Sequence[Network]) -> NDArray[np.float64]:
    return np.array([sum(block_ms[block_key(b)] for b in network) for network in networks])
