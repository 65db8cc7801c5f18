"""Networks that hwnas exported are a start like published ones."""

from pathlib import Path

import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.supernet.pretrained import read_pretrained
from tests.hwnas.supernet.pretrained.files import exported

CONVENTIONS = Conventions(epsilon=1e-3, momentum=0.01, mean=(0.5,) * 3, std=(0.4,) * 3)
NETWORK = (
    ConvBlock(3, 8, 3, 2, "relu6", 17, same_padding=True),
    InvertedResidual(8, 20, 12, 5, 1, 3, "hard_swish", 9),
    Head(12, 16, 8, 4, "hard_swish", 9),
)


@pytest.fixture
def module() -> NetworkModule:
    return NetworkModule(NETWORK, 1, CONVENTIONS)


@pytest.fixture
def folder(tmp_path: Path, module: NetworkModule) -> Path:
    return exported(tmp_path / "winner", module)


@pytest.mark.parametrize("part", ["", "model.safetensors"])
def test_an_export_is_read_with_its_blocks_weights_and_conventions(
    folder: Path, module: NetworkModule, part: str
) -> None:
    read = read_pretrained(str(folder / part))
    assert read.network_name == "hwnas/winner"
    assert read.conventions == CONVENTIONS
    assert read.network(17) == NETWORK
    images = torch.randn((2, 3, 17, 17))
    with torch.inference_mode():
        assert torch.equal(read.module(17).eval()(images), module.eval()(images))


def test_another_file_of_an_export_is_refused(folder: Path) -> None:
    (folder / "timm.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(ConfigError) as caught:
        read_pretrained(str(folder / "timm.safetensors"))
    assert str(caught.value) == (
        f"{folder}/timm.safetensors is a file in the folder of a network that hwnas exported; "
        f"name the folder, {folder}"
    )


def test_what_an_export_says_itself_is_not_said_again(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"says all .*leave out network:, mean: and std:$"):
        read_pretrained(str(folder), network="timm/mobilenet_v2")


def test_a_damaged_export_is_one_sentence(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(ConfigError, match=r"winner holds no whole exported network .*it again$"):
        read_pretrained(str(folder))
