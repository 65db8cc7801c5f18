"""Summary: the figures of what was exported, and `summary.json`, which holds them.

It is read by types, since a person or a disk may have changed it.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from hwnas.core.errors import RunError
from hwnas.core.invalid import first_error
from hwnas.core.json_text import to_json
from hwnas.data import Balance
from hwnas.latency.stored import Count, Least0
from hwnas.runs.status_form import Status

Positive = Annotated[float, Field(gt=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Interval = tuple[float, float]


class Part(BaseModel):
    """A part of the document; keys that a later version adds are left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class Fp32Figures(Part):
    """What the fp32 file does on a device that runs another precision: ms, and %."""

    measured_ms: Positive | None
    accuracy: Percent


class DeviceFigures(Part):
    """A network on a further device that a budget is on.

    `measured_ms` is None where it could not be reached; `accuracy`, in % on the test images, is
    that of the file for it, in its precision.
    """

    predicted_ms: Positive | None
    measured_ms: Positive | None
    precision: str
    accuracy: Percent


class Figures(Part):
    """An exported network.

    Attributes:
        id: its short name, see `hwnas.networks.ids`; "" in files of earlier versions.
        predicted_ms: by the latency model; None where its table lacks blocks of the network.
        measured_ms: of the exported file (`hwnas.latency.visits.LatencySummary`); None where
            nothing was measured.
        median_ms: of all samples of the same.
        accuracy: of the exported file on the test images, in %.
        accuracy_interval: its 95 % interval.
        resolution: of its images in pixels, where the search chose among several.
        width: of its channels, likewise.
        macs: multiply-accumulates.
        parameters: how many.
        weights_from: what its training started from, "supernet" or "scratch".
        predicted_mj: energy by the energy model, where a budget is on it.
        measured_mj: the same, measured.
        fp32: the fp32 file beside it, where the device runs another precision.
        further: by the name of each further device that a budget is on.
        settings: digest of the config's `export` that it was made by; "" in files of earlier
            versions.
    """

    id: str = ""
    predicted_ms: Positive | None
    measured_ms: Positive | None
    median_ms: Positive | None = None
    accuracy: Percent
    accuracy_interval: Interval
    resolution: Count | None = None
    width: Positive | None = None
    macs: Count
    parameters: Count
    weights_from: str
    predicted_mj: Positive | None = None
    measured_mj: Positive | None = None
    fp32: Fp32Figures | None = None
    further: dict[str, DeviceFigures] = Field(default_factory=dict)
    settings: str = ""

    @model_serializer(mode="wrap")
    def _without_what_was_no_choice(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = usual(self)
        none = [key for key in ("resolution", "width") if content[key] is None]
        return {key: value for key, value in content.items() if key not in none}


class Reference(Figures):
    """The published network beside the winner, by its name and whose it is."""

    name: str
    library: str


class Rejected(Part):
    """A network of the front that misses a budget for real.

    Attributes:
        id: its short name; "" in files of earlier versions.
        score: what it was found by.
        predicted: latency in ms or energy in mJ, as `unit` says; None where it is unknown.
        measured: the same, measured.
        unit: "ms" or "mJ".
        stage: "untrained" or "exported": when it was measured.
        device: a further device; "" for the run's own.
    """

    id: str = ""
    score: float
    predicted: Positive | None
    measured: Positive
    unit: str
    stage: str
    device: str = ""


class Picked(Part):
    """A network that a person picked to be exported, whether it keeps the budgets or not.

    Attributes:
        id: its short name.
        asked: as what it was picked: "knee", "fastest", "all", "id" or "architecture".
        architecture: the choice of each slot, by the numbers of the whole space.
        folder: its name in `export`: the id, or "winner" where it is that.
        score: what the search judged it to be; None where it did not.
        over: a sentence for each budget that it is over, with by how much.
        doubtful: a sentence for each budget of which it is not known whether it keeps it.
        verdict: in a sentence, what its figures and the reference's show.
        weights_chosen: why its weights were taken, where it was trained both ways.
        reference_ms: the reference's latency, measured in the same sessions.
        onnx_max_abs_diff: by how much the ONNX file's outputs differ from PyTorch's at most.
        figures: of the exported network.
    """

    id: str
    asked: tuple[str, ...]
    architecture: tuple[int, ...]
    folder: Annotated[str, Field(pattern="^[a-z0-9]+$")]
    score: float | None
    over: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    verdict: str | None = None
    weights_chosen: str | None = None
    reference_ms: Positive | None = None
    onnx_max_abs_diff: Least0
    figures: Figures


class ExportSummary(Part):
    """The figures of what a run exported, the same in terminal, file and report.

    Those of a winner are None where none was exported.

    Attributes:
        budget_ms: on the run's own device; None for none.
        budgets: every bound, by the name of its cost, in its unit.
        winner: the best network of the front that keeps the budgets.
        reference: the space's published network, trained and measured beside it; None for none.
        picks: the further networks that were asked for.
        verdict: in a sentence, what the figures of winner and reference show.
        weights_chosen: why the winner's weights were taken, where it was trained both ways.
        accuracy_difference: the winner's less the reference's on the same test images, in points.
        accuracy_difference_interval: its 95 % interval.
        doubtful: a sentence for each budget of which it is not known whether the winner keeps it.
        rejected: the networks of the front that miss a budget for real.
        measured_warnings: what was often wrong when the winner was measured.
        onnx_max_abs_diff: by how much the ONNX file's outputs differ from PyTorch's at most.
        latency_model_mape: the mean error of the latency model on networks that it has not seen,
            in %.
        replicate_mape: that of measuring them twice.
        searched_by: where the scores of the search are from.
        front_digest: of the front that was searched.
        device: its name, and its `precision`.
        space: its name, and the winner's `resolution` in pixels.
        images: the name of the dataset, with how many images each split has, and how many were
            `skipped_images` because they cannot be read.
        balance: how many images the classes have.
        model: the path of the winner's ONNX file.
        engine: that of the engine built of it, for devices that need one.
        seconds: that the command took which exported.
        status: further formats and precisions, by the folders of the networks; those that the last
            export was asked for.
    """

    budget_ms: Positive | None
    budgets: dict[str, Positive]
    winner: Figures | None = None
    reference: Reference | None
    picks: tuple[Picked, ...] = ()
    verdict: str | None = None
    weights_chosen: str | None = None
    accuracy_difference: float | None = None
    accuracy_difference_interval: Interval | None = None
    doubtful: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    measured_warnings: tuple[str, ...] = ()
    onnx_max_abs_diff: Least0 | None = None
    latency_model_mape: Least0 | None = None
    replicate_mape: Least0 | None = None
    searched_by: dict[str, JsonValue] = Field(default_factory=dict)
    front_digest: str
    device: str
    precision: str
    space: str
    resolution: Count | None = None
    images: str
    train_images: Count
    validation_images: Count
    test_images: Annotated[int, Field(gt=0)]
    skipped_images: Count
    balance: Balance
    model: str | None = None
    engine: str | None = None
    seconds: Least0
    status: dict[str, Status] = Field(default_factory=dict)

    def to_json(self) -> str:
        """As the text of `summary.json`."""
        return to_json(self.model_dump(mode="json")) + "\n"


class Summary(ExportSummary):
    """The same of a run that has a winner."""

    winner: Figures
    onnx_max_abs_diff: Least0
    resolution: Count
    model: str

    def without_winner(self) -> ExportSummary:
        """The picks and the reference alone."""
        return ExportSummary(**{name: getattr(self, name) for name in _OF_ANY})


_OF_WINNER = {
    *("winner", "verdict", "weights_chosen", "accuracy_difference", "accuracy_difference_interval"),
    *("doubtful", "rejected", "measured_warnings", "onnx_max_abs_diff", "latency_model_mape"),
    *("replicate_mape", "resolution", "model", "engine"),
}
_OF_ANY = [name for name in ExportSummary.model_fields if name not in _OF_WINNER]


def read_summary(path: Path) -> Summary | None:
    """The content of a `summary.json`; None where there is none, or no winner in it.

    Raises:
        RunError: it is damaged; the message names the key.
    """
    found = read_export(path)
    return found if isinstance(found, Summary) else None


def read_export(path: Path) -> ExportSummary | None:
    """The same with or without a winner; None where there is no such file.

    Raises:
        RunError: it is damaged; the message names the key.
    """
    try:
        text = path.read_bytes()
    except OSError:
        return None
    try:
        found = ExportSummary.model_validate_json(text)
        return found if found.winner is None else Summary.model_validate_json(text)
    except ValidationError as error:
        raise RunError(
            f"{path} is damaged ({first_error(error)}); write a new one with 'hwnas export "
            f"{path.parent}', or delete it"
        ) from error
