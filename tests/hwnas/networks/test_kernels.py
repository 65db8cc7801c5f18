from dataclasses import replace

import numpy as np
import pytest
import torch

from hwnas.data.preprocessing import to_input
from hwnas.networks.blocks import InvertedResidual
from hwnas.networks.kernels import KernelTransforms
from hwnas.spaces import SearchSpace, Slot
from hwnas.supernet.supernet import Supernet
from tests.hwnas.supernet.helpers import images, randomise, squeeze_space, state_bytes, tiny_space


def kernel_space(*kernels: int) -> SearchSpace:
    """One slot that is a choice of kernels alone."""
    space = squeeze_space()
    block = InvertedResidual(8, 16, 8, 3, 1, 8, "relu", 8)
    slot = Slot(0, tuple(replace(block, kernel=kernel) for kernel in kernels))
    return replace(space, slots=(slot,))


def matrices(supernet: Supernet) -> dict[str, torch.nn.Parameter]:
    return {
        name.rpartition(".")[2]: parameter
        for name, parameter in supernet.named_parameters()
        if ".transforms." in name
    }


def trained(space: SearchSpace) -> Supernet:
    """A supernet whose transforms are no identities any more."""
    supernet = Supernet(space, kernel_transforms=True)
    randomise(supernet)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for matrix in matrices(supernet).values():
            matrix.add_(torch.randn(matrix.shape, generator=generator) / 5)
    return supernet


def test_untrained_transforms_change_nothing(tmp_path):
    space = tiny_space(tmp_path)
    plain, supernet = Supernet(space), Supernet(space, kernel_transforms=True)
    assert len(matrices(supernet)) == 2
    for row in space.sample(np.random.default_rng(0), 20):
        assert state_bytes(supernet.extract(row)) == state_bytes(plain.extract(row))
    assert plain.identity == space.identity
    assert supernet.identity != plain.identity
    shared = {name: value for name, value in state_bytes(supernet).items() if "transf" not in name}
    assert shared == state_bytes(plain)


@pytest.mark.parametrize("kernels", [(3, 5), (3, 7), (3, 5, 7)])
def test_a_path_computes_what_the_network_with_transformed_kernels_computes(kernels):
    supernet = trained(kernel_space(*kernels)).eval()
    x = to_input(images(4, 8).images)
    for choice, block in enumerate(supernet.space.slots[0].choices):
        network = supernet.extract(np.array([choice])).eval()
        assert network.blocks[1] == block
        assert not any("transforms" in name for name in network.state_dict())
        with torch.no_grad():
            assert torch.equal(network(x), supernet(x, np.array([choice])))


def test_a_kernel_is_the_matrix_times_the_centre_of_the_next_larger_one():
    supernet = trained(kernel_space(3, 5, 7))
    large = supernet.get_submodule("slot0.shared.depthwise").weight.detach().numpy()
    by_name = {name: matrix.detach().numpy() for name, matrix in matrices(supernet).items()}
    assert {name: matrix.shape for name, matrix in by_name.items()} == {
        "7to5": (25, 25),
        "5to3": (9, 9),
    }
    five = (large[:, 0, 1:6, 1:6].reshape(-1, 25) @ by_name["7to5"].T).reshape(-1, 1, 5, 5)
    three = (five[:, 0, 1:4, 1:4].reshape(-1, 9) @ by_name["5to3"].T).reshape(-1, 1, 3, 3)
    for choice, expected in ((0, three), (1, five), (2, large)):
        found = supernet.extract(np.array([choice])).get_submodule("block1.depthwise").weight
        np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_kernels_that_are_no_neighbours_have_a_matrix_of_their_own():
    assert [name for name, _ in KernelTransforms([3, 7]).named_parameters()] == ["7to3"]
    assert [name for name, _ in KernelTransforms([5, 3, 3]).named_parameters()] == ["5to3"]
    assert not list(KernelTransforms([5, 5]).parameters())


def test_the_matrices_between_used_kernels_are_trained_along():
    supernet = trained(kernel_space(3, 5, 7)).train()
    x = to_input(images(4, 8).images)
    for choice, used in ((2, set()), (1, {"7to5"}), (0, {"7to5", "5to3"})):
        supernet.zero_grad()
        supernet(x, np.array([choice])).square().sum().backward()
        found = {name for name, matrix in matrices(supernet).items() if matrix.grad is not None}
        assert found == used
