"""Which networks `benchmarks.versus_fine_tuning` trains: those of one measurement, side by side.

How long a large network takes beside a small one changes with what else the machine does: within
minutes one and the same network took 0.24 and 0.35 of another's time. So everything that is to be
compared is measured in one run, some times over, and a median decides.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.cut_network import cut
from benchmarks.fine_tuning_setting import Setting
from benchmarks.versus_scaled import GRANTED, measured
from hwnas.devices.device import Device
from hwnas.networks.blocks import Network, block_from_dict, block_to_dict

TRIED = 40
"""Networks of a front that are measured for each budget, from the best score on."""
MEASUREMENTS = 4

Front = Mapping[str, Network]
"""Networks by their architecture as JSON, the best score first."""


def to_json(networks: Mapping[str, Network]) -> dict[str, Any]:
    """Networks by name, as JSON."""
    return {name: list(map(block_to_dict, blocks)) for name, blocks in networks.items()}


def from_json(content: Mapping[str, Any]) -> dict[str, Network]:
    """The inverse."""
    return {name: tuple(map(block_from_dict, blocks)) for name, blocks in content.items()}


def shares(setting: Setting, device: Device, networks: Mapping[str, Network]) -> dict[str, float]:
    """The latency of each network as a share of the whole one's, a median."""
    taken = [
        measured(device, {"itself": setting.network(), **networks}) for _ in range(MEASUREMENTS)
    ]
    return {
        name: float(np.median([latency[name] / latency["itself"] for latency in taken]))
        for name in networks
    }


def choose(
    setting: Setting,
    device: Device,
    what: str,
    fronts: Sequence[Sequence[Front]],
    *,
    beside: bool,
) -> dict[str, Any]:
    """Of each seed and budget the best network that measures within it, and the rivals.

    Args:
        setting: the budgets.
        device: where is measured.
        what: what networks of these fronts are called.
        fronts: of each seed one front a budget.
        beside: whether rivals are chosen.

    Returns:
        `winners`, of each seed the row and the share by name, as "<budget> found"; and `rivals`,
        the blocks by name, as "<budget> scaled 56".
    """
    tried = [[dict(list(front.items())[:TRIED]) for front in one] for one in fronts]
    others = scaled_and_cut(setting) if beside else {}
    every = {name: network for one in tried for front in one for name, network in front.items()}
    found = shares(setting, device, {**every, **others})
    chosen = {}
    for number, share in enumerate(setting.shares):
        for kind in ("scaled", "cut"):
            within = [n for n in others if n.startswith(kind) and found[n] <= GRANTED * share]
            if within:
                best = max(within, key=lambda name: found[name])
                chosen[f"{number} {best}"] = others[best]
    return {
        "winners": [_winners(setting, what, one, found) for one in tried],
        "rivals": to_json(chosen),
    }


def scaled_and_cut(setting: Setting) -> dict[str, Network]:
    """What the rivals are chosen from, by name."""
    whole = setting.network()
    return {
        **{f"scaled {r}": setting.network(r) for r in range(24, setting.resolution + 1, 4)},
        **{f"cut {share / 100:g}": cut(whole, share / 100) for share in range(25, 100, 5)},
    }


def _winners(
    setting: Setting, what: str, fronts: Sequence[Front], found: Mapping[str, float]
) -> dict[str, Any]:
    """Of each front the first that measures within its budget."""
    winners = {}
    for number, (front, share) in enumerate(zip(fronts, setting.shares, strict=True)):
        row = next((name for name in front if found[name] <= share), None)
        if row is None:
            raise SystemExit(f"no network found for {share:g} of the latency measures within it")
        winners[f"{number} {what}"] = {"row": row, "share": found[row]}
    return winners
