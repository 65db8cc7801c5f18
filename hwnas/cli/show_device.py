"""How commands show what a device says of itself."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hwnas.cli.field_names import field_name, field_value
from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.latency.identity import Identity


def identity_document(identity: "Identity") -> dict[str, Any]:
    """The fingerprint's fields, and `emulated` and `uncontrolled`, which are none of it."""
    return {
        **asdict(identity.fingerprint),
        "emulated": identity.emulated,
        "uncontrolled": list(identity.uncontrolled),
    }


def show_identity(output: Output, name: str, identity: "Identity") -> None:
    """Prints the fingerprint, and below it what is none of it."""
    fingerprint = asdict(identity.fingerprint)
    rows = [[field_name(field), field_value(value)] for field, value in fingerprint.items()]
    output.table(f"fingerprint of {name}", ["", "value"], rows)
    if identity.emulated:
        output.line(f"emulated by {identity.emulated}: its timings are not kept")
    if identity.uncontrolled:
        output.line(f"not controlled while measuring: {', '.join(identity.uncontrolled)}")
