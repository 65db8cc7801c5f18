"""What latencies of blocks are from: alone or in chains, on devices whose truth is known."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import TableError
from hwnas.latency.chains import chain_graphs, find_chains
from hwnas.latency.fitting import fit_best
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.model import BASES, Basis, LatencyModel
from hwnas.latency.profile import fit_model
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import Visit
from hwnas.networks.blocks import Block, Network, Skip, block_key
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.sampled_networks import sampled_networks
from hwnas.spaces import SearchSpace, load_space
from tests.devices.test_device import FINGERPRINT

SPACE = load_space("mobilenet_v3_small", resolution=96, classes=10)
FIT, CHECK = sampled_networks(SPACE, ProfileConfig(fit_networks=20, check_networks=20))
Time = Callable[[Network], float]


def kernels(block: Block) -> float:
    """ms of a block's kernels on a made-up fast GPU: no kernel takes less than 1.5 µs."""
    total = 0.0
    for layer in block.layers():
        seed = zlib.crc32(f"{block_key(block)} {layer.name}".encode())
        efficiency = np.random.default_rng(seed).uniform(0.7, 1.4)
        total += max(1e-3, layer.macs / 5e8 * efficiency) + 5e-4
    return total


def additive(graph: Network) -> float:
    return sum(kernels(block) for block in graph if not isinstance(block, Skip))


def launch_bound(graph: Network) -> float:
    """Starting any graph takes 10 µs, and no graph computes for less than 15 µs."""
    return 0.010 + max(0.015, additive(graph))


def measured(
    path: Path,
    time: Time,
    *,
    space: SearchSpace = SPACE,
    networks: Sequence[Network] = (*FIT, *CHECK),
    noise: float = 0.005,
) -> LatencyTable:
    """A table of a space with its chains, as a made-up device would fill it."""
    table = LatencyTable(path)
    table.bind(FINGERPRINT)
    chains = chain_graphs(find_chains(space.blocks()))
    graphs = register_all(table, space.blocks(), networks) | chains
    table.register(chains)
    random = np.random.default_rng(0)
    for session in range(4):
        table.add(
            [
                Visit(key, session, 0, tuple(time(graph) * random.normal(1, noise, 3)), 0.25)
                for key, graph in graphs.items()
            ]
        )
    table.finish(graphs)
    return table


MACRO = load_space("nas_bench_macro", resolution=8, classes=4)


def measured_with_chains(path: Path, *, noise: float = 0.005) -> LatencyTable:
    """A table of a small space on the device where launches bind, with its model as `macro`."""
    networks = MACRO.networks(MACRO.sample(np.random.default_rng(0), 20))
    table = measured(path, launch_bound, space=MACRO, networks=networks, noise=noise)
    keys = tuple(map(network_key, networks))
    model = fit_model(table, keys[:10], keys[10:], blocks=list(table.blocks()), bases=BASES)
    table.save_model("macro", model)
    return table


def fitted(table: LatencyTable, bases: Sequence[Basis] = BASES) -> LatencyModel:
    fit, check = (tuple(map(network_key, some)) for some in (FIT, CHECK))
    return fit_model(table, fit, check, blocks=list(map(block_key, SPACE.blocks())), bases=bases)


def error(model: LatencyModel) -> float:
    assert model.validation is not None
    return model.validation.prediction.mape


def test_where_launches_bind_chains_are_chosen_and_right(tmp_path: Path) -> None:
    with measured(tmp_path / "t.sqlite", launch_bound) as table:
        chosen, alone = fitted(table), fitted(table, ["alone"])
    assert chosen.basis == "chain"
    assert chosen.correction.name.startswith("chains: ")
    assert error(chosen) < 1.5
    assert error(alone) > 10
    assert alone.basis == "alone"
    assert list(alone.compared) == ["alone"]
    assert chosen.compared["chain"] < 0.1 * chosen.compared["alone"]
    # The latencies are those that blocks add, not those that they take alone.
    ratios = [chosen.blocks[block_key(b)] / kernels(b) for b in SPACE.blocks()]
    assert np.median(np.abs(np.array(ratios) - 1)) < 0.05


def test_where_blocks_alone_are_as_right_they_are_kept(tmp_path: Path) -> None:
    with measured(tmp_path / "t.sqlite", additive) as table:
        chosen, alone, chains = (fitted(table, bases) for bases in (BASES, ["alone"], ["chain"]))
    assert chosen.basis == "alone"
    assert set(chosen.compared) == {"alone", "chain"}
    assert (chosen.blocks, chosen.correction) == (alone.blocks, alone.correction)
    assert error(chosen) < 1.5
    assert chains.basis == "chain"
    assert error(chains) < 1.5


def test_chains_that_were_not_measured_to_the_end_are_left_out(tmp_path: Path) -> None:
    with measured(tmp_path / "t.sqlite", launch_bound) as table:
        reopened = list(table.chains())[3]
        table._database.write("UPDATE graphs SET finished = 0 WHERE key = ?", (reopened,))
        model = fitted(table)
    assert model.basis == "alone"
    assert list(model.compared) == ["alone"]


def test_from_few_networks_nothing_is_chosen() -> None:
    blocks: Mapping[str, Block] = {block_key(block): block for block in SPACE.blocks()}
    alone = dict.fromkeys(blocks, 1.0)
    found = fit_best(FIT[:3], np.ones(3), blocks, {"alone": alone, "chain": alone})
    assert (found.basis, found.compared) == ("alone", {})


def test_a_model_of_chains_survives_its_dictionary(tmp_path: Path) -> None:
    with measured(tmp_path / "t.sqlite", launch_bound) as table:
        model = fitted(table)
    stored = model.to_dict()
    assert LatencyModel.from_dict(stored) == model
    with pytest.raises(TableError, match="the latency model cannot be read"):
        LatencyModel.from_dict(stored | {"basis": "guessed"})


def test_networks_of_blocks_that_are_not_among_the_models_own_are_refused() -> None:
    blocks = {block_key(block): block for block in SPACE.blocks()}
    (lost, _), *_ = blocks.items()
    del blocks[lost]
    with pytest.raises(TableError, match="which is not among its own; profile into a new table"):
        fit_best(FIT, np.ones(len(FIT)), blocks, {"alone": dict.fromkeys(blocks, 0.1)})
