"""Do all files of an export compute the trained network?

    python -m benchmarks.shipped_files RUN/export/winner … --data data/cifar10/test [--timm PYTHON]

Of each export, in float32, on up to `--images` images of `--data`, best not those of its
training: `model.onnx` (for an int8 device `model.fp32.onnx`) in ONNX Runtime, `model.py` without
hwnas, and, with the interpreter of an environment that has timm (`make test-timm` makes
.venv-timm/bin/python), what timm builds by the program of docs/guides/timm.md. Differences are
those of logits from hwnas' own module, as shares of the largest logit. The last line is JSON.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from hwnas.data import load_dataset, to_input
from hwnas.export.verification import module_logits, onnx_logits
from hwnas.training.exported import read_network
from tests.timm.environment import run_in_timm

BY_MODEL_PY = """\
import sys
import torch
from safetensors.torch import load_file, save_file
from model import load
assert not any(name.split(".")[0] == "hwnas" for name in sys.modules)
with torch.inference_mode():
    save_file({"float32": load()(load_file(sys.argv[1])["images"])}, sys.argv[2])
"""
Logits = NDArray[np.float32]


def main() -> None:
    """Prints one JSON object last."""
    options = _options()
    found = {str(export): differences(export, options) for export in options.exports}
    for export, one in found.items():
        print(export, json.dumps(one))
    largest = {
        key: max(one[key] for one in found.values() if key in one)
        for key in ("onnx", "model_py", "timm")
        if any(key in one for one in found.values())
    }
    other = sum(one["other_top1"] for one in found.values())
    print(json.dumps({**largest, "other_top1": other, "exports": found}))


def differences(export: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The largest difference of each file, and how many images get another class by ONNX."""
    module = read_network(export)
    resolution = module.blocks[0].resolution
    data = load_dataset(str(options.data), resolution=resolution, limit=10 * options.images)
    pixels = data.validation.images[: options.images]
    ours = module_logits(module, pixels)
    file = next(f for f in ("model.fp32.onnx", "model.onnx") if (export / f).is_file())
    onnx = onnx_logits((export / file).read_bytes(), pixels, 1, module.conventions)
    scale = float(np.abs(ours).max())

    def share(logits: Logits) -> float:
        return float(np.abs(logits - ours).max()) / scale

    with tempfile.TemporaryDirectory(prefix="hwnas-shipped-") as folder:
        place = Path(folder)
        shutil.copytree(export, place / "export/winner")
        images = to_input(pixels, module.conventions).contiguous()
        save_file({"images": images}, place / "images.safetensors")
        found = {
            "images": len(pixels),
            "onnx": share(onnx),
            "other_top1": int((onnx.argmax(1) != ours.argmax(1)).sum()),
            "model_py": share(_by_model_py(place)),
        }
        if options.timm and (export / "timm_model.py").is_file():
            found["timm"] = share(_by_timm(options.timm, place))
    return found


def _by_model_py(place: Path) -> Logits:
    """What model.py computes, in a process that does not import hwnas."""
    output = place / "plain.safetensors"
    files = [str(place / "images.safetensors"), str(output)]
    subprocess.run(
        [sys.executable, "-c", BY_MODEL_PY, *files], check=True, cwd=place / "export/winner"
    )
    return _read(output)


def _by_timm(python: Path, place: Path) -> Logits:
    """What timm computes, in its own environment."""
    run_in_timm(python, place, [place])
    return _read(place / "found.safetensors")


def _read(file: Path) -> Logits:
    tensor: torch.Tensor = load_file(file)["float32"]
    logits: Logits = tensor.numpy()
    return logits


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("exports", type=Path, nargs="+", help="folders of exported networks")
    parser.add_argument("--data", type=Path, required=True, help="images in folders of classes")
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--timm", type=Path, default=None, help="an interpreter that has timm")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    for export in options.exports:
        if not (export / "model.safetensors").is_file():
            parser.error(f"{export} has no model.safetensors; name a folder of hwnas export")
    if options.timm is not None:
        options.timm = options.timm.absolute()
        if not options.timm.is_file():
            parser.error(f"there is no {options.timm}; 'make test-timm' makes one")
    return options


if __name__ == "__main__":
    main()
