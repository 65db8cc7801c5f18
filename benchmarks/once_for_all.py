"""Do the sub-networks of a once-for-all checkpoint compute here what they compute in the original?

    python -m benchmarks.once_for_all --data FOLDER --json

Takes a checkpoint whose sub-networks' logits and parameters the original implementation computed:
NAME.safetensors, NAME_io.safetensors (input, outputs) and NAME_subnets.json (ks, e, d, params).
"""

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from hwnas.devices.runtimes import load_runtime
from hwnas.networks.blocks import InvertedResidual
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.supernet.once_for_all import SPACE, OnceForAll
from hwnas.supernet.supernet import Supernet

NAME = "ofa_mobilenet_v3_w0.25_random"


@dataclass(frozen=True)
class Subnet:
    """A sub-network, and what the original counts and computes: parameters, logits (N, classes)."""

    architecture: Architectures
    parameters: int
    logits: NDArray[np.float32]


@dataclass(frozen=True)
class Original:
    """A checkpoint's space, images (N, 3, R, R) as network input, and its known sub-networks."""

    space: SearchSpace
    images: NDArray[np.float32]
    subnets: list[Subnet]

    @classmethod
    def load(cls, folder: Path) -> "Original":
        """Reads the files beside the checkpoint."""
        described = json.loads((folder / f"{NAME}_subnets.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / f"{NAME}_io.safetensors")
        space = load_space(
            SPACE,
            resolution=described["resolution"],
            classes=described["classes"],
            width=described["width_mult"],
        )
        return cls(
            space,
            tensors["input"],
            [
                Subnet(_architecture(space, one["ks"], one["e"], one["d"]), one["params"], logits)
                for one, logits in zip(described["subnets"], tensors["outputs"], strict=True)
            ],
        )


def _architecture(
    space: SearchSpace, kernels: list[int], expansions: list[int], depths: list[int]
) -> Architectures:
    row = []
    for index, (slot, kernel, expansion) in enumerate(
        zip(space.slots, kernels, expansions, strict=True)
    ):
        wanted = (
            choice
            for choice, block in enumerate(slot.choices)
            if isinstance(block, InvertedResidual)
            and (block.kernel, block.expanded_channels) == (kernel, expansion * block.in_channels)
        )
        row.append(next(wanted) if index % 4 < depths[slot.stage] else 0)
    return np.array(row)


def onnx_logits(network: NetworkModule, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the exported file of a network gives for images (N, 3, R, R), in ONNX Runtime."""
    graph = build_graph(network.blocks, batch=len(images), weights=folded_weights(network))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(graph.SerializeToString())
        return load_runtime("onnxruntime").load(path, threads=1).run(images)


def main() -> None:
    """Compares every sub-network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of those files")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    folder = parser.parse_args().data
    original = Original.load(folder)
    supernet = Supernet(original.space, kernel_transforms=True).eval()
    OnceForAll.read(folder / f"{NAME}.safetensors").load_into(supernet)
    in_torch, in_onnx, counted = [], [], []
    for subnet in original.subnets:
        network = supernet.extract(subnet.architecture).eval()
        with torch.inference_mode():
            logits = network(torch.from_numpy(original.images)).numpy()
        in_torch.append(float(np.abs(logits - subnet.logits).max()))
        exported = onnx_logits(network, original.images)
        in_onnx.append(float(np.abs(exported - subnet.logits).max()))
        parameters = sum(p.numel() for p in network.parameters())
        counted.append(parameters == subnet.parameters)
        print(f"{parameters:>8,} parameters  PyTorch {in_torch[-1]:.1e}  ONNX {in_onnx[-1]:.1e}")
    figures = {
        "subnets": len(counted),
        "pytorch_max_abs_diff": max(in_torch),
        "onnx_max_abs_diff": max(in_onnx),
        "parameters_equal": all(counted),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
