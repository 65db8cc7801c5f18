"""What is told before a supernet is trained."""

import numpy as np
import pytest

from hwnas.data import ImageDataset, Split
from hwnas.estimators.supernet.plan import duration, plan, too_short
from hwnas.runs.config import load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.spaces import load_space
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401


def experiment(images: int, **changed: object) -> Experiment:
    """The recipe for photos on so many training images of noise, of the smallest size."""
    overrides = {key.replace("__", "."): value for key, value in changed.items()}
    found = Experiment(load_run_config("photos", overrides))
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (images, 3, 16, 16)).astype(np.uint8)
    split = Split(pixels, generator.integers(0, 10, images))
    names = tuple("0123456789")
    vars(found)["space"] = load_space("nas_bench_macro", resolution=16, classes=10)
    vars(found)["dataset"] = ImageDataset("noise", names, split, split.sample(10), split.sample(10))
    return found


def test_length_and_time_are_told_beforehand() -> None:
    said = plan(experiment(64, train__epochs=3))
    assert said.startswith(
        "the supernet's training: 3 epochs of 2 steps of 32 images, 6 steps in all: some "
    )
    assert said.endswith(" s here")


def test_a_supernet_of_few_steps_is_warned_about() -> None:
    short = experiment(64, train__epochs=3)
    assert str(too_short(short)).startswith("the supernet trains for 6 steps; below")
    assert too_short(experiment(64)) is None
    # The digits are learnt in fewer, and published weights already are.
    for excepted in ({"data__source": "digits"}, {"from_ofa": "published"}):
        assert too_short(experiment(64, train__epochs=3, **excepted)) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (89, "89 s"), (100, "2 min"), (9000, "2.5 h")]
)
def test_durations_are_round(seconds: float, text: str) -> None:
    assert duration(seconds) == text
