"""Status: one network in several formats and precisions, and `status.json`, which holds it.

The file lies in the export folder of the network, beside the files that it speaks of:

    {"hwnas": "…", "date": "2026-11-29T18:00:00Z", "device": "local_cpu",
     "processor": "…",                    of the machine that ran the files; null where a device did
     "threads": 1, "batch": 1,
     "versions": {"onnxruntime": "1.31.1", …},
     "validation_images": 200, "test_images": 100,
     "rows": [{"format": "onnx", "precision": "int8", …}, …]}

The keys of a row are the attributes of `StatusRow`, null where nothing is known; `reason` then says
why. It is read by types, since a person or a disk may have changed it.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwnas.core.errors import RunError
from hwnas.core.invalid import first_error
from hwnas.core.json_text import to_json
from hwnas.export.layout import STATUS

Least0 = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]


class _Part(BaseModel):
    """A part of the document; keys that a later version adds are left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class StatusRow(_Part):
    """A network in one format and precision.

    Attributes:
        format, precision: as `--format` and `--precision` call them.
        file: the name of the file that a program loads; None where none is shipped.
        built: whether its files could be made.
        verified: whether they compute what PyTorch does, as near as the precision allows; None
            where they could not be run.
        max_abs_diff: the largest difference of a logit from PyTorch's, on validation images.
        same_top1: on how many of them both choose the same class, in %.
        accuracy: on the test images, in %.
        p50_ms, p99_ms: of an inference, in a process that is warm.
        spread: what `p50_ms` of several processes differ by, relative to their median.
        first_ms: of the first inference.
        load_ms: from the file on the disk to a model that runs, without the runtime's own start.
        size_bytes: of all its files.
        peak_bytes: the most memory that a process which runs it ever holds.
        empty_bytes: the same of a process with the runtime alone.
        sha256: of its files, by name.
        reason: why something of it is missing, a sentence.
        note: what else to know of it, a sentence.
    """

    format: str
    precision: str
    file: str | None = None
    built: bool = False
    verified: bool | None = None
    max_abs_diff: Least0 | None = None
    same_top1: Percent | None = None
    accuracy: Percent | None = None
    p50_ms: Least0 | None = None
    p99_ms: Least0 | None = None
    spread: Least0 | None = None
    first_ms: Least0 | None = None
    load_ms: Least0 | None = None
    size_bytes: Count | None = None
    peak_bytes: Count | None = None
    empty_bytes: Count | None = None
    sha256: dict[str, str] = Field(default_factory=dict)
    reason: str | None = None
    note: str | None = None

    @property
    def name(self) -> str:
        """As sentences call it: "onnx int8"."""
        return f"{self.format} {self.precision}"


class Status(_Part):
    """A network in several formats and precisions, see the module.

    Attributes:
        hwnas: the version that wrote it.
        date: when, UTC.
        device: of the run.
        processor: of this machine, which timed the files; None where the device did.
        threads, batch: of the device: how files were run.
        versions: of the runtimes, by their distributions.
        validation_images: how many logits were compared on.
        test_images: how many accuracies are of.
        rows: in the order of the formats and precisions that were asked for.
    """

    hwnas: str
    date: str
    device: str
    processor: str | None = None
    threads: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1)]
    versions: dict[str, str] = Field(default_factory=dict)
    validation_images: Count
    test_images: Count
    rows: tuple[StatusRow, ...]

    def to_json(self) -> str:
        """As the text of `status.json`."""
        return to_json(self.model_dump(mode="json")) + "\n"


def read_status(folder: Path) -> Status | None:
    """The status of an export folder; None where there is none.

    Raises:
        RunError: its file is damaged; the message names the key.
    """
    path = folder / STATUS
    try:
        return Status.model_validate_json(path.read_bytes())
    except OSError:
        return None
    except ValidationError as error:
        raise RunError(
            f"{path} is damaged ({first_error(error)}); write a new one with 'hwnas export RUN "
            "--format onnx', or delete it"
        ) from error
