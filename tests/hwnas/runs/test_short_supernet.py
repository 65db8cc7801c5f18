"""A supernet of too few steps is warned about after its training, too."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hwnas.runs.config import load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.short_supernet import short_supernet


def warned(folder: Path, steps: str, **overrides: object) -> str | None:
    """What is said of a supernet of so many steps, of a run on photos."""
    weights = {"w": np.zeros(1, dtype=np.float32)}
    save_file(weights, folder / "supernet.safetensors", {"steps": steps})
    changed = {"data.source": "photos"} | {k.replace("__", "."): v for k, v in overrides.items()}
    return short_supernet(Experiment(load_run_config("quickstart", changed)), RunFolder(folder))


def test_few_steps_are_told_of_a_supernet_that_was_trained(tmp_path: Path) -> None:
    assert str(warned(tmp_path, "90")).startswith("the supernet trains for 90 steps; below some")
    assert warned(tmp_path, "1500") is None


@pytest.mark.parametrize(
    "overrides",
    [
        {"data__source": "digits"},
        {"from_ofa": "published.pt"},
        {"pretrained": "published.pt"},
        {"from_supernet": "earlier.safetensors"},
        {"accuracy__estimator": "synflow"},
    ],
)
def test_what_needs_no_more_is_not_warned_about(
    tmp_path: Path, overrides: dict[str, object]
) -> None:
    assert warned(tmp_path, "90", **overrides) is None


@pytest.mark.parametrize("steps", ["", "many"])
def test_a_file_that_does_not_say_is_left_to_those_who_read_it(tmp_path: Path, steps: str) -> None:
    assert warned(tmp_path, steps) is None
    (tmp_path / "supernet.safetensors").write_bytes(b"damaged")
    config = load_run_config("quickstart", {"data.source": "photos"})
    assert short_supernet(Experiment(config), RunFolder(tmp_path)) is None
