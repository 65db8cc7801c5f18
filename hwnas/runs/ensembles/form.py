"""What is known of an exported ensemble, and `ensemble.json`, which holds it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from hwnas.core.errors import RunError
from hwnas.core.invalid import first_error
from hwnas.core.json_text import to_json
from hwnas.export.layout import ENSEMBLE
from hwnas.latency.stored import Count, Least0
from hwnas.runs.stored_summary import is_whole
from hwnas.runs.summary_form import Interval, Part, Percent, Positive

PREFIX = "ensemble-"
"""Of the name of that folder, before the ensemble's id."""

Share = Annotated[float, Field(ge=0, le=1 + 1e-9)]


class Member(Part):
    """One network of an ensemble, or one that was tried as a member.

    Attributes:
        id: its short name.
        architecture: the choice of each slot, by the numbers of the whole space.
        predicted_ms: as a network by itself.
        accuracy: by itself on the validation images, in %; of a path with the supernet's weights.
    """

    id: str
    architecture: tuple[int, ...]
    predicted_ms: Positive | None
    accuracy: Percent


class Tried(Part):
    """An ensemble that was looked at.

    Attributes:
        members: the ids.
        ways: how its members were found, as in "PIE".
        accuracy: on the validation images, in %, by the weights that the members have then.
        diversity: how differently the members answer them, see `hwnas.ensembles.pool`.
        predicted_ms: by the latency model.
        measured_ms: where it was measured, and was over the budget or is the one that is exported.
    """

    members: tuple[str, ...]
    ways: tuple[str, ...]
    accuracy: Percent
    diversity: Share
    predicted_ms: Positive | None
    measured_ms: Positive | None = None


class OneFile(Part):
    """An exported file, of the ensemble or of the single network beside it.

    Attributes:
        id: its short name.
        predicted_ms: by the latency model.
        measured_ms: both were measured side by side; None where nothing was measured.
        accuracy: on the test images, in %, in the device's precision.
        accuracy_interval: its 95 % interval.
        macs: multiply-accumulates.
        parameters: how many.
    """

    id: str
    predicted_ms: Positive | None
    measured_ms: Positive | None
    accuracy: Percent
    accuracy_interval: Interval
    macs: Count
    parameters: Count


class EnsembleSummary(Part):
    """An ensemble of a run, and the best single network within the same budget.

    Attributes:
        source: where the members are from, "front" or "supernet".
        budget_ms: of the ensemble and the single network.
        ensemble: the exported file.
        single: the best network of the front that measures within the budget, by itself.
        members: of the ensemble, in the order of its file.
        shared_blocks: how many first blocks run once for all members.
        pool: the networks that were trained, of which the members are some; of a supernet none.
        tried: the ensembles that were looked at, the best first.
        accuracy_difference: of the ensemble less the single network on the same test images.
        accuracy_difference_interval: its 95 % interval, in points.
        verdict: in a sentence, whether the ensemble is worth it.
        doubtful: why it is not known whether the ensemble keeps the budget; None where it is.
        onnx_max_abs_diff: by how much the fp32 file's outputs differ from PyTorch's at most.
        front_digest: of the front of the run.
        device: its name, and its `precision`.
        images: the name of the dataset.
        test_images: how many.
        model: the path of the ONNX file.
        seconds: that the command took.
    """

    source: str
    budget_ms: Positive
    ensemble: OneFile
    single: OneFile
    members: tuple[Member, ...]
    shared_blocks: Count
    pool: tuple[Member, ...] = ()
    tried: tuple[Tried, ...]
    accuracy_difference: float
    accuracy_difference_interval: Interval
    verdict: str
    doubtful: str | None = None
    onnx_max_abs_diff: Least0
    front_digest: str
    device: str
    precision: str
    images: str
    test_images: Annotated[int, Field(gt=0)]
    model: str
    seconds: Least0

    def to_json(self) -> str:
        """As the text of `ensemble.json`."""
        return to_json(self.model_dump(mode="json")) + "\n"


def read_ensemble(folder: Path) -> EnsembleSummary | None:
    """What an export folder says of its ensemble; None where it is no whole ensemble's.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / ENSEMBLE
    try:
        text = path.read_bytes()
    except OSError:
        return None
    try:
        return EnsembleSummary.model_validate_json(text)
    except ValidationError as error:
        raise RunError(
            f"{path} is damaged ({first_error(error)}); delete {folder} and run 'hwnas ensemble' "
            "again"
        ) from error


def ensembles_of(run: Path, front_digest: str) -> list[EnsembleSummary]:
    """The exported ensembles of a run's front, in the order of their folders' names.

    Raises:
        RunError: the file of one is damaged.
    """
    folders = sorted(path for path in run.glob(f"export/{PREFIX}*") if is_whole(path))
    found = [read_ensemble(folder) for folder in folders]
    return [one for one in found if one is not None and one.front_digest == front_digest]
