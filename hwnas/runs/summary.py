"""Summing up an export: what `summary.json` holds."""

from typing import Any

from hwnas.data import balance_of
from hwnas.devices.engine import SUFFIX
from hwnas.latency.family import AnyEnergy, AnyLatency
from hwnas.networks.blocks import Network
from hwnas.objectives.statistics.intervals import Paired, wilson
from hwnas.runs.experiment import Experiment
from hwnas.runs.exported import Exported
from hwnas.runs.exporting import Export
from hwnas.runs.folder import RunFolder
from hwnas.runs.references import reference_member
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import (
    DeviceFigures,
    Figures,
    Fp32Figures,
    Reference,
    Summary,
    read_summary,
)
from hwnas.runs.verdict import verdict
from hwnas.spaces import Space


def summarize(
    export: Export,
    experiment: Experiment,
    latency: AnyLatency,
    result: RunSearch,
    seconds: float,
) -> Summary:
    """The figures of an export.

    Args:
        export: what was written and measured.
        experiment: of the run.
        latency: of its device.
        result: of its search.
        seconds: that the command took which exported.
    """
    dataset, device, space = experiment.dataset, experiment.device, experiment.space
    winner, reference, paired = Figures(**_figures(export.winner, experiment)), None, None
    published, like = experiment.published, reference_member(space)
    if export.reference is not None and published is not None:
        paired = Paired.of(export.winner.numbers.right, export.reference.numbers.right)
        reference = Reference(
            **_figures(export.reference, experiment),
            name=_name(experiment, like.reference or published.name),
            library=published.library,
        )
    measured, validation = export.winner.measured, latency.of(export.winner.network).validation
    replicate = None if validation is None else validation.replicate
    engine = export.winner.folder / f"model{SUFFIX}"
    return Summary(
        budget_ms=export.budget_ms,
        budgets={limit.name: limit.bound for limit in result.problem.every_limit},
        winner=winner,
        reference=reference,
        verdict=None if reference is None or paired is None else verdict(winner, reference, paired),
        weights_chosen=export.winner.chosen,
        accuracy_difference=None if paired is None else paired.difference,
        accuracy_difference_interval=None if paired is None else paired.interval,
        doubtful=export.doubtful,
        rejected=export.rejected,
        measured_warnings=() if measured is None else measured.warnings,
        onnx_max_abs_diff=export.winner.numbers.max_abs_diff,
        latency_model_mape=None if validation is None else validation.prediction.mape,
        replicate_mape=None if replicate is None else replicate.mape,
        searched_by=result.score_info.to_dict(),
        front_digest=result.digest,
        device=device.name,
        precision=device.precision,
        space=space.name,
        resolution=export.winner.network[0].resolution,
        images=dataset.name,
        train_images=len(dataset.train),
        validation_images=len(dataset.validation),
        test_images=len(dataset.test),
        skipped_images=len(dataset.skipped),
        balance=balance_of(dataset),
        model=str(export.winner.folder / "model.onnx"),
        engine=str(engine) if engine.is_file() else None,
        seconds=round(seconds, 1),
    )


def _name(experiment: Experiment, of_space: str) -> str:
    """What a config would call the reference."""
    pretrained = experiment.pretrained
    return of_space if pretrained is None else pretrained.network_name


def _figures(one: Exported, experiment: Experiment) -> dict[str, Any]:
    """The values of `Figures`."""
    precision, energy = experiment.device.precision, experiment.energy
    fp32 = None
    if precision != "fp32":
        ms = None if one.fp32 is None else one.fp32.ms
        fp32 = Fp32Figures(measured_ms=ms, accuracy=one.fp32_accuracy)
    return {
        "predicted_ms": one.predicted_ms,
        "measured_ms": None if one.measured is None else one.measured.ms,
        "median_ms": None if one.measured is None else one.measured.median,
        "accuracy": one.numbers.accuracy,
        "accuracy_interval": wilson(one.numbers.accuracy, len(experiment.dataset.test)),
        **_chosen(one.network, experiment.space),
        "macs": one.macs,
        "parameters": one.parameters,
        "weights_from": one.weights_from,
        "predicted_mj": None if energy is None else _predicted(energy, one),
        "measured_mj": one.measured_mj,
        "fp32": fp32,
        "further": {
            name: DeviceFigures(
                predicted_ms=on.timed.predicted_ms,
                measured_ms=on.timed.measured_ms,
                precision=on.precision,
                accuracy=on.accuracy,
            )
            for name, on in one.further.items()
        },
    }


def _chosen(network: Network, space: Space) -> dict[str, Any]:
    """The resolution and the width of a network, where these were a choice."""
    if len(space.members) == 1:
        return {}
    try:
        width: float | None = space.member(space.architecture(network)).width
    except ValueError:  # the reference, whose width is that of the member it is like
        width = reference_member(space).width
    return {"resolution": network[0].resolution, "width": width}


def _predicted(model: AnyEnergy, exported: Exported) -> float | None:
    """In mJ; None where the table lacks blocks of the network."""
    if model.missing(exported.network):
        return None
    return float(model.predict([exported.network])[0])


def stored_summary(folder: RunFolder, result: RunSearch) -> Summary | None:
    """The summary of a run whose present front was exported; None for none or another front's.

    Raises:
        RunError: it is damaged.
    """
    summary = read_summary(folder.summary_file)
    winner = folder.export_folder("winner")
    complete = (winner / "verification.json").is_file()
    if summary is None or not complete or summary.front_digest != result.digest:
        return None
    # The run may have been moved since.
    engine = winner / f"model{SUFFIX}"
    return summary.model_copy(
        update={
            "model": str(winner / "model.onnx"),
            "engine": str(engine) if engine.is_file() else None,
        }
    )
