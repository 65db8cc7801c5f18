"""Chains of blocks: which graph each block gets, and what is made of their latencies."""

import random

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from hwnas.core.configs import shipped_names
from hwnas.devices.device import Device
from hwnas.latency.chains import COPIES, LEAST_SHARE, Chain, chain_graphs, find_chains, marginals
from hwnas.latency.graph_keys import chain_key
from hwnas.latency.measure import timed_model
from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, block_key, check_network
from hwnas.spaces import load_space

STEM = ConvBlock(3, 8, 3, 2, "relu", 32)
SMALL = InvertedResidual(8, 8, 8, 3, 1, 0, "relu", 16)
LARGE = InvertedResidual(8, 32, 8, 5, 1, 0, "relu", 16)
DOWN = InvertedResidual(8, 32, 16, 3, 2, 0, "relu", 16)
WIDEN = ConvBlock(16, 24, 1, 1, "none", 8)
HEAD = Head(24, 32, 0, 10, "relu", 8)
ALL: list[Block] = [STEM, LARGE, SMALL, DOWN, WIDEN, HEAD]


def test_each_kind_of_block_gets_its_chain() -> None:
    chains = find_chains(ALL)
    base = (SMALL,) * COPIES
    down = (*base, DOWN)
    expected = {
        SMALL: Chain(SMALL, base, base + base, COPIES),
        LARGE: Chain(LARGE, base, base + (LARGE,) * COPIES, COPIES),
        DOWN: Chain(DOWN, base, down, 1),
        STEM: Chain(STEM, base, (STEM, *base), 1),  # nothing can precede it
        WIDEN: Chain(WIDEN, down, (*down, WIDEN), 1),  # no neighbour can follow itself
        HEAD: Chain(HEAD, (*down, WIDEN), (*down, WIDEN, HEAD), 1),
    }
    assert chains == {block_key(block): chain for block, chain in expected.items()}
    assert [chains[block_key(block)].behind for block in (DOWN, STEM)] == [True, False]
    # One graph more than blocks: the base.
    assert len(chain_graphs(chains)) == len(ALL) + 1


def test_chains_do_not_depend_on_the_order_of_blocks() -> None:
    blocks = list(load_space("mobilenet_v2").blocks())
    expected = find_chains(blocks)
    random.Random(0).shuffle(blocks)
    assert find_chains(blocks) == expected


def test_a_block_that_no_base_reaches_has_no_chain() -> None:
    far = ConvBlock(5, 7, 3, 2, "relu", 64)
    assert block_key(far) not in find_chains([*ALL, far])
    assert find_chains([STEM, DOWN, HEAD]) == {}


def test_nothing_follows_a_head() -> None:
    after = ConvBlock(10, 4, 1, 1, "none", 1)  # the shape that 10 logits would have as pixels
    head = Head(8, 16, 0, 10, "relu", 16)
    chains = find_chains([SMALL, head, after])
    assert set(chains) == {block_key(SMALL), block_key(head)}


@pytest.mark.parametrize(
    "name", [name for name in shipped_names("spaces") if name != "around_pretrained"]
)
def test_every_block_of_a_shipped_space_has_a_chain_whose_shapes_fit(name: str) -> None:
    space = load_space(name)
    chains = find_chains(space.blocks())
    assert set(chains) == set(map(block_key, space.blocks()))
    graphs = chain_graphs(chains)
    for block in space.blocks():
        chain = chains[block_key(block)]
        check_network(chain.graph)
        added = list(chain.graph)
        for part in chain.base:
            added.remove(part)
        assert added == [block] * chain.copies
        assert chain_key(chain.base) in graphs
    # About one more graph a block.
    assert len(graphs) <= len(chains) + 10


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_chains_of_all_kinds_are_built_and_run(precision: str) -> None:
    import onnxruntime

    space = load_space("nas_bench_macro", resolution=8, classes=4)
    device = Device(name="here", precision=precision)
    for key, graph in chain_graphs(find_chains(space.blocks())).items():
        model = timed_model(graph, device, inner=True)
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        (given,) = session.get_inputs()
        wanted = np.uint8 if "uint8" in given.type else np.float32
        shape = (1, graph[0].in_channels, graph[0].resolution, graph[0].resolution)
        (found,) = session.run(None, {given.name: np.ones(shape, wanted)})
        assert found.shape[1] == graph[-1].out_channels, key


def test_chains_in_half_precision_begin_and_end_as_inside_a_network() -> None:
    space = load_space("nas_bench_macro", resolution=8, classes=4)
    device = Device(name="gpu", runtime="tensorrt", precision="fp16")
    half, full = TensorProto.FLOAT16, TensorProto.FLOAT
    graphs = chain_graphs(find_chains(space.blocks())).values()
    for network in graphs:
        graph = onnx.load_from_string(timed_model(network, device, inner=True)).graph
        (given,), (found,) = graph.input, graph.output
        image, logits = network[0].in_channels == 3, isinstance(network[-1], Head)
        assert given.type.tensor_type.elem_type == (full if image else half)
        assert found.type.tensor_type.elem_type == (full if logits else half)
    assert {type(network[-1]) for network in graphs} > {Head}
    assert any(network[0].in_channels == 3 for network in graphs)


def test_a_marginal_is_what_a_copy_adds() -> None:
    chains = find_chains(ALL)
    ms = {SMALL: 2.0, LARGE: 3.0, STEM: 4.0, DOWN: 5.0, WIDEN: 6.0, HEAD: 7.0}
    # Every graph takes 20 ms beside its blocks, and every block alone takes them too.
    measured = {key: 20 + sum(ms[b] for b in graph) for key, graph in chain_graphs(chains).items()}
    measured |= {block_key(block): 20 + value for block, value in ms.items()}
    assert marginals(chains, measured) == pytest.approx(
        {block_key(block): value for block, value in ms.items()}
    )


def test_a_marginal_is_never_nothing() -> None:
    chain = find_chains(ALL)[block_key(DOWN)]
    measured = {chain_key(chain.base): 4.0, chain_key(chain.graph): 3.9, block_key(DOWN): 1.5}
    assert chain.marginal(measured) == LEAST_SHARE * 1.5
