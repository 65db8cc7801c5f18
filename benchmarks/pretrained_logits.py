"""Do published networks compute here what they compute in the library that they come from?

    python -m benchmarks.pretrained_logits --data FOLDER --json

Takes state dicts whose library computed logits: NAME.safetensors with the tensors, `__input__` (N,
3, R, R) and `__logits__` (N, classes), and index.json with the parameters of each. Three figures,
each the largest difference of logits relative to the largest logit: of the network in PyTorch, of
its exported file in ONNX Runtime, and of a supernet that begins with its weights, by the network's
own path and by the largest one. Such supernets are tried in the space around each source, and, with
random weights and statistics of a seed, in every shipped space around a published network.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from benchmarks.once_for_all import onnx_logits
from hwnas.core.configs import shipped_names
from hwnas.networks.modules import BatchNorm, NetworkModule
from hwnas.spaces import SearchSpace, load_reference, load_space
from hwnas.spaces.containing import architecture_of
from hwnas.spaces.extremes import largest
from hwnas.supernet.around import load_network
from hwnas.supernet.pretrained import Pretrained, read_pretrained
from hwnas.supernet.supernet import Supernet

Values = NDArray[np.float32]
AROUND = "around_pretrained"
RESOLUTION = 64


@dataclass(frozen=True)
class Source:
    """A published network, and what its library computes with it and counts.

    Attributes:
        name: of its file.
        pretrained: as hwnas reads it.
        images: (N, 3, R, R) as network input.
        logits: (N, classes).
        parameters: how many it has.
    """

    name: str
    pretrained: Pretrained
    images: Values
    logits: Values
    parameters: int

    def module(self) -> NetworkModule:
        """The network, ready to run."""
        return self.pretrained.module(self.images.shape[-1]).eval()

    def difference(self, logits: Values) -> float:
        """The largest from the library's logits, relative to the largest of those."""
        return float(np.abs(logits - self.logits).max() / np.abs(self.logits).max())


@dataclass(frozen=True)
class Row:
    """What was found of a source; differences are relative."""

    name: str
    network: str
    pytorch: float
    onnx: float
    parameters_equal: bool


def read_sources(folder: Path) -> Iterator[Source]:
    """Every network in the folder of the published ones."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    for name, known in sorted(index.items()):
        yield read_source(folder / f"{name}.safetensors", known["parameters"])


def read_source(path: Path, parameters: int) -> Source:
    """One of them, of so many parameters; its name tells where names of tensors do not."""
    tensors = load_file(path)
    images, logits = tensors.pop("__input__").numpy(), tensors.pop("__logits__").numpy()
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / path.name
        save_file(tensors, alone)
        return Source(path.stem, read_pretrained(str(alone)), images, logits, parameters)


def compared(source: Source) -> Row:
    """What its network and its exported file compute."""
    module = source.module()
    return Row(
        source.name,
        source.pretrained.network_name,
        source.difference(torch_logits(module, source.images)),
        source.difference(onnx_logits(module, source.images)),
        sum(one.numel() for one in module.parameters()) == source.parameters,
    )


def supernet_around(source: Source) -> float:
    """The difference of the supernet around a source."""
    space = load_space(AROUND, resolution=source.images.shape[-1], pretrained=source.pretrained)
    return supernet_difference(space, source.module(), source.images, source.logits)


def supernet_difference(
    space: SearchSpace, network: NetworkModule, images: Values, logits: Values
) -> float:
    """How far a supernet that begins as a network is from its logits, relative to the largest."""
    supernet = Supernet(space, conventions=network.conventions)
    load_network(supernet, network)
    supernet.eval()
    found = []
    for row in (architecture_of(space, network.blocks, "the network"), largest(space)):
        with torch.inference_mode():
            found.append(supernet(torch.from_numpy(images), row).numpy())
    return float(np.abs(np.stack(found) - logits).max() / np.abs(logits).max())


def shipped_spaces() -> Iterator[tuple[SearchSpace, NetworkModule]]:
    """Every shipped space around a published network, and that network with random weights."""
    for name in shipped_names("spaces"):
        if not name.startswith("around_") or name == AROUND:
            continue
        space = load_space(name, resolution=RESOLUTION, classes=10)
        assert space.reference is not None
        known = load_reference(space.reference, resolution=RESOLUTION, classes=10)
        yield space, randomised(NetworkModule(known.network, 0, known.conventions)).eval()


def randomised(module: NetworkModule) -> NetworkModule:
    """Gives batch norms values that a wrong place for them would show."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for norm in (one for one in module.modules() if isinstance(one, BatchNorm)):
            norm.weight.uniform_(0.5, 1.5, generator=generator)
            norm.bias.normal_(0, 0.2, generator=generator)
            norm.running_mean.normal_(0, 0.2, generator=generator)
            norm.running_var.uniform_(0.5, 2, generator=generator)
    return module


def torch_logits(module: torch.nn.Module, images: Values) -> Values:
    """What a module gives for images (N, 3, R, R)."""
    with torch.inference_mode():
        logits: Values = module(torch.from_numpy(images)).numpy()
    return logits


def main() -> None:
    """Compares every network, and every supernet that begins as one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of those files")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    folder = parser.parse_args().data
    print(f"{'source':36} {'read as':32} {'PyTorch':>8} {'ONNX':>8} {'supernet':>8}  parameters")
    rows, supernets = [], []
    for source in read_sources(folder):
        row, supernet = compared(source), supernet_around(source)
        rows.append(row)
        supernets.append(supernet)
        around = f"{supernet:.1e}"
        counted = "equal" if row.parameters_equal else "DIFFERENT"
        print(
            f"{row.name:36} {row.network:32} {row.pytorch:8.1e} {row.onnx:8.1e} {around:>8}  "
            f"{counted}"
        )
    images = np.random.default_rng(0).standard_normal((2, 3, RESOLUTION, RESOLUTION), np.float32)
    spaces = 0
    for space, network in shipped_spaces():
        spaces += 1
        logits = torch_logits(network, images)
        supernets.append(supernet_difference(space, network, images, logits))
        print(f"{space.name:87} {supernets[-1]:8.1e}")
    figures = {
        "sources": len(rows),
        "spaces": spaces,
        "max_relative_pytorch": max(row.pytorch for row in rows),
        "max_relative_onnx": max(row.onnx for row in rows),
        "max_relative_supernet": max(supernets),
        "parameters_equal": all(row.parameters_equal for row in rows),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
