"""Do published networks compute here what they compute in the library that they come from?

    python -m benchmarks.pretrained_logits --data FOLDER --json

Takes state dicts whose library computed logits: NAME.safetensors with the tensors, `__input__` (N,
3, R, R) and `__logits__` (N, classes), and index.json with the parameters of each. Three figures,
each the largest difference of logits relative to the largest logit: of the network in PyTorch, of
its exported file in ONNX Runtime, and of the path in a supernet that begins with its weights.
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
from hwnas.networks.modules import NetworkModule
from hwnas.supernet.pretrained import Pretrained, read_pretrained

Values = NDArray[np.float32]


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


def torch_logits(module: torch.nn.Module, images: Values) -> Values:
    """What a module gives for images (N, 3, R, R)."""
    with torch.inference_mode():
        logits: Values = module(torch.from_numpy(images)).numpy()
    return logits


def main() -> None:
    """Compares every network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of those files")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    folder = parser.parse_args().data
    print(f"{'source':36} {'read as':32} {'PyTorch':>8} {'ONNX':>8}  parameters")
    rows = []
    for source in read_sources(folder):
        row = compared(source)
        rows.append(row)
        counted = "equal" if row.parameters_equal else "DIFFERENT"
        print(f"{row.name:36} {row.network:32} {row.pytorch:8.1e} {row.onnx:8.1e}  {counted}")
    figures = {
        "sources": len(rows),
        "max_relative_pytorch": max(row.pytorch for row in rows),
        "max_relative_onnx": max(row.onnx for row in rows),
        "parameters_equal": all(row.parameters_equal for row in rows),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
