"""What exported files take is decided before anything is trained."""

from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.core.listener import SILENT
from hwnas.devices.device import load_device
from hwnas.export.image_input import takes_bytes
from hwnas.runs.config import load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.image_input import with_image_input
from hwnas.runs.on_device import OnDevice
from tests.hwnas.export.made_export import NETWORK


def test_the_command_wins_over_the_config() -> None:
    experiment = Experiment(load_run_config("quickstart", {"export.input": "uint8"}))
    assert with_image_input(experiment, None).config.export.input == "uint8"
    assert with_image_input(experiment, "float").config.export.input == "float"


def test_another_input_is_refused() -> None:
    experiment = Experiment(load_run_config("quickstart"))
    with pytest.raises(
        ConfigError, match="the image input must be 'float' or 'uint8', and is 'raw'"
    ):
        with_image_input(experiment, "raw")  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_networks_are_screened_with_what_their_files_will_take(precision: str) -> None:
    device = load_device("local_cpu").model_copy(update={"precision": precision})
    for image_input in ("float", "uint8"):
        on = OnDevice(
            device,
            SILENT,
            speed=lambda: None,
            anchors=list,
            cache=bytes,
            image_input=image_input,
        )
        assert takes_bytes(on.untrained(NETWORK)) == (image_input == "uint8")


@pytest.mark.parametrize("key", ["device", "search.budgets"])
def test_devices_that_run_engines_take_floats(tmp_path: Path, key: str) -> None:
    device = tmp_path / "gpu.yaml"
    device.write_text("name: gpu\nruntime: tensorrt\n")
    value = str(device) if key == "device" else {f"latency@{device}": "1 ms"}
    experiment = Experiment(load_run_config("quickstart", {key: value}))
    with pytest.raises(ConfigError, match="gpu runs engines of tensorrt, which take floats"):
        with_image_input(experiment, "uint8")
