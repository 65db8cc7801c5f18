"""`hwnas devices check --full`: everything that measuring relies on, tried on a device."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.devices.device import Device

# What is searched for phones; its squeeze-excite and hard swish are the kernels that differ most.
_NETWORK = "mobilenet_v3_small"


def check_fully(device: "Device", output: Output) -> None:
    """Tries every check and prints a line of each; ends with exit code 2 when one failed.

    Raises:
        DeviceError: nothing can be run on the device, its timings were imported.
    """
    from hwnas.latency.full_check import count, full_check
    from hwnas.spaces import reference_network

    networks = {_NETWORK: reference_network(_NETWORK, resolution=224, classes=1000)}
    outcomes = []
    with output.progress(f"checking {device.name}", "checks") as update:
        for outcome in full_check(device, networks):
            outcomes.append(outcome)
            update(len(outcomes), count(networks))
    for outcome in outcomes:
        output.line(f"{'ok' if outcome.ok else 'failed':6}  {outcome.name}: {outcome.sentence}")
    failed = [outcome for outcome in outcomes if not outcome.ok]
    verdict = f"{len(failed)} of {len(outcomes)} checks failed" if failed else "all checks passed"
    output.line(f"{device.name}: {verdict}")
    output.document(
        {"device": device.name, "ok": not failed, "checks": [asdict(one) for one in outcomes]}
    )
    if failed:
        raise typer.Exit(2)
