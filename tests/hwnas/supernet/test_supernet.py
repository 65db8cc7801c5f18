import numpy as np
import pytest
import torch

from hwnas.data.preprocessing import to_input
from hwnas.networks.blocks import ConvBlock, InvertedResidual
from hwnas.networks.modules import BlockModule, NetworkModule
from hwnas.objectives import costs
from hwnas.spaces import load_space
from hwnas.supernet.supernet import Supernet
from tests.hwnas.supernet.helpers import images, randomise, squeeze_space, state_bytes, tiny_space


def spaces(folder):
    yield tiny_space(folder)
    yield squeeze_space()
    yield load_space("nas_bench_macro", resolution=16, classes=10)
    yield load_space("mobilenet_v3_small", resolution=32, classes=10)


def every_choice(space):
    """Architectures that use each choice of each slot at least once."""
    longest = int(space.choice_counts.max())
    rows = [np.minimum(index, space.choice_counts - 1) for index in range(longest)]
    return space.canonical(np.stack(rows))


@pytest.mark.parametrize("training", [True, False])
def test_a_path_computes_what_the_extracted_network_computes(tmp_path, training):
    for space in spaces(tmp_path):
        supernet = Supernet(space)
        randomise(supernet)
        x = to_input(images(4, space.resolution).images)
        for row in every_choice(space):
            network = supernet.extract(row).train(training)
            supernet.train(training)
            with torch.no_grad():
                torch.testing.assert_close(supernet(x, row), network(x), rtol=0, atol=0)


def test_an_extracted_network_has_the_blocks_of_the_architecture(tmp_path):
    for space in spaces(tmp_path):
        for row in every_choice(space):
            network = Supernet(space).extract(row)
            assert network.blocks == space.network(row)
            for module, block in zip(network.children(), network.blocks, strict=True):
                shapes = {name: tuple(p.shape) for name, p in module.named_parameters()}
                for layer in block.layers():
                    assert shapes[f"{layer.name}.weight"] == layer.weight_shape
                assert sum(p.numel() for p in module.parameters()) == sum(
                    layer.parameters for layer in block.layers()
                )


def test_modules_have_as_many_parameters_as_the_cost_says(tmp_path):
    space = tiny_space(tmp_path)
    networks = [space.network(row) for row in every_choice(space)]
    have = [sum(p.numel() for p in NetworkModule(n).parameters()) for n in networks]
    assert have == costs.PARAMETERS.evaluate(networks).tolist()


def test_gradients_reach_only_the_part_of_the_weights_that_is_used():
    space = squeeze_space()
    supernet = Supernet(space)
    randomise(supernet)
    used = space.slots[0].choices[2]
    assert isinstance(used, InvertedResidual)
    supernet.train()
    x = to_input(images(4, 8).images)
    supernet(x, np.array([2])).square().sum().backward()
    shared = supernet.get_submodule("slot0.shared")
    assert isinstance(shared, BlockModule)
    for layer in used.layers():
        gradient = shared.get_submodule(layer.name).weight.grad
        out, inner, kernel, _ = layer.weight_shape
        margin = (gradient.shape[-1] - kernel) // 2
        inside = torch.zeros_like(gradient, dtype=torch.bool)
        middle = slice(margin, margin + kernel)
        inside[:out, :inner, middle, middle] = True
        assert gradient[inside].count_nonzero() > 0.2 * inside.sum(), layer.name
        assert gradient[~inside].count_nonzero() == 0, layer.name
    scale = shared.get_submodule("depthwise.norm").weight.grad
    assert scale[:16].count_nonzero() == 16
    assert scale[16:].count_nonzero() == 0


def test_a_smaller_kernel_is_the_centre_of_the_larger_one():
    supernet = Supernet(squeeze_space())
    shared = supernet.get_submodule("slot0.shared.depthwise").weight
    small = supernet.extract(np.array([3])).get_submodule("block1.depthwise").weight
    assert shared.shape == (24, 1, 5, 5)
    assert torch.equal(small, shared[:24, :, 1:4, 1:4])


def test_training_a_path_updates_the_shared_statistics_of_its_channels_alone():
    supernet = Supernet(squeeze_space())
    supernet.train()
    with torch.no_grad():
        supernet(to_input(images(4, 8).images), np.array([2]))
    mean = supernet.get_submodule("slot0.shared.depthwise.norm").running_mean
    assert mean[:16].count_nonzero() == 16
    assert mean[16:].count_nonzero() == 0


def test_an_extracted_network_is_a_copy(tmp_path):
    space = tiny_space(tmp_path)
    supernet = Supernet(space)
    before = state_bytes(supernet)
    network = supernet.extract(space.choice_counts - 1)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.add_(1)
    assert state_bytes(supernet) == before


def test_an_extracted_network_can_be_trained(tmp_path):
    space = tiny_space(tmp_path)
    network = Supernet(space).extract(space.choice_counts - 1).train()
    network(to_input(images(4).images)).sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_architectures_of_equal_networks_share_their_weights():
    space = load_space("mobilenet_v3_small", resolution=32, classes=10)
    supernet = Supernet(space)
    row = space.choice_counts - 1
    start, end = space.groups[0]
    row[start:end] = 0
    twin = row.copy()
    row[start], twin[end - 1] = 1, 1
    assert space.network(row) == space.network(twin)
    assert state_bytes(supernet.extract(row)) == state_bytes(supernet.extract(twin))


def test_a_projection_in_place_of_a_skip_has_weights_of_its_own():
    space = load_space("nas_bench_macro", resolution=16, classes=10)
    projection = space.slots[0].choices[0]
    assert isinstance(projection, ConvBlock)
    supernet = Supernet(space)
    network = supernet.extract(np.zeros(len(space.slots), int))
    own = supernet.get_submodule("slot0.choice0.conv").weight
    assert torch.equal(network.get_submodule("block1.conv").weight, own)


def test_the_seed_decides_the_first_weights(tmp_path):
    space = tiny_space(tmp_path)
    assert state_bytes(Supernet(space, 1)) == state_bytes(Supernet(space, 1))
    assert state_bytes(Supernet(space, 1)) != state_bytes(Supernet(space, 2))


def test_children_have_the_names_of_the_layers():
    names = dict(NetworkModule([InvertedResidual(8, 16, 8, 3, 1, 8, "relu", 8)]).named_modules())
    for name in ("expand", "depthwise", "squeeze_reduce", "squeeze_expand", "project"):
        assert f"block0.{name}" in names
