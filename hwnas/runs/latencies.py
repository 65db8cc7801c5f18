"""The latency models of a run: its device's, and those of the devices that budgets name."""

from dataclasses import asdict
from pathlib import Path

from devices.device import IMPORTED, Device, load_device
from devices.errors import ConfigError, TableError
from hwnas.runs.config import RunConfig
from hwnas.spaces import SearchSpace
from latency.identity import read_fingerprint
from latency.model import LatencyModel
from latency.profile import load_model, scope_name
from latency.table import LatencyTable


def table_path(named: str | None, device: Device) -> Path:
    """The latency table that was named, or the device's own under `tables/`."""
    return Path(named or f"tables/{device.name}.sqlite")


def scope_of(space: SearchSpace) -> str:
    """Under which name a table keeps the latency model of a space."""
    return scope_name(space.name, space.resolution, space.classes)


def further_latency(config: RunConfig, name: str, space: SearchSpace) -> LatencyModel:
    """The latency model for a space on the device of a budget `latency@<name>`.

    Nothing is measured there, so that it need not be at hand: the table is compared with what the
    device's file says.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
        TableError: there is no such table or model, or it is another device's.
    """
    try:
        device = load_device(name)
        with LatencyTable.existing(_further_table(config, name, device)) as table:
            _check_device(table, device)
            return load_model(table, scope_of(space), space.blocks())
    except (ConfigError, TableError) as error:
        text = str(error)
        if "hwnas profile" in text and not load_device(name).measurable:
            text = text.replace("'hwnas profile'", "'hwnas table import'")
        elif "hwnas profile" in text:
            text += f" and --device {name}"
        raise type(error)(f"the budget latency@{name}: {text}") from error


def _further_table(config: RunConfig, name: str, device: Device) -> Path:
    named = config.tables.get(name)
    if named is None and device == load_device(config.device):
        named = config.table
    return table_path(named, device)


def _check_device(table: LatencyTable, device: Device) -> None:
    stored = table.fingerprint
    if stored is None:
        return
    here: dict[str, object] = {
        key: getattr(device, key) for key in ("runtime", "precision", "threads", "batch")
    }
    if not device.measurable:  # whose fingerprint is its file
        here = asdict(read_fingerprint(device))
    elif stored.machine == IMPORTED:
        here["machine"] = device.transport
    for key, value in here.items():
        if getattr(stored, key) != value:
            raise TableError(
                f"{table.path} holds the timings of another device: {key} is "
                f"{getattr(stored, key)!r} there and {value!r} here; name this one's table under "
                "tables in the config"
            )
