"""What of a space is measured, by its config and its device."""

from pathlib import Path
from typing import Any, Literal

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.device import Device
from hwnas.latency.identity import Identity
from hwnas.runs import profiling
from hwnas.runs.config import ProfileConfig
from hwnas.spaces import load_space
from tests.devices.test_device import FINGERPRINT

SPACE = load_space("nas_bench_macro", resolution=8, classes=4)


@pytest.mark.parametrize(
    ("chains", "runtime", "wanted"),
    [
        ("auto", "onnxruntime", False),
        ("auto", "tensorrt", True),
        ("auto", "tensorrt_rtx", True),
        ("always", "onnxruntime", True),
        ("never", "tensorrt", False),
    ],
)
def test_chains_are_measured_on_gpus_or_as_the_config_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chains: Literal["auto", "always", "never"],
    runtime: str,
    wanted: bool,
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(profiling, "profile", lambda *_, **given: asked.append(given))
    monkeypatch.setattr(profiling, "read_identity", lambda _: Identity(FINGERPRINT))
    counts = ProfileConfig(fit_networks=4, check_networks=2, chains=chains)
    device = Device(name="some", runtime=runtime)
    profiling.profile_space(SPACE, device, tmp_path / "t.sqlite", counts)
    assert [given["chains"] for given in asked] == [wanted]


def test_a_device_that_cannot_be_reached_leaves_no_table(tmp_path: Path) -> None:
    device = Device(name="gone", python=str(tmp_path / "no" / "python"))
    with pytest.raises(DeviceError, match=r"gone has no .*: install it"):
        profiling.profile_space(SPACE, device, tmp_path / "t" / "gone.sqlite", ProfileConfig())
    assert not list(tmp_path.iterdir())
