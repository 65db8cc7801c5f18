"""References are what torchvision and timm build: by logits, and by the shape of every weight."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.export.timm import TimmNetwork, timm_network
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.costs import block_parameters
from hwnas.spaces import Reference, load_reference
from tests.published import load_in_order, pretrained, published_libraries, without_stages

WIDTHS = (0.25, 0.35, 0.5, 0.75, 0.9, 1.0, 1.2, 1.4, 2.0)


@pytest.fixture(scope="module")
def libraries() -> Iterator[None]:
    with published_libraries():
        yield


def difference(module: NetworkModule, images: torch.Tensor, logits: torch.Tensor) -> float:
    """The largest, relative to the largest logit."""
    with torch.inference_mode():
        return float((module.eval()(images) - logits).abs().max() / logits.abs().max())


def of_torchvision(
    name: str, width: float, stored: str, conventions: Conventions | None = None
) -> float:
    state, images, logits = pretrained(stored)
    found = load_reference(name, resolution=images.shape[-1], classes=10, width=width)
    module = NetworkModule(found.network, conventions=conventions or found.conventions)
    load_in_order(module, state)
    return difference(module, images, logits)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("torchvision/mobilenet_v2", "torchvision_mobilenet_v2_w025"),
        ("torchvision/mobilenet_v3_small", "torchvision_mobilenet_v3_small_w025"),
        ("mobilenet_v3_large", "torchvision_mobilenet_v3_large_w025"),
    ],
)
def test_a_reference_computes_what_torchvisions_does(name: str, stored: str) -> None:
    assert of_torchvision(name, 0.25, stored) < 1e-5


def test_torchvisions_v3_has_an_epsilon_of_its_own() -> None:
    stored = "torchvision_mobilenet_v3_large_w025"
    assert of_torchvision("mobilenet_v3_large", 0.25, stored, USUAL) > 1e-4


def in_timms_names(described: TimmNetwork, state: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    for name, tensor in state.items():
        block, layer, *rest = name.split(".")
        convolution, norm = described.layers[f"{block}.{layer}"]
        theirs = norm if rest[0] == "norm" else convolution
        linear = (convolution, rest[-1]) == ("classifier", "weight")
        found[f"{theirs}.{rest[-1]}"] = tensor.flatten(1) if linear else tensor
    return found


@pytest.mark.parametrize(
    ("name", "width", "file"),
    [
        ("timm/mobilenet_v2", 0.35, "timm_mobilenetv2_035"),
        ("timm/mobilenet_v3_small", 0.5, "timm_mobilenetv3_small_050"),
        ("timm/mobilenet_v3_large", 0.25, "timm_mobilenetv3_large_w025"),
        ("timm/tf_mobilenet_v3_small", 0.25, "timm_tf_mobilenetv3_small_w025_same"),
        ("timm/efficientnet_lite0", 0.25, "timm_efficientnet_lite_w025"),
        ("timm/tf_efficientnet_lite0", 0.25, "timm_tf_efficientnet_lite_w025_same"),
        ("timm/mobilenet_v4_conv_small", 0.35, "timm_mobilenetv4_conv_small_w035"),
    ],
)
def test_a_reference_computes_what_timms_does(name: str, width: float, file: str) -> None:
    state, images, logits = pretrained(file)
    found = load_reference(name, resolution=images.shape[-1], classes=10, width=width)
    module = NetworkModule(found.network, conventions=found.conventions)
    described = timm_network(found.network)
    assert described is not None
    own = module.state_dict()
    # Stages of equal channels fall together in ours, which changes names alone.
    theirs, stored = without_stages(in_timms_names(described, own)), without_stages(state)
    assert theirs.keys() == stored.keys()
    module.load_state_dict(
        {
            name: stored[their].reshape(own[name].shape)
            for name, their in zip(own, theirs, strict=True)
        }
    )
    assert difference(module, images, logits) < 1e-5


@pytest.mark.parametrize("width", WIDTHS)
def test_references_have_every_weight_of_their_librarys(libraries: None, width: float) -> None:
    del libraries
    from timm.models import efficientnet, mobilenetv3
    from torchvision import models

    with torch.device("meta"):
        for name, of_timm, of_torchvision in (
            ("mobilenet_v2", efficientnet._gen_mobilenet_v2, models.mobilenet_v2),
            ("mobilenet_v3_small", mobilenetv3._gen_mobilenet_v3, models.mobilenet_v3_small),
            ("mobilenet_v3_large", mobilenetv3._gen_mobilenet_v3, models.mobilenet_v3_large),
        ):
            built = {
                "timm": of_timm(name, width, num_classes=10),
                "torchvision": of_torchvision(width_mult=width, num_classes=10),
            }
            for library, theirs in built.items():
                found = load_reference(f"{library}/{name}", resolution=64, classes=10, width=width)
                assert_weights_and_norms(found, theirs)


@pytest.mark.parametrize("width", [0.25, 0.9, 1.4])
def test_references_of_timm_alone_have_every_weight_of_its(libraries: None, width: float) -> None:
    del libraries
    from timm.models import efficientnet, mobilenetv3

    with torch.device("meta"):
        for name, theirs in (
            ("efficientnet_lite0", efficientnet._gen_efficientnet_lite),
            ("mobilenet_v4_conv_small", mobilenetv3._gen_mobilenet_v4),
        ):
            found = load_reference(name, resolution=64, classes=10, width=width)
            assert_weights_and_norms(found, theirs(name, width, num_classes=10))


@pytest.mark.parametrize(
    ("name", "timms", "count"),
    [
        ("mobilenet_v2", "mobilenetv2_100", 3_504_872),
        ("mobilenet_v3_small", "mobilenetv3_small_100", 2_542_856),
        ("mobilenet_v3_large", "mobilenetv3_large_100", 5_483_032),
        ("tf_mobilenet_v3_large", "tf_mobilenetv3_large_100", 5_483_032),
        ("efficientnet_lite0", "efficientnet_lite0", 4_652_008),
        ("tf_efficientnet_lite1", "tf_efficientnet_lite1", 5_416_680),
        ("tf_efficientnet_lite2", "tf_efficientnet_lite2", 6_092_072),
        ("mobilenet_v4_conv_small", "mobilenetv4_conv_small", 3_774_024),
    ],
)
def test_references_are_published_as_timm_says(
    libraries: None, name: str, timms: str, count: int
) -> None:
    del libraries
    import timm

    with torch.device("meta"):
        theirs = timm.create_model(timms)
    found = load_reference(f"timm/{name}", resolution=224, classes=1000)
    assert (found.name, found.library) == (name, "timm")
    assert_weights_and_norms(found, theirs)
    assert sum(map(block_parameters, found.network)) == count
    read = theirs.pretrained_cfg
    assert (found.conventions.mean, found.conventions.std) == (read["mean"], read["std"])


def assert_weights_and_norms(found: Reference, theirs: torch.nn.Module) -> None:
    layers = [layer for block in found.network for layer in block.layers()]
    state = theirs.state_dict().values()
    shapes = [(*tensor.shape, 1, 1)[:4] for tensor in state if tensor.dim() > 1]
    assert [layer.weight_shape for layer in layers] == shapes
    norms = [one for one in theirs.modules() if isinstance(one, torch.nn.BatchNorm2d)]
    conventions = (found.conventions.epsilon, found.conventions.momentum)
    assert {(one.eps, one.momentum) for one in norms} == {conventions}


def test_googles_own_weights_are_padded_and_fed_as_tensorflow_does() -> None:
    found = load_reference("lite/efficientnet_lite0", resolution=96, classes=1000)
    assert (found.name, found.library) == ("efficientnet_lite0", "lite")
    plain = load_reference("efficientnet_lite0", resolution=96, classes=1000)
    strided = [index for index, one in enumerate(plain.network) if getattr(one, "stride", 1) > 1]
    padded = [i for i, one in enumerate(found.network) if getattr(one, "same_padding", False)]
    assert padded == strided == [0, 2, 4, 6, 12]
    conventions = found.conventions
    assert (conventions.epsilon, conventions.momentum) == (1e-3, 0.01)
    assert (conventions.mean[0] * 255, conventions.std[0] * 255) == (127, 128)


@pytest.mark.parametrize(("library", "count"), [("timm", 3_993_528), ("torchvision", 3_377_576)])
def test_a_narrow_v3_is_of_one_library(library: str, count: int) -> None:
    name = f"{library}/mobilenet_v3_large"
    found = load_reference(name, resolution=224, classes=1000, width=0.75)
    assert (found.name, found.library) == ("mobilenet_v3_large", library)
    assert sum(map(block_parameters, found.network)) == count


def test_a_narrow_v4_has_the_parameters_of_timms() -> None:
    found = load_reference("timm/mobilenet_v4_conv_small", resolution=64, classes=10, width=0.35)
    assert sum(map(block_parameters, found.network)) == 637_194


def test_without_a_library_a_reference_is_torchvisions_or_timms() -> None:
    plain = load_reference("mobilenet_v3_small", resolution=32, classes=10, width=0.5)
    named = load_reference("torchvision/mobilenet_v3_small", resolution=32, classes=10, width=0.5)
    assert plain == named
    lite = load_reference("efficientnet_lite1", resolution=32, classes=10)
    assert (lite.name, lite.library) == ("efficientnet_lite1", "timm")


@pytest.mark.parametrize(
    "name",
    ["resnet", "keras/mobilenet_v2", "timm/resnet", "timm/", "a/timm/mobilenet_v2", "\x1b"],
)
def test_a_reference_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"there is no reference '.*known: mobilenet_v2, "):
        load_reference(name, resolution=32, classes=10)


@pytest.mark.parametrize("name", ["torchvision/efficientnet_lite0", "lite/tf_efficientnet_lite0"])
def test_a_reference_of_another_library_is_refused_with_those_that_have_it(name: str) -> None:
    known = "timm/efficientnet_lite0, timm/tf_efficientnet_lite0, lite/efficientnet_lite0)"
    with pytest.raises(ConfigError) as caught:
        load_reference(name, resolution=32, classes=10)
    assert str(caught.value).endswith(known)
