"""The YAML that `hwnas devices add` writes is the device that it was made of."""

from pathlib import Path

import pytest

from hwnas.core.configs import read_config
from hwnas.devices.device import Device
from hwnas.devices.device_file import device_text


@pytest.mark.parametrize(
    "device",
    [
        Device(name="plain"),
        Device(name="1e3", precision="int8", threads=2, cores=(2, 3), batch=4),
        Device(name="no", transport="ssh", host="10.0.0.7", user="yes", port=2222, rest_s=0.5),
        Device(
            name="phone",
            transport="adb",
            serial="0123",
            fixed_performance=True,
            limit_celsius=45,
            folder="/data/my: graphs/#1",
        ),
        Device(name="npu", transport="imported"),
        Device(
            name="gpu",
            python="/home/me/hwnas-gpu/bin/python",
            runtime="onnxruntime_cuda",
            precision="fp16",
        ),
    ],
)
def test_reading_the_text_gives_an_equal_device(device: Device, tmp_path: Path) -> None:
    path = tmp_path / "device.yaml"
    path.write_text(device_text(device), encoding="utf-8")
    assert read_config(path, Device) == device


def test_what_is_as_usual_and_seldom_edited_is_left_out() -> None:
    text = device_text(Device(name="plain"))
    assert "cores: auto" in text
    for key in ("host", "serial", "rest_s", "emulated", "null"):
        assert key not in text
