"""The widest network with gates: those of 0 and 1 compute what a narrower network does."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hwnas.spaces import SearchSpace
from hwnas.supernet.gated import GatedSupernet, first_open
from hwnas.supernet.supernet import Supernet
from tests.hwnas.supernet.gated_space import YAML, gated_space

PROJECTED = YAML.replace("stride: 2, depth: [1, 1]", "stride: 2, depth: [0, 1]")


def supernet_of(space: SearchSpace) -> Supernet:
    """With batch norms that change something."""
    supernet = Supernet(space, seed=3)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, one in supernet.state_dict().items():
            if ".norm." in name:
                one.copy_(torch.rand(one.shape, generator=generator) + 0.5)
            if name.endswith("bias"):
                one.copy_(torch.randn(one.shape, generator=generator))
    return supernet.eval()


def images(seed: int = 0) -> torch.Tensor:
    return torch.randn((4, 3, 8, 8), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("text", [YAML, PROJECTED])
def test_open_and_shut_gates_compute_what_the_cut_network_does(tmp_path: Path, text: str) -> None:
    space = gated_space(tmp_path, text)
    gated = GatedSupernet(supernet_of(space)).eval()
    rows = [np.zeros(4, dtype=np.int64), *space.sample(np.random.default_rng(0), 12)]
    with torch.no_grad():
        for row in rows:
            living = [slot.living[c] for slot, c in zip(gated.groups, row, strict=True)]
            gates = [
                (torch.arange(slot.gates) < n - slot.always).double()
                for slot, n in zip(gated.groups, living, strict=True)
            ]
            wanted = gated.supernet.extract(row).eval()(images())
            assert (gated(images(), gates) - wanted).abs().max() < 1e-5


def test_channels_of_the_largest_logits_are_those_that_narrower_blocks_take(tmp_path: Path) -> None:
    finer = "expansions: [2, 4], expansion_step: 8"
    space = gated_space(tmp_path, YAML.replace("expansions: [3, 4]", finer))
    gated = GatedSupernet(supernet_of(space)).eval()
    logits = [np.array(one) for one in ([-1.0], [-3.0, 1.0, 2.0], [4.0, -1.0, 5.0], [-2.0, 3.0])]
    gates = [torch.from_numpy(one > 0).double() for one in logits]
    all_open = [torch.ones(len(one)) for one in logits]
    with torch.no_grad():
        wanted, whole = gated(images(), gates), gated(images(), all_open)
        first_open(gated.supernet, np.concatenate(logits))
        assert (gated(images(), all_open) - whole).abs().max() < 1e-5
    with torch.no_grad():
        found = gated.supernet(images(), np.array([0, 1, 1, 1]))
    assert (found - wanted).abs().max() < 1e-5


def test_gradients_reach_every_gate_that_can_go(tmp_path: Path) -> None:
    gated = GatedSupernet(supernet_of(gated_space(tmp_path, PROJECTED)))
    gates = [torch.full((slot.gates,), 0.5, requires_grad=True) for slot in gated.groups]
    gated(images(), gates).square().sum().backward()
    assert all(one.grad is not None and one.grad.all() for one in gates)


def test_gates_of_another_space_are_refused(tmp_path: Path) -> None:
    gated = GatedSupernet(supernet_of(gated_space(tmp_path)))
    with pytest.raises(ValueError, match="not gates of gated"):
        gated(images(), [torch.ones(1)] * 4)
    with pytest.raises(ValueError, match="not gates of gated"):
        first_open(gated.supernet, np.zeros(3))
