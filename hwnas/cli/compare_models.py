"""Models timed side by side, and the table that says which is faster."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.cli.output import Output
from hwnas.cli.profile_model import model_document, of_files, say_what_it_is
from hwnas.core.errors import ConfigError, DeviceError
from hwnas.core.foreign_text import shown
from hwnas.runs.visit_warnings import WARNINGS

if TYPE_CHECKING:
    from hwnas.devices.device import Device
    from hwnas.latency.foreign import Foreign, Measured
    from hwnas.networks.blocks import Network


@dataclass(frozen=True)
class _Row:
    """One file on one device; `name` is what a person typed, `network` None for foreign files."""

    name: str
    path: Path
    loaded: "Foreign"
    device: "Device"
    measured: "Measured"
    network: "Network | None"

    @property
    def ms(self) -> float:
        return self.measured.summary.ms

    @property
    def size(self) -> int:
        """Bytes of the file, with weights that are stored beside it."""
        return max(self.path.stat().st_size, len(self.loaded.content))

    @property
    def costs(self) -> dict[str, int]:
        """MACs and parameters, where the network is known."""
        from hwnas.objectives.costs import MACS, PARAMETERS

        if self.network is None:
            return {}
        costs = {"macs": MACS, "parameters": PARAMETERS}
        return {name: int(cost.evaluate([self.network])[0]) for name, cost in costs.items()}


def compare_models(
    files: Sequence[str],
    shapes: Sequence[str],
    values: Sequence[str],
    devices: Sequence[str],
    *,
    output: Output,
    budget_ms: float | None = None,
) -> bool:
    """Times files, on one device or several, and prints them side by side.

    The files of one device are visited in turn, so that a slow minute falls upon all of them.

    Args:
        files: ONNX files, engines, export folders, or runs, which stand for their winners.
        shapes: what `--shape` says, each for the files that have such an input.
        values: what `--input` says, likewise.
        devices: names or files; none for this machine's processor.
        output: where the table goes, or the document.
        budget_ms: the most that each may take.

    Returns:
        Whether all are within the budget.

    Raises:
        ConfigError: a file, a shape, a value or a device is wrong, or one is named twice.
        DeviceError: a device failed, or cannot run a file.
    """
    from hwnas.devices.device import load_device

    chosen = [load_device(device) for device in devices or ["local_cpu"]]
    _refuse_twice(files)
    _refuse_twice([device.name for device in chosen])
    loaded = [(device, _loaded(files, shapes, values, device)) for device in chosen]
    rows = [row for device, some in loaded for row in _measured(some, device, output)]
    _show(rows, budget_ms, output)
    for row in rows:
        for name in row.measured.summary.warnings:
            output.warn(f"{shown(row.name)} on {row.device.name}: {name}: {WARNINGS[name]}")
    output.document(
        {
            "models": [_document(row, rows[0], shapes, values, budget_ms) for row in rows],
            "compared_across": _compared_across(rows),
        }
    )
    return budget_ms is None or all(row.ms <= budget_ms for row in rows)


def _refuse_twice(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{shown(twice)} is named twice; name it once")


def _loaded(
    files: Sequence[str], shapes: Sequence[str], values: Sequence[str], device: "Device"
) -> "dict[str, tuple[Path, Foreign]]":
    """The files by what was typed; the files of folders are found."""
    from hwnas.export.layout import find_model
    from hwnas.latency.foreign import load_any, options_of

    paths = {name: find_model(Path(name)) if Path(name).is_dir() else Path(name) for name in files}
    meant = options_of(paths.values(), shapes), options_of(paths.values(), values)
    return {
        name: (path, load_any(path, meant[0][path], device, meant[1][path]))
        for name, path in paths.items()
    }


def _measured(
    loaded: "dict[str, tuple[Path, Foreign]]", device: "Device", output: Output
) -> list[_Row]:
    from hwnas.export.own_network import network_of
    from hwnas.latency.foreign import measure_several

    for path, one in loaded.values():
        say_what_it_is(path, one, device, output)
    what = f"{len(loaded)} files" if len(loaded) > 1 else next(iter(loaded.values()))[0].name
    contents = {name: one.content for name, (_, one) in loaded.items()}
    with output.progress(f"measuring {what} on {device.name}", "visits") as update:
        try:
            measured = measure_several(device, contents, progress=update)
        except DeviceError as error:  # which knows the files by other names
            raise of_files(error, dict(loaded.values())) from error
    return [
        _Row(name, path, one, device, measured[name], network_of(path))
        for name, (path, one) in loaded.items()
    ]


def _show(rows: Sequence[_Row], budget_ms: float | None, output: Output) -> None:
    counted = any(row.network for row in rows)
    columns = ["file", "precision", "device", "ms", "twice", "p50", "p99", "× first", "MB"]
    columns += ["MACs", "parameters"] if counted else []
    columns += [] if budget_ms is None else [f"≤ {budget_ms:.4g} ms"]
    output.table(
        "latency",
        columns,
        [_cells(row, rows[0], counted=counted, budget_ms=budget_ms) for row in rows],
    )
    across = _compared_across(rows)
    if across:
        output.line(f"compared across {' and '.join(across)}")
    for row in rows[1:]:
        output.line(_against(row, rows[0]))


def _cells(row: _Row, first: _Row, *, counted: bool, budget_ms: float | None) -> list[str]:
    summary, costs = row.measured.summary, row.costs
    cells = [
        shown(row.name),
        row.loaded.precision or "–",
        row.device.name,
        f"{row.ms:.4g}",
        f"± {100 * row.measured.noise:.1f} %",
        f"{summary.median:.4g}",
        f"{summary.p99:.4g}",
        f"{row.ms / first.ms:.3g}",
        f"{row.size / 1e6:.3g}",
    ]
    if counted:
        cells += [f"{costs[name]:,}" if costs else "–" for name in ("macs", "parameters")]
    if budget_ms is not None:
        over = row.ms / budget_ms - 1
        cells.append("within" if over <= 0 else f"{100 * over:.1f} % over")
    return cells


def _against(row: _Row, first: _Row) -> str:
    """Which of the two is faster, where measuring tells."""
    one, other = (
        f"{shown(r.name)}{f' on {r.device.name}' if r.device.name != first.device.name else ''}"
        for r in (row, first)
    )
    noise = max(row.measured.noise, first.measured.noise)
    change = row.ms / first.ms - 1
    if abs(change) <= noise:
        return f"{one} takes as long as {other}, as far as measuring tells (within {noise:.1%})"
    return f"{one} takes {abs(change):.1%} {'more' if change > 0 else 'less'} time than {other}"


def _document(
    row: _Row,
    first: _Row,
    shapes: Sequence[str],
    values: Sequence[str],
    budget_ms: float | None,
) -> dict[str, Any]:
    document = model_document(Path(row.name), row.loaded, row.device, shapes, values, row.measured)
    within = {} if budget_ms is None else {"within_budget": row.ms <= budget_ms}
    sizes = {"file": str(row.path), "bytes": row.size}
    return {**document, **sizes, "ratio": row.ms / first.ms, **row.costs, **within}


def _compared_across(rows: Sequence[_Row]) -> list[str]:
    """In what the rows differ beside the file: "devices", "precisions"."""
    devices = {row.device.name for row in rows}
    precisions = {row.loaded.precision for row in rows}
    return [
        name for name, some in (("devices", devices), ("precisions", precisions)) if len(some) > 1
    ]
