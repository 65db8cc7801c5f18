"""A mixture of plain weights, and the network of parallel branches that it is."""

import pytest
import torch

from hwnas.networks.blocks import (
    Block,
    ConvBlock,
    Head,
    InvertedResidual,
    ParallelInvertedResidual,
    Skip,
)
from hwnas.spaces import SearchSpace, Slot, load_space
from hwnas.spaces.shrunk import shrunk_space
from hwnas.supernet.mixing import MixingSupernet
from hwnas.supernet.sparse_network import cut_network
from tests.hwnas.supernet.helpers import randomise

IMAGES = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
# Of the slots of NAS-Bench-Macro: with a stride and without, zeros, and weights of both signs.
WEIGHTS = [
    [0.0, 0.4, -0.3],
    [0.2, 0.0, 0.7],
    [0.0, 0.5, 0.6],
    [0.3, 0.2, 0.4],
    [0.9, 0.0, 0.0],
    [0.0, -0.8, 0.0],
    [0.1, 0.2, 0.0],
    [0.2, 0.0, 1.5],
]


def weights_of(rows: list[list[float]]) -> list[torch.Tensor]:
    return [torch.tensor(row, dtype=torch.float64) for row in rows]


@pytest.fixture(scope="module", params=[False, True])
def mixing(request: pytest.FixtureRequest) -> MixingSupernet:
    space = load_space("nas_bench_macro", resolution=16)
    module = MixingSupernet(space, 1, own_weights=request.param).eval()
    randomise(module)
    return module


def test_deleting_the_zeros_changes_no_logit(mixing: MixingSupernet) -> None:
    weights = weights_of(WEIGHTS)
    with torch.no_grad():
        without = mixing(IMAGES, weights)
    every = mixing(IMAGES, [one.requires_grad_() for one in weights_of(WEIGHTS)])
    assert torch.allclose(every, without, rtol=1e-4, atol=1e-4)
    kept = [[c for c, w in enumerate(row) if w] for row in WEIGHTS]
    space = shrunk_space(mixing.supernet.space, kept)
    assert isinstance(space, SearchSpace)
    own = "own weights" in mixing.identity
    left = MixingSupernet(space, own_weights=own).eval()
    left.load_state_dict(mixing.state_dict())
    with torch.no_grad():
        assert torch.equal(left(IMAGES, [one[one != 0] for one in weights]), without)


def test_the_network_of_what_is_left_computes_what_the_mixture_computes(
    mixing: MixingSupernet,
) -> None:
    weights = weights_of(WEIGHTS)
    network = cut_network(mixing, weights).eval()
    slots = mixing.supernet.space.members[0].slots
    first, second = network.blocks[len(mixing.supernet.prefix) :][:2]
    one, other = slots[0].choices[1:]
    assert isinstance(one, InvertedResidual)
    assert isinstance(other, InvertedResidual)
    assert first == ParallelInvertedResidual.of(one, other)
    assert second == slots[1].choices[2]  # its skip goes into what it adds
    assert len(network.blocks) == len(mixing.supernet.prefix) + 7 + len(mixing.supernet.suffix)
    with torch.no_grad():
        expected = mixing(IMAGES, weights)
        assert torch.allclose(network(IMAGES), expected, rtol=1e-3, atol=1e-3)
    assert all(one.requires_grad for one in network.parameters())
    before = mixing.state_dict()
    next(network.parameters()).data += 1  # the network has weights of its own
    assert all(torch.equal(one, before[name]) for name, one in mixing.state_dict().items())


def space_of(*choices: Block) -> SearchSpace:
    head = Head(8, 16, 0, 10, "relu", 8)
    return SearchSpace("one", (ConvBlock(3, 8, 3, 1, "relu", 8),), (Slot(0, choices),), (head,))


@pytest.mark.parametrize(
    ("choices", "weights", "why"),
    [
        (
            (ConvBlock(8, 8, 3, 1, "relu", 8), ConvBlock(8, 8, 1, 1, "none", 8)),
            [1, 1],
            "an activation",
        ),
        ((Skip(8, 8), InvertedResidual(8, 16, 8, 3, 1, 0, "relu", 8)), [0.5, -0.5], "up to 0"),
        ((Skip(8, 8), InvertedResidual(8, 16, 8, 3, 1, 0, "relu", 8)), [0, 0], "up to 0"),
        (
            tuple(InvertedResidual(8, 16, 8, k, 1, 0, "relu", 8) for k in (3, 5, 7)),
            [1] * 3,
            "only two",
        ),
    ],
)
def test_what_no_network_computes_is_refused(
    choices: tuple[Block, ...], weights: list[float], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        cut_network(MixingSupernet(space_of(*choices)), weights_of([weights]))
