"""`hwnas profile --model`: an ONNX file from elsewhere, timed as it is, operator by operator."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devices.errors import ConfigError, DeviceError
from hwnas.cli.output import Output
from hwnas.cli.visit_warnings import WARNINGS

if TYPE_CHECKING:
    from latency.foreign import Measured


def refuse_others(others: dict[str, Any]) -> None:
    """Sees that nothing is given that --model has no use for.

    Args:
        others: the values of the other options, by the names that a person types.

    Raises:
        ConfigError: one of them is given.
    """
    given = [name for name, value in others.items() if value not in (None, [])]
    if given:
        raise ConfigError(
            f"--model measures a file as it is, and {given[0]} goes with a search space; "
            "leave one of the two away"
        )


def profile_model(
    model: Path, shapes: Sequence[str], device: str | None, operators: bool, output: Output
) -> None:
    """Times a file and prints what it takes, as a table or as JSON.

    Raises:
        ConfigError: the file, a shape or the device is wrong.
        DeviceError: the device failed, or cannot run the file.
    """
    from devices.device import load_device
    from devices.runtimes import WITHOUT_PROFILE
    from latency.foreign import can_profile, load_any, measure_any

    chosen = load_device(device or "local_cpu")
    content = load_any(model, shapes, chosen)
    with output.progress(f"measuring {model.name} on {chosen.name}") as update:
        try:
            measured = measure_any(
                chosen,
                content,
                progress=lambda done, total: update(done, total, "visits"),
                operators=operators,
            )
        except DeviceError as error:  # which knows the file by another name
            raise DeviceError(f"{model}: {error}") from error
    _show(model, chosen.name, measured, output)
    if operators and not can_profile(chosen):
        what, mend = f"agent {chosen.agent}", "'agent: python'"
        if chosen.runtime in WITHOUT_PROFILE:
            what, mend = f"runtime {chosen.runtime}", "'runtime: tensorrt'"
        output.line(
            f"no breakdown by operator: the {what} of {chosen.name} makes none; "
            f"for one, use {mend}, or this file on another --device"
        )
    output.document(
        {"model": str(model), "device": chosen.name, "shapes": list(shapes), **asdict(measured)}
    )


def _show(model: Path, device: str, measured: "Measured", output: Output) -> None:
    from latency.visits import AFFECTED_WARNING

    summary = measured.summary
    output.table(
        f"{model.name} on {device}",
        ["", "latency", "min", "p10", "median", "p90"],
        [["ms",
          *(f"{ms:.4g}"
            for ms in (summary.ms, summary.min, summary.p10, summary.median, summary.p90))]],
    )  # fmt: skip
    output.line(
        f"measured twice: {100 * measured.noise:.1f} % apart; {summary.visits} visits counted, "
        f"{summary.redone} set aside because the machine was slow"
    )
    if AFFECTED_WARNING in summary.warnings:
        output.say(
            f"cannot measure now: the machine was slow during {measured.affected:.0%} of the visits"
        )
    for name in summary.warnings:
        output.say(f"warning: {name}: {WARNINGS[name]}")
    if measured.operators:
        _show_operators(measured, output)


def _show_operators(measured: "Measured", output: Output) -> None:
    from latency.foreign import by_type

    rows = by_type(measured.operators)
    output.table(
        "operators by type",
        ["type", "count", "ms", "share"],
        [[name, str(count), f"{ms:.4g}", f"{100 * share:.1f} %"]
         for name, count, ms, share in rows],
    )  # fmt: skip
    total = sum(ms for _, _, ms, _ in rows)
    output.line(
        f"all operators by the runtime's profile {total:.4g} ms, the inference without profile "
        f"{measured.summary.p10:.4g} to {measured.summary.median:.4g} ms (p10 to median): "
        "profiling itself takes time, and what happens between the operators is in none of them"
    )
