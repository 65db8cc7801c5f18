"""The status table: what is asked for, what devices time, and `status.json`."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hwnas.core.errors import ConfigError, DeviceError, RunError
from hwnas.core.listener import SILENT
from hwnas.devices.device import Device, load_device
from hwnas.export.layout import STATUS, VERIFICATION
from hwnas.latency.process_cost import Cost
from hwnas.report.status_rows import STATUS_HEADER, status_reasons, status_rows
from hwnas.runs import status, status_costs
from hwnas.runs.status_costs import costs_on, runs_here
from hwnas.runs.status_form import Status, StatusRow, read_status
from hwnas.runs.wanted_formats import WantedFormats
from tests.hwnas.runs.simulated_device import SimulatedDevice

REMOTE = Device(name="pi", transport="ssh", host="pi")
STATUS_OF_ONE = Status(
    hwnas="1.0",
    date="2026-01-01T00:00:00Z",
    device="local_cpu",
    threads=1,
    batch=1,
    validation_images=20,
    test_images=10,
    rows=(
        StatusRow(
            format="onnx",
            precision="int8",
            file="model.int8.onnx",
            built=True,
            verified=True,
            max_abs_diff=0.25,
            same_top1=95.0,
            accuracy=90.0,
            p50_ms=1.234,
            p99_ms=2.0,
            size_bytes=2_500_000,
            peak_bytes=60_000_000,
            empty_bytes=50_000_000,
            note="a note",
        ),
        StatusRow(format="tensorrt", precision="int8", reason="no GPU"),
    ),
)


def wanted(formats: str | list[str] = "", precisions: str | list[str] = "") -> WantedFormats:
    return WantedFormats.of(formats, precisions, usual="fp32")


def test_every_format_is_asked_for_in_every_precision_once() -> None:
    assert wanted(["ort, onnx", "ort"], "int8,fp16").pairs == [
        ("ort", "int8"),
        ("ort", "fp16"),
        ("onnx", "int8"),
        ("onnx", "fp16"),
    ]


def test_formats_alone_are_of_the_devices_precision_and_precisions_alone_of_onnx() -> None:
    assert wanted("ort").pairs == [("ort", "fp32")]
    assert wanted(precisions="int8").pairs == [("onnx", "int8")]
    assert wanted().pairs == []


@pytest.mark.parametrize("names", [[""], ["onnx", " "], "onnx,"])
def test_an_empty_name_is_refused(names: str | list[str]) -> None:
    with pytest.raises(ConfigError, match=r"the name of a format is empty \(known: onnx, ort"):
        wanted(names)


def test_a_name_with_markup_is_refused_in_one_sentence() -> None:
    with pytest.raises(ConfigError, match=r"there is no format '\\x1b"):
        wanted("\x1b[1m")


def test_a_device_of_another_machine_times_what_it_can_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulated = SimulatedDevice({"screened": [3.0, 1.0]}, ())
    monkeypatch.setattr(status_costs, "run_sessions", simulated)
    found = costs_on(REMOTE, {"fp32": b"", "int8": b""}, b"", SILENT)
    assert found == {"fp32": Cost(3.0, 3.0, 0.0), "int8": Cost(1.0, 1.0, 0.0)}
    assert simulated.measured == [["fp32", "int8"]]
    assert not runs_here(REMOTE)
    assert runs_here(load_device("local_cpu"))


def test_a_device_that_cannot_be_reached_is_the_reason_why_nothing_is_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise DeviceError("pi is not there")

    monkeypatch.setattr(status_costs, "run_sessions", fail)
    assert costs_on(REMOTE, {"fp32": b""}, b"", SILENT) == {"fp32": "not timed: pi is not there"}


@pytest.mark.parametrize(
    ("raised", "sentence"),
    [
        (ConfigError("no int8 there"), "no int8 there"),
        (ValueError("x\ny"), "failed (ValueError: x)"),
    ],
)
def test_a_format_that_fails_is_a_row_with_the_reason(
    tmp_path: Path, raised: Exception, sentence: str
) -> None:
    def build(*_: Any) -> Any:
        raise raised

    made: Any = SimpleNamespace(name="ort", build=build)
    nothing: Any = None
    cell = status._Cell(nothing, made, "int8", tmp_path)
    cell.make(nothing)
    assert cell.row() == StatusRow(format="ort", precision="int8", reason=sentence)


def test_files_of_an_earlier_command_that_go_are_named(tmp_path: Path) -> None:
    row = StatusRow(format="ort", precision="fp32", sha256={"model.fp32.ort": "1"})
    (tmp_path / STATUS).write_text(STATUS_OF_ONE.model_copy(update={"rows": (row,)}).to_json())
    (tmp_path / VERIFICATION).write_text('{"sha256": {}}')
    for name in ("model.fp32.ort", "model.of_mine"):
        (tmp_path / name).write_bytes(b"")
    trained: Any = SimpleNamespace(
        device=load_device("local_cpu"), dataset=SimpleNamespace(validation=(), test=())
    )
    made: Any = SimpleNamespace(name="onnx")
    said: list[str] = []
    listener: Any = SimpleNamespace(say=said.append)
    status._write(tmp_path, [status._Cell(trained, made, "int8", tmp_path)], listener)
    assert {path.name for path in tmp_path.glob("model.*")} == {"model.of_mine"}
    (sentence,) = said
    assert "removed model.fp32.ort, of an earlier command" in sentence


def test_a_status_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None
    (tmp_path / STATUS).write_text(STATUS_OF_ONE.to_json())
    assert read_status(tmp_path) == STATUS_OF_ONE


def test_a_damaged_status_names_its_key(tmp_path: Path) -> None:
    text = STATUS_OF_ONE.to_json().replace('"built": true', '"built": "yes"')
    (tmp_path / STATUS).write_text(text)
    with pytest.raises(RunError, match=r"status.json is damaged \(.*rows.*built"):
        read_status(tmp_path)


def test_a_row_is_shown_with_a_dash_for_what_is_not_known() -> None:
    first, second = status_rows(STATUS_OF_ONE)
    assert dict(zip(STATUS_HEADER, first, strict=True)) == {
        "file": "onnx int8",
        "as PyTorch": "yes, 2.5e-01",
        "same class": "95.0 %",
        "accuracy": "90.00 %",
        "p50": "1.23 ms",
        "p99": "2 ms",
        "first": "–",
        "load": "–",
        "size": "2.50 MB",
        "memory": "60 MB (+10)",
    }
    assert second == ["tensorrt int8", "not made", *["–"] * 8]
    assert status_reasons(STATUS_OF_ONE) == ["onnx int8: a note", "tensorrt int8: no GPU"]


def test_below_the_table_a_reason_stands_once_a_format() -> None:
    rows = (
        *(StatusRow(format="tensorrt", precision=one, reason="no GPU") for one in ("fp32", "int8")),
        StatusRow(format="ort", precision="int8", built=True, reason="not shipped", note="fast"),
        StatusRow(format="litert", precision="int8", reason="no GPU"),
    )
    assert status_reasons(STATUS_OF_ONE.model_copy(update={"rows": rows})) == [
        "tensorrt fp32, int8: no GPU",
        "ort int8: not shipped",  # of a file that is not there nothing else is said
        "litert int8: no GPU",
    ]
