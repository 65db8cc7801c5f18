"""Branches side by side have the weights of the choices that they are."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hwnas.networks.blocks import ParallelInvertedResidual
from hwnas.spaces import Space, load_space
from hwnas.spaces.shrunk import shrunk_space
from hwnas.supernet.sharing import SlotModule
from hwnas.supernet.supernet import Supernet
from tests.hwnas.supernet.helpers import randomise

SPACE = """
name: branched
resolution: 8
classes: 10
stem: {channels: 8, stride: 1, activation: relu}
stages:
  - {channels: 8, depth: [1, 2], kernels: [3, 5], expansions: [2], activation: relu%s}
  - {channels: 12, stride: 2, depth: [1, 1], kernels: [3], expansions: [2, 3], activation: relu%s}
head: {features: 16, activation: relu}
"""


def space_in(folder: Path, branches: str, width: list[float] | None = None) -> Space:
    path = folder / "branched.yaml"
    path.write_text(SPACE % (branches, branches))
    return load_space(str(path), width=width)


@pytest.mark.parametrize("own_weights", [False, True])
@pytest.mark.parametrize("shrunk", [False, True])
def test_pairs_add_no_weights(tmp_path: Path, own_weights: bool, shrunk: bool) -> None:
    plain = space_in(tmp_path, "")
    whole = space_in(tmp_path, ", branches: 2")
    space = shrunk_space(whole, [[2], [0, 3], [2]]) if shrunk else whole
    supernet = Supernet(space, own_weights=own_weights).eval()
    randomise(supernet)
    assert (
        supernet.state_dict().keys() == Supernet(plain, own_weights=own_weights).state_dict().keys()
    )
    row = space.choice_counts - 1
    pairs = [one for _, one in supernet.path(row) if isinstance(one, ParallelInvertedResidual)]
    assert len(pairs) == 3
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = supernet(x, row)
        assert torch.allclose(supernet.extract(row).eval()(x), found, atol=1e-5)
        y, place = x, 0
        slots = Supernet(whole, own_weights=own_weights).choices
        for module, block in supernet.path(row):
            if isinstance(block, ParallelInvertedResidual):
                of_slot = supernet.get_submodule(f"slot{place}")
                assert isinstance(of_slot, SlotModule)
                blocks = [
                    (of_slot.choice(number, one), one)
                    for number, (_, one) in enumerate(slots[place])
                    if one in block.branches
                ]
                total = sum(each(y, one) for each, one in blocks) - (y if block.residual else 0)
                assert torch.allclose(module(y, block), total, atol=1e-5)
                place += 1
            y = module(y, block)
        assert torch.equal(y, found)


def test_members_of_a_family_share_them(tmp_path: Path) -> None:
    family = space_in(tmp_path, ", branches: 2", [0.5, 1.0, 1.5])
    supernet = Supernet(family).eval()
    assert supernet.state_dict().keys() == Supernet(family.members[0]).state_dict().keys()
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for member in range(3):
        assert supernet(x, np.array([member, 2, 3, 2])).shape == (1, 10)
