"""model.py computes what the exported network does, where hwnas cannot be imported.

It is run by the program of docs/guides/export.md.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from typing_extensions import override

from hwnas.data import to_input
from hwnas.export.pytorch_source import MODEL_SOURCE, pytorch_source
from hwnas.networks.block import Block
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network, Skip
from hwnas.networks.conventions import Conventions
from hwnas.networks.layers import Layer, linear, pointwise
from hwnas.networks.modules import NetworkModule
from hwnas.networks.operations import Operations, Value
from hwnas.spaces import load_reference
from tests.hwnas.export.odd_networks import ODD, randomised, sampled
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

CONVENTIONS = Conventions(epsilon=1e-3, momentum=0.01, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
NETWORKS: dict[str, Network] = {
    **{name: network for name, (network, _) in ODD.items()},
    **{name: sampled(name) for name in ("mobilenet_v2", "mobilenet_v3_small", "nas_bench_macro")},
    "mobilenet_v4": load_reference(
        "timm/mobilenet_v4_conv_small", resolution=32, classes=10, width=0.35
    ).network,
    "skips": (
        ConvBlock(3, 8, 3, 2, "none", 8),
        Skip(8, 4),
        InvertedResidual(8, 24, 8, 3, 1, 0, "none", 4),
        Head(8, 16, 0, 4, "relu", 4),
    ),
}

# Python finds no hwnas, though its folder is on the path.
PROGRAM = """
import os, sys
sys.modules["hwnas"] = None
import torch
from safetensors.torch import load_file, save_file
torch.set_num_threads(1)
page = open("page.py").read()
for folder in sys.argv[1:]:
    os.chdir(folder)
    sys.path[0] = folder
    sys.modules.pop("model", None)
    names = {"pixels": load_file("pixels.safetensors")["pixels"]}
    with torch.inference_mode():
        exec(page, names)
        images = names["normalise"](names["pixels"])
        # In double precision, where rounding cannot hide a difference.
        found = {"images": images, "double": names["model"].double()(images.double())}
    save_file({**found, "logits": names["logits"]}, "found.safetensors")
"""
PAGE = Path(__file__).parents[3] / "docs/guides/export.md"


def exported(folder: Path, network: Network) -> NetworkModule:
    """Writes what an export folder has of it."""
    folder.mkdir()
    module = randomised(NetworkModule(network, seed=1, conventions=CONVENTIONS)).eval()
    save_file(module.state_dict(), folder / "model.safetensors")
    (folder / MODEL_SOURCE).write_text(pytorch_source(network, CONVENTIONS), encoding="utf-8")
    return module


def executed(network: Network) -> dict[str, object]:
    names: dict[str, object] = {"__file__": "model.py"}
    exec(pytorch_source(network, CONVENTIONS), names)
    return names


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[NetworkModule, Path]]:
    """Of every network, after the program without hwnas ran once for all of them."""
    root, found = tmp_path_factory.mktemp("exports"), {}
    generator = np.random.default_rng(0)
    for number, (name, network) in enumerate(NETWORKS.items()):
        folder = root / f"{number}"
        module = exported(folder, network)
        shape = (2, 3, network[0].resolution, network[0].resolution)
        pixels = torch.from_numpy(generator.integers(0, 256, shape, dtype=np.uint8))
        save_file({"pixels": pixels}, folder / "pixels.safetensors")
        found[name] = (module, folder)
    match = re.search(r"```python\n(from model import.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert match
    (root / "page.py").write_text(match[1], encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, *(str(folder) for _, folder in found.values())]
    subprocess.run(command, check=True, cwd=root)
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_without_hwnas_it_gives_the_logits_of_the_exported_network(
    folders: dict[str, tuple[NetworkModule, Path]], name: str
) -> None:
    module, folder = folders[name]
    found = load_file(folder / "found.safetensors")
    pixels = load_file(folder / "pixels.safetensors")["pixels"]
    images = to_input(pixels.numpy(), CONVENTIONS)
    assert found["images"].equal(images)  # to the bit
    with torch.inference_mode():
        logits = module.double()(images.double())
    assert float((found["double"] - logits).abs().max()) < 1e-10 * float(logits.abs().max())
    assert found["logits"].shape == logits.shape


def test_its_modules_train_as_those_of_hwnas_do(tmp_path: Path) -> None:
    network = NETWORKS["mobilenet_v3_small"]
    module = exported(tmp_path / "export", network).train()
    theirs = executed(network)["load"](tmp_path / "export/model.safetensors").train()  # type: ignore[operator]
    images = torch.randn((4, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    for one in (module, theirs):
        one(images)
    assert theirs.block0.conv.norm.running_var.allclose(module.block0.conv.norm.running_var)  # type: ignore[union-attr]


def test_blocks_that_compute_alike_share_a_class() -> None:
    source = pytorch_source(NETWORKS["mobilenet_v3_small"], CONVENTIONS)
    assert source.count("\nclass ") < len(NETWORKS["mobilenet_v3_small"])
    assert "Blocks 5, 7, 8, 10." in source
    assert "# ir k5 s2 16→24 e64 relu @8" in source


def test_no_line_of_it_is_too_long() -> None:
    for network in NETWORKS.values():
        assert max(map(len, pytorch_source(network, CONVENTIONS).splitlines())) < 100


@dataclass(frozen=True, slots=True)
class Branching(Block):
    """A kind of one's own: names that Python does not take, two branches, a vector on the way."""

    kind: ClassVar[str] = "branching"
    abbreviation: ClassVar[str] = "b"
    in_channels: int
    out_channels: int
    resolution: int

    @override
    def layers(self) -> tuple[Layer, ...]:
        half = self.out_channels // 2
        return (
            pointwise("class", self.in_channels, half, "relu", self.resolution),
            pointwise("1×1", self.in_channels, half, "relu6", self.resolution),
            linear("x", self.out_channels, self.out_channels, "none", biased=False),
        )

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        both = ops.concatenate("both", [ops.layer("class", x), ops.layer("1×1", x)])
        return ops.multiply("gated", both, ops.layer("x", ops.mean("torch", both)))

    @classmethod
    @override
    def widest(cls, blocks: Sequence[Block]) -> None:
        del blocks


def test_a_kind_of_ones_own_is_written_by_its_own_description(tmp_path: Path) -> None:
    network = (
        ConvBlock(3, 8, 3, 2, "relu", 8),
        Branching(8, 16, 4),
        Branching(16, 8, 4),
        Head(8, 16, 0, 4, "relu", 4),
    )
    module = exported(tmp_path / "export", network)
    theirs = executed(network)["load"](tmp_path / "export/model.safetensors")  # type: ignore[operator]
    assert isinstance(theirs, nn.Module)
    images = torch.randn((2, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert theirs(images).allclose(module(images), atol=1e-6)


def test_it_is_for_the_resolution_that_it_names() -> None:
    network = sampled("mobilenet_v2")
    assert executed(network)["RESOLUTION"] == network[0].resolution
    larger = (replace(network[0], resolution=64), *network[1:])
    assert executed(larger)["RESOLUTION"] == 64
