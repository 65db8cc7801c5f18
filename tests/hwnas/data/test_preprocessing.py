"""The documented preprocessing is training's, to the bit."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from hwnas.data import describe, to_input
from hwnas.data.decoding import decode_image
from hwnas.networks.blocks import Head
from hwnas.networks.conventions import IMAGENET_MEAN, IMAGENET_STD
from hwnas.networks.graph import build_graph

RESOLUTION, ORIENTATION = 24, 274
SNIPPET = re.search(
    r"## Use it in Python\n.*?```python\n(.*?)```",
    (Path(__file__).parents[3] / "docs/guides/export.md").read_text(encoding="utf-8"),
    re.DOTALL,
)
PIXELS = np.random.default_rng(0).integers(0, 256, (90, 130, 4), dtype=np.uint8)


def saved(path: Path, mode: str, *, turned: int | None = None, large: bool = False) -> Path:
    """A file with a photo of some mode; `turned` is its EXIF orientation."""
    image = Image.fromarray(np.kron(PIXELS, np.ones((4, 4, 1), np.uint8)) if large else PIXELS)
    image = image.convert(mode)
    exif = Image.Exif()
    if turned is not None:
        exif[ORIENTATION] = turned
    image.save(path, "PNG" if mode in ("RGBA", "LA", "P") else "JPEG", exif=exif)
    return path


def in_the_guide(folder: Path, deep_bits: int = 16) -> Any:
    """Runs the program of docs/guides/export.md as it stands there; what it gives the network."""
    assert SNIPPET is not None
    network = (Head(3, 8, 0, 2, "relu", RESOLUTION),)
    (folder / "model.onnx").write_bytes(build_graph(network).SerializeToString())
    preprocessing = describe(RESOLUTION, deep_bits)
    config = {
        "resolution": RESOLUTION,
        "input": {"preprocessing": preprocessing},
        "class_names": ["cat", "dog"],
    }
    (folder / "config.json").write_text(json.dumps(config))
    names: dict[str, Any] = {}
    exec(SNIPPET[1], names)
    return names["x"]


@pytest.mark.parametrize(
    ("mode", "how"),
    [
        ("RGB", {}),
        ("RGB", {"turned": 6}),
        ("RGB", {"turned": 5, "large": True}),
        ("L", {"large": True}),
        ("CMYK", {}),
        ("RGBA", {}),
        ("RGBA", {"turned": 8}),
        ("LA", {}),
        ("P", {}),
    ],
)
def test_the_program_of_the_guide_gives_a_network_what_training_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, how: dict[str, Any]
) -> None:
    photo = saved(tmp_path / "photo.jpg", mode, **how)
    monkeypatch.chdir(tmp_path)
    expected = to_input(decode_image(photo, RESOLUTION)[None]).numpy()
    given = in_the_guide(tmp_path)
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given, expected)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_the_program_of_the_guide_scales_images_of_more_than_8_bits_as_training_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    grey = np.random.default_rng(0).integers(0, 2**bits, (90, 130), dtype=np.uint16)
    photo = tmp_path / "photo.jpg"
    Image.fromarray(grey).save(photo, "PNG")
    monkeypatch.chdir(tmp_path)
    expected = to_input(decode_image(photo, RESOLUTION, bits)[None]).numpy()
    np.testing.assert_array_equal(in_the_guide(tmp_path, bits), expected)


def test_one_multiplication_and_one_subtraction_are_the_published_normalisation() -> None:
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3).transpose(0, 3, 1, 2)
    mean, std = (
        torch.tensor(values, dtype=torch.float64).view(3, 1, 1)
        for values in (IMAGENET_MEAN, IMAGENET_STD)
    )
    exact = (torch.from_numpy(every.copy()).double() / 255 - mean) / std
    assert (to_input(every.copy()).double() - exact).abs().max() < 1e-6
