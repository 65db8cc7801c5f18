"""`hwnas profile --model`: an ONNX file from elsewhere, timed as it is, operator by operator."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError, DeviceError
from hwnas.core.foreign_text import shown
from hwnas.runs.visit_warnings import WARNINGS

if TYPE_CHECKING:
    from hwnas.devices.device import Device
    from hwnas.latency.foreign import Foreign, Measured


def refuse_others(others: dict[str, Any]) -> None:
    """Refuses options that --model has no use for.

    Args:
        others: the values of the other options, by the names that a person types.

    Raises:
        ConfigError: one of them is given.
    """
    given = [name for name, value in others.items() if value not in (None, [])]
    if given:
        raise ConfigError(
            f"--model times a file as it is, and {given[0]} goes with a search space; leave one of "
            "them out"
        )


def profile_model(
    model: Path,
    shapes: Sequence[str],
    values: Sequence[str],
    device: str | None,
    operators: bool,
    output: Output,
) -> None:
    """Times a file and prints what it takes, as a table or as JSON.

    Raises:
        ConfigError: the file, a shape, a value or the device is wrong.
        DeviceError: the device failed, or cannot run the file.
    """
    from hwnas.devices.device import load_device
    from hwnas.latency.foreign import can_profile, load_any, measure_any

    chosen = load_device(device or "local_cpu")
    loaded = load_any(model, shapes, chosen, values)
    say_what_it_is(model, loaded, chosen, output)
    with output.progress(f"measuring {model.name} on {chosen.name}", "visits") as update:
        try:
            measured = measure_any(
                chosen,
                loaded.content,
                progress=update,
                operators=operators,
            )
        except DeviceError as error:  # which knows the file by another name
            raise of_files(error, {model: loaded}) from error
    _show(f"{_named(model, loaded)} on {chosen.name}", measured, output)
    if operators and not can_profile(chosen):
        what, instead = f"agent {chosen.agent}", "'agent: python'"
        if not chosen.runtime_spec.profiles_operators:
            what, instead = f"runtime {chosen.runtime}", "'runtime: tensorrt'"
        output.line(
            f"no breakdown by operator: the {what} of {chosen.name} makes none; "
            f"for one, use {instead}, or this file on another --device"
        )
    output.document(model_document(model, loaded, chosen, shapes, values, measured))


def say_what_it_is(model: Path, loaded: "Foreign", device: "Device", output: Output) -> None:
    """What a person may take for granted and is not so."""
    if loaded.precision not in (None, device.precision) and device.precision != "fp32":
        output.say(
            f"note: {model.name} is {loaded.precision}, and is measured as it is: 'precision: "
            f"{device.precision}' of {device.name} is for networks that hwnas builds; give an "
            f"{device.precision} file to measure one"
        )
    for name in loaded.unset:
        output.say(
            f"note: the input {shown(name)} of {model.name} is 0 or 1, by chance; where its value "
            f"matters, give it by --input '{shown(name)}=VALUE'"
        )


def of_files(error: DeviceError, files: "dict[Path, Foreign]") -> DeviceError:
    """The same error with the files' names, and what may help."""
    names = " and ".join(map(str, files))
    unset = next((one.unset for one in files.values() if one.unset), ())
    advice = f"; give {shown(unset[0])} a value by --input if that is why" if unset else ""
    return DeviceError(f"{names}: {error}{advice}")


def _named(model: Path, loaded: "Foreign") -> str:
    return f"{model.name} ({loaded.precision})" if loaded.precision else model.name


def model_document(
    model: Path,
    loaded: "Foreign",
    device: "Device",
    shapes: Sequence[str],
    values: Sequence[str],
    measured: "Measured",
) -> dict[str, Any]:
    """What is known of a file that was timed, as JSON."""
    return {
        "model": str(model),
        "precision": loaded.precision,
        "device": device.name,
        "shapes": list(shapes),
        "inputs": list(values),
        **asdict(measured),
    }


def _show(title: str, measured: "Measured", output: Output) -> None:
    from hwnas.latency.visits import AFFECTED_WARNING

    summary = measured.summary
    output.table(
        title,
        ["", "latency", "min", "p10", "median", "p90"],
        [
            [
                "ms",
                *(
                    f"{ms:.4g}"
                    for ms in (summary.ms, summary.min, summary.p10, summary.median, summary.p90)
                ),
            ]
        ],
    )
    output.line(
        f"measured twice: {100 * measured.noise:.1f} % apart; {summary.visits} visits counted, "
        f"{summary.redone} set aside because the machine was slow"
    )
    if AFFECTED_WARNING in summary.warnings:
        output.say(
            f"cannot measure now: the machine was slow during {measured.affected:.0%} of the visits"
        )
    for name in summary.warnings:
        output.warn(f"{name}: {WARNINGS[name]}")
    if measured.operators:
        _show_operators(measured, output)


def _show_operators(measured: "Measured", output: Output) -> None:
    from hwnas.latency.foreign import by_type

    rows = by_type(measured.operators)
    output.table(
        "operators by type",
        ["type", "count", "ms", "share"],
        [
            [shown(name), str(count), f"{ms:.4g}", f"{100 * share:.1f} %"]
            for name, count, ms, share in rows
        ],
    )
    total = sum(ms for _, _, ms, _ in rows)
    output.line(
        f"all operators by the runtime's profile {total:.4g} ms, the inference without profile "
        f"{measured.summary.p10:.4g} to {measured.summary.median:.4g} ms (p10 to median): "
        "profiling itself takes time, and what happens between the operators is in none of them"
    )
