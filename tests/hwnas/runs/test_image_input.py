"""What exported files take is decided before anything is trained."""

from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.runs.config import load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.image_input import with_image_input


def test_the_command_wins_over_the_config() -> None:
    experiment = Experiment(load_run_config("quickstart", {"export.input": "uint8"}))
    assert with_image_input(experiment, None).config.export.input == "uint8"
    assert with_image_input(experiment, "float").config.export.input == "float"


def test_another_input_is_refused() -> None:
    experiment = Experiment(load_run_config("quickstart"))
    with pytest.raises(ConfigError, match="image_input must be 'float' or 'uint8', and is 'raw'"):
        with_image_input(experiment, "raw")  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["device", "search.budgets"])
def test_devices_that_run_engines_take_floats(tmp_path: Path, key: str) -> None:
    device = tmp_path / "gpu.yaml"
    device.write_text("name: gpu\nruntime: tensorrt\n")
    value = str(device) if key == "device" else {f"latency@{device}": "1 ms"}
    experiment = Experiment(load_run_config("quickstart", {key: value}))
    with pytest.raises(ConfigError, match="gpu runs engines of tensorrt, which take floats"):
        with_image_input(experiment, "uint8")
