"""What is told before a supernet is trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.data import ImageDataset, Split
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.plan import duration, plan, too_short
from hwnas.runs.config import load_run_config
from hwnas.spaces import load_space

FEW = {"train.epochs": 3}


def inputs(images: int, *, name: str = "noise", **changed: object) -> EstimatorInputs:
    """So many training images of noise, of the smallest size, with the recipe for photos."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (images, 3, 16, 16)).astype(np.uint8)
    split = Split(pixels, generator.integers(0, 10, images))
    dataset = ImageDataset(name, tuple("0123456789"), split, split.sample(10), split.sample(10))
    return EstimatorInputs(
        load_space("nas_bench_macro", resolution=16, classes=10),
        images=lambda: dataset,
        training=load_run_config("photos", changed).train,
    )


def test_length_and_time_are_told_beforehand() -> None:
    printed = plan(inputs(64, **FEW))
    assert printed.startswith(
        "the supernet's training: 3 epochs of 2 steps of 32 images, 6 steps in all: some "
    )
    assert printed.endswith(" s here")


def test_a_supernet_of_few_steps_is_warned_about() -> None:
    short = inputs(64, **FEW)
    assert str(too_short(short)).startswith("the supernet trains for 6 steps; below")
    assert too_short(inputs(64)) is None
    # The digits are learnt in fewer, and published weights already are.
    assert too_short(inputs(64, name="digits", **FEW)) is None
    assert too_short(replace(short, published=Path("published"))) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (89, "89 s"), (100, "2 min"), (9000, "2.5 h")]
)
def test_durations_are_round(seconds: float, text: str) -> None:
    assert duration(seconds) == text
