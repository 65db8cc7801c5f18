"""The status stage: exported networks in every format and precision that was asked for.

Every file is made in a temporary folder, run there on the network's images, and timed there side by
side with all others; those that compute what PyTorch does are then put into the export folders.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hwnas.core.digests import SHA256, digest
from hwnas.core.errors import HwnasError
from hwnas.core.files import write_atomically
from hwnas.core.listener import Listener
from hwnas.core.memory import ran_out
from hwnas.core.registry import brief
from hwnas.core.version import VERSION
from hwnas.core.workspace import job_folder
from hwnas.devices.engine import SUFFIX, Engine
from hwnas.devices.machine import cpu_name
from hwnas.export.formats import FORMATS
from hwnas.export.formats.checking import Check, check_format, expected_logits
from hwnas.export.formats.format import Built, Format, Logits, Trained
from hwnas.export.layout import STATUS, VERIFICATION
from hwnas.export.onnx_files import onnx_files
from hwnas.latency.engine import builds_engines
from hwnas.latency.process_cost import Cost, Program
from hwnas.runs.experiment import Experiment
from hwnas.runs.status_costs import costs_here, costs_on, runs_here
from hwnas.runs.status_form import Status, StatusRow
from hwnas.runs.wanted_formats import WantedFormats
from hwnas.training.exported import read_network


@dataclass
class _Cell:
    """A network in one format and precision, while it is made.

    Attributes:
        made: the format.
        folder: where its files lie for now.
        reasons: why something of it is missing.
    """

    trained: Trained
    made: Format
    precision: str
    folder: Path
    built: Built | None = None
    check: Check | None = None
    cost: Cost | None = None
    reasons: list[str] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        return self.check is not None and self.check.verified

    def make(self, expected: Logits) -> None:
        """Builds and checks it; a reason says what went wrong."""
        try:
            self.built = self.made.build(self.trained, self.precision)
            self.folder.mkdir(parents=True, exist_ok=True)
            for name, content in self.built.files.items():
                (self.folder / name).write_bytes(content)
            self.check = check_format(self.made, self.folder, self.built, self.trained, expected)
        except HwnasError as error:
            self.reasons.append(str(error))
        except Exception as error:  # of a library: other formats are not lost with this one
            if isinstance(error, OSError) or ran_out(error):
                raise
            self.reasons.append(f"failed ({brief(error)})")
        if self.check is not None and self.check.problem:
            self.reasons.append(self.check.problem)

    @property
    def program(self) -> Program | None:
        """What a process of its own runs; None where there is nothing to run."""
        if self.built is None or not self.verified or self.made.loader is None:
            return None
        path = self.folder / self.built.runs
        return Program(self.made.loader, path, self.precision, self.trained.shape)

    @property
    def model(self) -> bytes | None:
        """What the device itself loads; None where it cannot."""
        if self.built is None or not self.verified or not self.made.timed_on(self.trained.device):
            return None
        content = self.built.files[self.built.runs]
        return Engine(content) if self.built.runs.endswith(SUFFIX) else content

    def row(self) -> StatusRow:
        """All that is known of it."""
        files = {} if self.built is None else self.built.files
        check, cost = self.check, self.cost
        return StatusRow(
            format=self.made.name,
            precision=self.precision,
            file=self.built.runs if self.built is not None and self.verified else None,
            built=self.built is not None,
            verified=None if check is None else check.verified,
            max_abs_diff=None if check is None else check.max_abs_diff,
            same_top1=None if check is None else check.same_top1,
            accuracy=None if check is None else check.accuracy,
            size_bytes=sum(map(len, files.values())) if files else None,
            sha256={name: digest(content, SHA256) for name, content in files.items()},
            reason="; ".join(self.reasons) or None,
            note=None if self.built is None else self.built.note or None,
            **({} if cost is None else asdict(cost)),
        )


def status_stage(
    experiment: Experiment, folders: Sequence[Path], wanted: WantedFormats, listener: Listener
) -> dict[str, Status]:
    """Makes, checks and measures exported networks in the formats that were asked for.

    Args:
        experiment: of the run.
        folders: complete export folders.
        wanted: formats and precisions.
        listener: gets progress.

    Returns:
        The status of each network by the name of its folder; its `status.json` holds it, too.

    Raises:
        ConfigError: an export folder is damaged.
        HwnasError: a file cannot be written.
    """
    with job_folder() as scratch:
        cells = [
            cell
            for folder in folders
            for cell in _made(experiment, folder, wanted, scratch / folder.name, listener)
        ]
        _measure(experiment, cells, listener)
        return {
            folder.name: _write(
                folder, [one for one in cells if one.trained.folder == folder], listener
            )
            for folder in folders
        }


def _made(
    experiment: Experiment,
    folder: Path,
    wanted: WantedFormats,
    scratch: Path,
    listener: Listener,
) -> Iterator[_Cell]:
    """Every format and precision of one network, built and checked."""
    module = read_network(folder).eval()
    dataset, device = experiment.dataset_of(module.blocks), experiment.device
    onnx = onnx_files(folder, device, module, dataset)
    cache = experiment.timing_cache if builds_engines(device) else bytes
    trained = Trained(module, dataset, folder, device, onnx, cache)
    expected = expected_logits(trained)
    for name, precision in wanted.pairs:
        cell = _Cell(trained, FORMATS.load(name), precision, scratch / f"{name}.{precision}")
        with listener.progress(f"making and checking {folder.name} as {name} {precision}"):
            cell.make(expected)
        yield cell


def _measure(experiment: Experiment, cells: Sequence[_Cell], listener: Listener) -> None:
    """Gives every cell that can be run its cost, or the reason why there is none."""
    device, names = experiment.device, {str(number): one for number, one in enumerate(cells)}
    if runs_here(device):
        programs = {name: one.program for name, one in names.items()}
        given = {name: one for name, one in programs.items() if one is not None}
        found = costs_here(device, given, listener)
    elif device.measurable:
        models = {name: one.model for name, one in names.items()}
        shipped = {name: one for name, one in models.items() if one is not None}
        cache = experiment.timing_cache() if builds_engines(device) else b""
        found = costs_on(device, shipped, cache, listener)
    else:
        found = dict.fromkeys(names, f"not timed: the timings of {device.name} were imported")
    for name, cell in names.items():
        cost = found.get(name, f"not timed: {device.name} does not load such files itself")
        if isinstance(cost, Cost):
            cell.cost = cost
        elif cell.verified:
            cell.reasons.append(cost)


def _write(folder: Path, cells: Sequence[_Cell], listener: Listener) -> Status:
    """Puts the files of one network, and its status, into its export folder."""
    trained = cells[0].trained
    here = any(one.cost is not None and one.cost.load_ms is not None for one in cells)
    status = Status(
        hwnas=VERSION,
        date=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        device=trained.device.name,
        processor=cpu_name() if here else None,
        threads=trained.device.threads,
        batch=trained.device.batch,
        versions=_versions(cells),
        validation_images=len(trained.dataset.validation),
        test_images=len(trained.dataset.test),
        rows=tuple(one.row() for one in cells),
    )
    files = {
        name: content
        for one in cells
        if one.built is not None and one.verified
        for name, content in one.built.files.items()
    }
    gone = sorted(_remove_earlier(folder) - files.keys())
    if gone:
        listener.say(
            f"{folder}: removed {', '.join(gone)}, of an earlier command; name all formats and "
            "precisions that you want in one"
        )
    for name, content in files.items():
        if not (folder / name).is_file() or (folder / name).read_bytes() != content:
            write_atomically(folder / name, content)
    write_atomically(folder / STATUS, status.to_json())
    return status


def _remove_earlier(folder: Path) -> set[str]:
    """Removes the status of an export folder and the files that came with it: these names."""
    earlier = folder / STATUS
    try:
        rows = json.loads(earlier.read_text(encoding="utf-8"))["rows"]
        names = {name for row in rows for name in row["sha256"]}
        exported = json.loads((folder / VERIFICATION).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # none, or damaged
        names, exported = set(), {}
    earlier.unlink(missing_ok=True)
    removed = set()
    for path in folder.glob("model.*"):
        if path.name in names and path.name not in exported:
            path.unlink()
            removed.add(path.name)
    return removed


def _versions(cells: Sequence[_Cell]) -> dict[str, str]:
    found = {}
    for package in dict.fromkeys(one.made.package for one in cells if one.built is not None):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # the device's own
            continue
    return found
