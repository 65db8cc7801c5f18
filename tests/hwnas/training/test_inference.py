import numpy as np
import pytest
import torch
from torch.nn import functional

from hwnas.data.preprocessing import to_input
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.networks import inference, norm_statistics
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import LayerModule, NetworkModule
from hwnas.spaces import SearchSpace, load_space
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import accuracy, right
from hwnas.training.inputs import Inputs, in_order, recalibration_batch, suitable_batch
from hwnas.training.recalibration import mixed_batches, recalibrate
from tests.hwnas.supernet.helpers import images, randomise, state_bytes
from tests.hwnas.training.test_evaluation import dataset

CPU = torch.device("cpu")


def one_pixel_network() -> NetworkModule:
    """Every activation, squeeze-excite, and resolutions down to one pixel."""
    blocks = (
        ConvBlock(3, 8, 3, 2, "hard_swish", 8),
        InvertedResidual(8, 24, 8, 5, 1, 8, "relu6", 4),
        InvertedResidual(8, 16, 12, 3, 2, 0, "relu", 4),
        InvertedResidual(12, 24, 12, 3, 2, 0, "hard_swish", 2),
        InvertedResidual(12, 36, 12, 3, 1, 8, "hard_swish", 1),
        Head(12, 24, 16, 10, "hard_swish", 1),
    )
    network = NetworkModule(blocks, conventions=Conventions(epsilon=1e-3))
    randomise(network)
    return network


def v3_network() -> NetworkModule:
    space = load_space("mobilenet_v3_small", resolution=32, classes=10)
    network = NetworkModule(space.networks(space.sample(np.random.default_rng(0), 1))[0])
    randomise(network)
    return network


def no_fusing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "_can_fuse", lambda _: False)


def straightforward(network: NetworkModule, batches: Inputs) -> dict[str, torch.Tensor]:
    """The running statistics after a pass in training mode, the momentum of batch n being 1/n."""
    statistics = {n: b.clone() for n, b in network.named_buffers()}
    number = 0

    def hook(module, inputs, _):
        x = inputs[0]
        weight, layer = module.weight, module.layer
        y = functional.conv2d(x, weight, None, layer.stride, layer.kernel // 2, 1, layer.groups)
        name = names[module]
        mean, var = statistics[f"{name}.norm.running_mean"], statistics[f"{name}.norm.running_var"]
        functional.batch_norm(y, mean, var, training=True, momentum=1 / number)

    layers = {n: m for n, m in network.named_modules() if isinstance(m, LayerModule) and m.norm}
    names = {module: name for name, module in layers.items()}
    hooks = [module.register_forward_hook(hook) for module in layers.values()]
    network.train()
    with torch.no_grad():
        for number, x in enumerate(batches, start=1):  # noqa: B007 (the hook reads it)
            network(x)
    for one in hooks:
        one.remove()
    return statistics


@pytest.mark.parametrize("make", [one_pixel_network, v3_network])
@pytest.mark.parametrize("fusing", [True, False])
def test_statistics_are_those_of_training_mode_averaged_over_batches(make, fusing, monkeypatch):
    network = make()
    pixels = images(50, network.blocks[0].resolution).images
    expected = straightforward(make(), mixed_batches(pixels, CPU, 16))
    if not fusing:
        no_fusing(monkeypatch)
    recalibrate(network, pixels, batch=16)
    found = dict(network.named_buffers())
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-4, msg=name)


@pytest.mark.parametrize("make", [one_pixel_network, v3_network])
@pytest.mark.parametrize("fusing", [True, False])
def test_a_folded_network_gives_the_logits_of_evaluation_mode(make, fusing, monkeypatch):
    network = make().eval()
    x = to_input(images(9, network.blocks[0].resolution).images)
    with torch.no_grad():
        expected = network(x)
    if not fusing:
        no_fusing(monkeypatch)
    with torch.inference_mode():
        blocks = inference.weighted_blocks(network.path, CPU)
        statistics = inference.running_statistics(network)
        found = inference.FoldedNetwork(blocks, statistics)(x)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def judged_space() -> tuple[SearchSpace, Supernet]:
    space = load_space("mobilenet_v3_small", resolution=16, classes=10)
    supernet = Supernet(space, kernel_transforms=True)
    randomise(supernet)
    return space, supernet


def test_judging_is_extracting_recalibrating_and_evaluating():
    space, supernet = judged_space()
    before = state_bytes(supernet)
    judge = SupernetAccuracy(supernet, dataset())
    for row in space.sample(np.random.default_rng(1), 2):
        network = supernet.extract(row)
        recalibrate(network, dataset().train.sample(384).images)
        assert judge.judge(row) == accuracy(network, dataset().validation)
    assert state_bytes(supernet) == before


def test_judging_leaves_a_supernet_in_training_mode():
    space, supernet = judged_space()
    supernet.train()
    SupernetAccuracy(supernet, dataset()).judge(space.choice_counts - 1)
    assert supernet.training
    assert all(parameter.requires_grad for parameter in supernet.parameters())


def test_what_is_right_does_not_depend_on_the_size_of_batches():
    network = one_pixel_network()
    split = images(20, 8)
    assert right(network, split, batch=3).tolist() == right(network, split).tolist()


def test_images_are_kept_as_inputs_only_within_the_limit():
    pixels = images(10).images
    size = 4 * pixels.size
    kept, anew = in_order(pixels, CPU, 4), in_order(pixels, CPU, 4)
    assert (kept.keep(size), anew.keep(size - 1)) == (size, 0)
    assert all(a is b for a, b in zip(kept, kept, strict=True))
    assert not any(a is b for a, b in zip(anew, anew, strict=True))
    torch.testing.assert_close(list(kept), list(anew), rtol=0, atol=0)


def test_batches_of_images_in_order_are_nearly_equal_and_hold_all():
    parts = list(in_order(images(11).images, CPU, 4))
    assert [len(part) for part in parts] == [3, 4, 4]
    torch.testing.assert_close(torch.cat(parts), to_input(images(11).images), rtol=0, atol=0)


@pytest.mark.parametrize(("resolution", "batch"), [(32, 512), (64, 128), (128, 32), (512, 16)])
def test_networks_of_larger_outputs_have_smaller_batches(resolution, batch):
    blocks = [ConvBlock(3, 8, 3, 1, "relu", resolution), ConvBlock(8, 4, 3, 1, "relu", resolution)]
    assert suitable_batch(blocks) == batch


def test_moments_of_large_maps_are_those_of_a_part_of_their_pixels():
    network = NetworkModule((ConvBlock(3, 8, 3, 2, "relu", 48), Head(8, 16, 0, 10, "relu", 24)))
    pixels = images(200, 48).images
    recalibrate(network, pixels, batch=200)
    y = functional.conv2d(to_input(pixels), network.get_submodule("block0.conv").weight, None, 2, 1)
    norm = network.get_submodule("block0.conv.norm")
    deviation = y.std((0, 2, 3))
    assert ((norm.running_mean - y.mean((0, 2, 3))).abs() < 0.04 * deviation).all()
    torch.testing.assert_close(norm.running_var.sqrt(), deviation, rtol=0.04, atol=0)
    assert not torch.allclose(norm.running_mean, y.mean((0, 2, 3)), rtol=1e-5, atol=1e-6)


def test_blocks_in_parts_have_the_statistics_of_the_whole(monkeypatch):
    whole, parted = v3_network(), v3_network()
    pixels = images(40, 32).images
    recalibrate(whole, pixels, batch=40)
    monkeypatch.setattr(norm_statistics, "_images_at_once", lambda _: 8)
    recalibrate(parted, pixels, batch=40)
    for name, value in whole.named_buffers():
        found = parted.get_buffer(name)
        torch.testing.assert_close(found, value, rtol=1e-4, atol=1e-4, msg=name)


@pytest.mark.parametrize(("resolution", "batch"), [(32, 384), (128, 192), (512, 64)])
def test_recalibration_takes_as_many_images_at_once_as_memory_has_room_for(resolution, batch):
    assert recalibration_batch([ConvBlock(3, 8, 3, 1, "relu", resolution)]) == batch
