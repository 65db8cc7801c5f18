"""`hwnas devices check`: what on a device will make timings unreliable, and by how much."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.output import Output

if TYPE_CHECKING:
    from latency.noise import Noise


def check_device(
    device: Annotated[str, typer.Argument(help="A device's name, or a YAML file.")],
    as_json: options.Json = False,
) -> None:
    """Say what on a device will make timings unreliable, and measure by how much they differ.

    Takes some ten seconds. A poor device is no error: the exit code is 0.
    """
    from devices.device import load_device
    from devices.target import open_target
    from latency.noise import check_noise
    from latency.verdict import grade, verdict

    output = Output(as_json)
    chosen = load_device(device)
    with output.progress(f"measuring the noise of {chosen.name}") as update:
        with open_target(chosen) as target:
            findings = target.health()  # first, because the measuring would find itself
        noise = check_noise(chosen, progress=lambda done, total: update(done, total, "sessions"))
    output.table(
        f"{chosen.name}: what makes timings unreliable",
        ["", "found", ""],
        [[one["name"], one["value"] or "-", _mark(one)] for one in findings],
    )
    for one in findings:
        if not one["ok"]:  # below the table, where a command can be copied from
            output.line(f"{one['name']}: {one['advice']}")
    output.table("measured noise", ["", "figure"], noise_rows(noise))
    sentence = verdict(noise, findings)
    output.line(f"{chosen.name} is {sentence}")
    output.document(
        {
            "device": chosen.name,
            "findings": findings,
            "noise": asdict(noise),
            "grade": grade(noise),
            "verdict": sentence,
        }
    )


def noise_rows(noise: "Noise") -> list[list[str]]:
    """Meaning and value of each figure of noise."""
    return [
        [f"measured twice: even and odd sessions of a network of {noise.network_ms:.3g} ms",
         _percent(noise.noise)],
        ["slowest above fastest session of that network", _percent(noise.session_spread)],
        [f"p90 above p10 of a block of {noise.reference_ms:.3g} ms", _percent(noise.spread)],
        ["its visits that a table would measure again", _percent(noise.slow_share)],
        [f"drift over the {noise.seconds:.0f} s of this check", f"{100 * noise.drift:+.1f} %"],
    ]  # fmt: skip


def _mark(finding: dict[str, Any]) -> str:
    if finding["value"] is None:
        return str(finding["advice"])
    return "ok" if finding["ok"] else "see below"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
