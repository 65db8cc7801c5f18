"""timm builds exported networks by the program of docs/guides/timm.md, with the same logits."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from hwnas.export.timm import timm_network
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network, check_network
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import BatchNorm, NetworkModule
from hwnas.spaces import load_reference, load_space
from tests.published import published_libraries

ROOT = Path(__file__).parents[3]
SPACES = (
    "mobilenet_cpu",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "once_for_all_mobilenet_v3",
)


@pytest.fixture(scope="module")
def program() -> Iterator[str]:
    """That of the page, with the libraries that it imports."""
    text = (ROOT / "docs/guides/timm.md").read_text(encoding="utf-8")
    match = re.search("```python\n(.*?)```", text, re.DOTALL)
    assert match
    with published_libraries():
        yield match[1]


def sampled(name: str) -> Network:
    space = load_space(name, resolution=32, classes=10)
    return space.network(space.sample(np.random.default_rng(1), 1)[0])


STEM = ConvBlock(3, 12, 5, 2, "relu6", 40)
MIDDLE = (
    ConvBlock(12, 20, 3, 1, "hard_swish", 20),
    InvertedResidual(20, 20, 20, 5, 1, 7, "relu", 20),
    InvertedResidual(20, 88, 36, 7, 2, 13, "relu6", 20),
    InvertedResidual(36, 8, 36, 1, 1, 3, "hard_swish", 10),
    ConvBlock(36, 44, 5, 2, "relu", 10),
)
ODD: dict[str, tuple[Network, float]] = {
    "kernels, channels and squeezes that no published network has": (
        (STEM, *MIDDLE, Head(44, 52, 0, 10, "relu6", 5)),
        1e-5,
    ),
    "a head of another activation": ((STEM, *MIDDLE, Head(44, 52, 0, 10, "relu", 5)), 1e-3),
    "a hidden layer": ((replace(STEM, kernel=3), *MIDDLE, Head(44, 50, 30, 10, "relu6", 5)), 1e-2),
    "TensorFlow's padding": (
        (
            replace(STEM, same_padding=True),
            *(replace(one, same_padding=one.stride > 1) for one in MIDDLE),
            Head(44, 52, 0, 10, "relu6", 5),
        ),
        1e-3,
    ),
    "less than a 32nd of the image left": (
        (
            replace(STEM, resolution=80),
            *(InvertedResidual(12, 48, 12, 3, 2, 0, "relu6", size) for size in (40, 20, 10, 5, 3)),
            Head(12, 20, 0, 10, "relu6", 2),
        ),
        1e-5,
    ),
}


@pytest.mark.parametrize(
    "name", [*SPACES, *ODD, "timm/mobilenet_v3_large", "timm/mobilenet_v4_conv_small"]
)
def test_timm_computes_the_logits_of_an_exported_network(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name.startswith("timm/"):
        found = load_reference(name, resolution=32, classes=10, width=0.35)
        network, epsilon = found.network, found.conventions.epsilon
    else:
        network, epsilon = ODD[name] if name in ODD else (sampled(name), 1e-5)
    check_network(network)
    module = randomised(NetworkModule(network, seed=1, conventions=Conventions(epsilon=epsilon)))
    described = timm_network(network)
    assert described is not None
    config = {"arch_def": described.arch_def, "timm": described.to_dict(epsilon)}
    (tmp_path / "config.json").write_text(json.dumps(config))
    weights = described.weights(module.state_dict())
    save_file(
        {key: value.contiguous() for key, value in weights.items()}, tmp_path / "timm.safetensors"
    )
    monkeypatch.chdir(tmp_path)
    names: dict[str, nn.Module] = {}
    exec(program, names)
    # In double precision, where rounding cannot hide a difference.
    images = torch.randn((2, 3, network[0].resolution, network[0].resolution)).double()
    with torch.inference_mode():
        ours, theirs = module.eval().double()(images), names["model"].double()(images)
    assert float((ours - theirs).abs().max()) < 1e-10 * float(ours.abs().max())


def randomised(module: NetworkModule) -> NetworkModule:
    """Gives batch norms and biases values that a wrong place for them would show."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for tensor in (one for one in module.parameters() if one.dim() == 1):
            tensor.uniform_(0.5, 1.5, generator=generator)
        for norm in (one for one in module.modules() if isinstance(one, BatchNorm)):
            norm.running_mean.normal_(0, 0.2, generator=generator)
            norm.running_var.uniform_(0.01, 2, generator=generator)
    return module
