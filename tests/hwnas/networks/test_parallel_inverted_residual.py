"""Two inverted residuals side by side."""

import pytest
import torch

from hwnas.networks.blocks import InvertedResidual, ParallelInvertedResidual
from hwnas.networks.modules import BlockModule
from hwnas.objectives.costs import MACS, PARAMETERS

ONE = InvertedResidual(8, 24, 8, 5, 1, 8, "relu", 8)
OTHER = InvertedResidual(8, 16, 8, 3, 1, 0, "relu", 8)


def test_it_computes_the_sum_of_both_branches_and_the_input_once() -> None:
    block = ParallelInvertedResidual.of(ONE, OTHER)
    assert block.branches == (OTHER, ONE)
    assert block == ParallelInvertedResidual.of(OTHER, ONE)
    generator = torch.Generator().manual_seed(0)
    whole = BlockModule(block, generator).eval()
    x = torch.randn(2, 8, 8, 8, generator=generator)
    parts = []
    for prefix, branch in zip(("first_", "second_"), block.branches, strict=True):
        module = BlockModule(branch, generator).eval()
        own = {
            name.removeprefix(prefix): one
            for name, one in whole.state_dict().items()
            if name.startswith(prefix)
        }
        module.load_state_dict(own)
        parts.append(module(x))
    torch.testing.assert_close(whole(x), parts[0] + parts[1] - x)


def test_it_costs_what_both_cost() -> None:
    block = ParallelInvertedResidual.of(ONE, OTHER)
    for cost in (MACS, PARAMETERS):
        assert cost.evaluate([(block,)])[0] == cost.evaluate([(ONE,), (OTHER,)]).sum()
    assert block.choice_name == "k3 e2 + k5 e3 se"
    assert block.short_name == "pir s1 8→8 k3 e16 + k5 e24 se8 relu @8"


def test_branches_differ_and_have_one_order() -> None:
    with pytest.raises(ValueError, match="must differ in one of them"):
        ParallelInvertedResidual.of(ONE, ONE)
    with pytest.raises(ValueError, match="name the branches in the other order"):
        ParallelInvertedResidual(8, 8, 5, 16, 0, 3, 16, 0, 1, "relu", 8)
