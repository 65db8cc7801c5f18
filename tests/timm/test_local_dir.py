"""timm builds exported networks by the program of docs/guides/timm.md, with the same logits.

In an environment of its own, which has no hwnas: `make test-timm`.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from hwnas.export.timm import timm_network
from hwnas.export.writer import source_files
from hwnas.networks.blocks import Network, check_network
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import load_reference
from tests.hwnas.export.odd_networks import ODD, randomised, sampled
from tests.timm.environment import ROOT, run_in_timm

PYTHON = Path(os.environ.get("HWNAS_TIMM_PYTHON", ROOT / ".venv-timm/bin/python"))
SPACES = (
    "mobilenet_cpu",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "once_for_all_mobilenet_v3",
)
NAMES = (*SPACES, *ODD, "timm/mobilenet_v3_large", "timm/mobilenet_v4_conv_small")
CLASSES = tuple("abcdefghij")


@dataclass(frozen=True)
class Built:
    """What timm made of an export: `found.safetensors` and `found.json` of in_timm.py."""

    module: NetworkModule
    images: torch.Tensor
    tensors: dict[str, torch.Tensor]
    facts: dict[str, Any]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """By name, all built in one process of timm's environment."""
    if not PYTHON.is_file():
        pytest.fail(f"there is no {PYTHON}; 'make test-timm' makes it")
    root = tmp_path_factory.mktemp("timm")
    modules = {name: _exported(root / f"{index}", name) for index, name in enumerate(NAMES)}
    folders = [root / f"{index}" for index in range(len(NAMES))]
    run_in_timm(PYTHON, root, folders)
    return {
        name: Built(
            modules[name],
            load_file(folder / "images.safetensors")["images"],
            load_file(folder / "found.safetensors"),
            json.loads((folder / "found.json").read_text()),
        )
        for name, folder in zip(NAMES, folders, strict=True)
    }


def _network(name: str) -> tuple[Network, Conventions]:
    if name.startswith("timm/"):
        found = load_reference(name, resolution=32, classes=10, width=0.35)
        return found.network, found.conventions
    network, epsilon = ODD[name] if name in ODD else (sampled(name), 1e-5)
    return network, Conventions(epsilon=epsilon, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))


def _exported(folder: Path, name: str) -> NetworkModule:
    network, conventions = _network(name)
    check_network(network)
    module = randomised(NetworkModule(network, seed=1, conventions=conventions)).eval()
    described = timm_network(network)
    assert described is not None
    winner, resolution = folder / "export/winner", network[0].resolution
    winner.mkdir(parents=True)
    config = {"hwnas": "any", **described.config(resolution, CLASSES, conventions)}
    (winner / "config.json").write_text(json.dumps(config))
    save_file(module.state_dict(), winner / "model.safetensors")
    for file, content in source_files(network, conventions).items():
        (winner / file).write_bytes(content)
    images = torch.randn((2, 3, resolution, resolution))
    save_file({"images": images}, folder / "images.safetensors")
    return module


@pytest.mark.parametrize("name", NAMES)
def test_timm_computes_the_logits_of_an_exported_network(
    built: dict[str, Built], name: str
) -> None:
    found = built[name]
    with torch.inference_mode():
        ours = found.module.double()(found.images.double())
    difference = (ours - found.tensors["float64"]).abs().max()
    assert float(difference) < 1e-10 * float(ours.abs().max())


def test_what_timm_saves_is_read_by_it_again(built: dict[str, Built]) -> None:
    for found in built.values():
        assert found.tensors["saved"].equal(found.tensors["float32"])


def test_timm_gives_it_other_classes_and_other_images(built: dict[str, Built]) -> None:
    for found in built.values():
        assert found.tensors["other"].shape == (2, 7)


def test_timm_takes_its_features(built: dict[str, Built]) -> None:
    assert built["mobilenet_v3_small"].facts["features"] == [
        [2, 16, 16, 16],
        [2, 16, 8, 8],
    ]


def test_timm_prepares_images_as_config_json_says(built: dict[str, Built]) -> None:
    facts = built["mobilenet_v2"].facts
    assert facts["labels"] == list(CLASSES)
    assert facts["data"]["mean"] == [0.5, 0.4, 0.3]
    assert facts["data"]["std"] == [0.2, 0.3, 0.4]
    # The shorter side to the resolution, and the centre of that.
    transform = facts["transform"]
    assert "Resize(size=32, interpolation=bilinear, max_size=None, antialias=True)" in transform
    assert "CenterCrop(size=[32, 32])" in transform
