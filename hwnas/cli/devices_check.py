"""`hwnas devices check`: what on a device will make timings unreliable, and by how much."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.next_step import of_device, show_next
from hwnas.cli.output import Output
from hwnas.cli.show_device import identity_document

if TYPE_CHECKING:
    from hwnas.devices.health_files import Finding
    from hwnas.latency.identity import Identity
    from hwnas.latency.noise import Noise


def check_device(
    device: Annotated[str, typer.Argument(help="A device's name, or a YAML file.")],
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Test everything that measuring relies on instead; "
            "exit code 2 if something fails.",
        ),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show what makes timings on a device unreliable, and measure how much they vary.

    Takes about ten seconds. A poor device is not an error: the exit code is 0.
    """
    from hwnas.devices.device import load_device
    from hwnas.devices.target import open_target
    from hwnas.latency.identity import identify
    from hwnas.latency.noise import check_noise

    output = Output(as_json)
    chosen = load_device(device)
    if full:
        from hwnas.cli.devices_full_check import check_fully

        check_fully(chosen, output)
        show_next(output, of_device(device))
        return
    noise = None
    with output.progress(f"measuring the noise of {chosen.name}", "sessions") as update:
        with open_target(chosen) as target:
            findings = target.health()  # first, because the measuring would find itself
            identity = identify(target)
        if not identity.emulated:
            noise = check_noise(chosen, progress=update)
    output.table(f"{chosen.name} is reachable", ["", "found"], _identity_rows(identity))
    output.table(
        f"{chosen.name}: what makes timings unreliable",
        ["", "found", ""],
        [
            [one["name"], one["value"], "ok" if one["ok"] else "see below"]
            for one in findings
            if one["value"] is not None
        ],
    )
    for one in findings:
        if one["advice"] and one["value"] is not None:  # where a command can be copied from
            output.line(f"{one['name']}: {one['advice']}")
    if unread := [one["name"] for one in findings if one["value"] is None]:
        output.line(f"not readable here: {', '.join(unread)}")
    output.document(
        {
            "device": chosen.name,
            "identity": identity_document(identity),
            "findings": findings,
            **_show_noise(output, chosen.name, noise, findings),
        }
    )
    if noise is not None:
        show_next(output, of_device(device))


def _identity_rows(identity: "Identity") -> list[list[str]]:
    found = identity.fingerprint
    return [
        ["runtime", f"{found.runtime} {found.runtime_version} ({found.provider})"],
        ["agent", found.agent],
        ["processor", f"{found.machine}, {found.cpu}"],
        ["cores", str(found.cores)],
        ["emulated", identity.emulated or "no"],
        ["neither set nor read", ", ".join(identity.uncontrolled) or "-"],
    ]


def _show_noise(
    output: Output, name: str, noise: "Noise | None", findings: "list[Finding]"
) -> dict[str, Any]:
    """Prints the verdict and returns the same as JSON; without noise the device is emulated."""
    from hwnas.latency.verdict import grade, verdict

    if noise is None:
        sentence = "emulated: no timing of it is kept"
        output.line(f"{name} is {sentence}")
        return {"noise": None, "grade": None, "verdict": sentence}
    output.table("measured noise", ["", "figure"], noise_rows(noise))
    sentence = verdict(noise, findings)
    output.line(f"{name} is {sentence}")
    return {"noise": asdict(noise), "grade": grade(noise), "verdict": sentence}


def noise_rows(noise: "Noise") -> list[list[str]]:
    """Meaning and value of each figure of noise."""
    return [
        [
            f"measured twice: even and odd sessions of a network of {noise.network_ms:.3g} ms",
            _percent(noise.noise),
        ],
        ["slowest above fastest session of that network", _percent(noise.session_spread)],
        [f"p90 above p10 of a block of {noise.reference_ms:.3g} ms", _percent(noise.spread)],
        ["its visits that a table would measure again", _percent(noise.slow_share)],
        [f"drift over the {noise.seconds:.0f} s of this check", f"{100 * noise.drift:+.1f} %"],
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
