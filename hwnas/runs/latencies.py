"""The latency models of a run: its device's, and those of the devices that budgets name."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from hwnas.core.errors import ConfigError, TableError
from hwnas.devices.device import IMPORTED, Device
from hwnas.latency.family import AnyLatency, FamilyModel
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.model import LatencyModel, Model
from hwnas.latency.profile import load_model, scope_name
from hwnas.latency.table import LatencyTable
from hwnas.runs.config import RunConfig
from hwnas.runs.sources import NOTHING_HELD, Sources
from hwnas.spaces import SearchSpace, Space, SpaceFamily
from hwnas.spaces.shrunk import ShrunkSpace


def table_path(named: str | None, device: Device) -> Path:
    """The latency table that was named, or the device's own under `tables/`."""
    return Path(named or f"tables/{device.name}.sqlite")


def scope_of(space: SearchSpace) -> str:
    """Under which name a table keeps the latency model of a space."""
    return scope_name(space.name, space.resolution, space.classes)


def scopes_of(space: Space) -> list[str]:
    """The same of every member of a family, in their order; of one space its own."""
    return [scope_of(member) for member in space.members]


def scope_text(space: Space) -> str:
    """What the models of a space, or of all members of a family, are of."""
    return "; ".join(scopes_of(space))


def model_of(table: LatencyTable, space: Space, form: type[Model]) -> Model | FamilyModel[Model]:
    """The model of a space in a table; of a family the model of each member.

    That of the whole space is one of what is left of it, too, unless that was measured by itself.

    Raises:
        TableError: the table lacks one, or blocks of it.
    """
    models = {
        scope_of(member): load_model(
            table, _stored_scope(table.models(form), member), member.blocks(), form
        )
        for member in space.members
    }
    return of_space(space, models)


def _stored_scope(stored: Iterable[str], space: SearchSpace) -> str:
    """Under which name a table has the model of a space; its own where it has none."""
    own = scope_of(space)
    whole = scope_of(space.whole) if isinstance(space, ShrunkSpace) else own
    return whole if own not in stored and whole in stored else own


def of_space(space: Space, models: Mapping[str, Model]) -> Model | FamilyModel[Model]:
    """The models of a space's members by their scopes as one model: of one space, the only one."""
    return FamilyModel(models) if isinstance(space, SpaceFamily) else models[scope_of(space)]


def further_table(config: RunConfig, name: str, sources: Sources) -> Path:
    """The latency table of the device of a cost `latency@<name>`.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
    """
    device = _device(name, sources)
    return Path(sources.find(str(table_path(named_table(config, name, sources), device))))


def further_latency(name: str, path: Path, space: Space, sources: Sources) -> AnyLatency:
    """The latency model for a space on the device of a cost `latency@<name>`.

    Nothing is measured there, so that it need not be at hand: the table is compared with what the
    device's file says.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
        TableError: there is no such table or model, or it is another device's.
    """
    device = _device(name, sources)
    try:
        with LatencyTable.existing(path) as table:
            _check_device(table, device)
            return model_of(table, space, LatencyModel)
    except TableError as error:
        how = f"'hwnas profile --device {name}'"
        if not device.measurable:
            how = f"'hwnas table import YOUR.csv {path} --device {name}'"
        text = str(error).replace("'hwnas profile'", how)
        raise TableError(f"latency@{name}: {text}") from error


def named_table(config: RunConfig, name: str, sources: Sources = NOTHING_HELD) -> str | None:
    """The latency table that a config names for a device: `table` is that of its own device.

    None when it names none: the device has its own under `tables/`.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
    """
    if name in config.tables:
        return config.tables[name]
    if config.table is None or name == config.device:
        return config.table
    same = sources.device(name) == sources.device(config.device)
    return config.table if same else None


def unprofiled_devices(
    config: RunConfig, space: Space, sources: Sources
) -> list[tuple[Device, Path]]:
    """The devices of costs `latency@DEVICE` whose tables lack a space, and those tables.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
        TableError: a table is damaged.
    """
    found: list[tuple[Device, Path]] = []
    for name in config.search.further_devices:
        device = _device(name, sources)
        path = further_table(config, name, sources)
        if device.measurable and not holds_models(path, space):
            found.append((device, path))
    return found


def holds_models(path: Path, space: Space) -> bool:
    """Whether a table is there and has the latency model of a space, or of all its members."""
    if not path.is_file():
        return False
    with LatencyTable.existing(path) as table:
        stored = set(table.models())
    return all(_stored_scope(stored, member) in stored for member in space.members)


def _device(name: str, sources: Sources) -> Device:
    try:
        return sources.device(name)
    except ConfigError as error:
        raise ConfigError(f"latency@{name}: {error}") from error


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
    # By its name alone: the bundle, whose hash follows, need not be at hand.
    elif stored.agent.partition(" ")[0] != device.agent:
        here["agent"] = device.agent
    for key, value in here.items():
        if getattr(stored, key) != value:
            raise TableError(
                f"{table.path} holds the timings of another device: {key} is "
                f"{getattr(stored, key)!r} there and {value!r} here; name this one's table under "
                "tables in the config"
            )
