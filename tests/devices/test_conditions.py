"""Which sensors of temperature are believed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hwnas.devices import conditions
from hwnas.devices.conditions import hottest, sensors


def zone(root: Path, number: int, kind: str, thousandths: str) -> None:
    folder = root / f"sys/class/thermal/thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(f"{kind}\n")
    (folder / "temp").write_text(f"{thousandths}\n")


def psutil_with(monkeypatch: pytest.MonkeyPatch, **groups: list[tuple[str, float]]) -> None:
    found: dict[str, list[Any]] = {
        name: [SimpleNamespace(label=label, current=celsius) for label, celsius in group]
        for name, group in groups.items()
    }
    made = SimpleNamespace(sensors_temperatures=lambda: found)
    monkeypatch.setattr(conditions, "psutil", made)


def test_zones_of_other_things_are_no_temperatures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psutil_with(monkeypatch)
    assert hottest(tmp_path) is None
    zone(tmp_path, 0, "PMIC-Die", "100000")
    zone(tmp_path, 1, "battery", "4000000")
    zone(tmp_path, 2, "gpu", "-256000")
    zone(tmp_path, 3, "soc", "unknown")
    (tmp_path / "sys/class/thermal/thermal_zone4").mkdir()
    assert hottest(tmp_path) is None
    zone(tmp_path, 5, "cpu-thermal", "41250")
    assert hottest(tmp_path) == 41.2


def test_sensors_that_are_constant_or_not_connected_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psutil_with(
        monkeypatch,
        **{
            "PMIC_Die": [("", 100.0)],
            "board": [("PMIC-Die", 100.0), ("", 0.0), ("", 255.5)],
            "coretemp": [("Core 0", 44.0), ("Core 1", 46.5)],
        },
    )
    assert hottest(tmp_path) == 46.5
    assert [one.current for one in sensors()] == [44.0, 46.5]
    monkeypatch.setattr(conditions, "psutil", None)
    assert (hottest(tmp_path), sensors()) == (None, [])
