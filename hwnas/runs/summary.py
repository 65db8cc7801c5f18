"""Summing up an export: what `summary.json` holds."""

from typing import Any

from hwnas.data import balance_of
from hwnas.latency.family import AnyEnergy, AnyLatency
from hwnas.networks.blocks import Network
from hwnas.networks.ids import network_id
from hwnas.objectives.budgets import LATENCY
from hwnas.objectives.statistics.intervals import Paired, wilson
from hwnas.runs.experiment import Experiment
from hwnas.runs.exported import Exported
from hwnas.runs.exporting import Export, ExportedPick
from hwnas.runs.picks import Pick
from hwnas.runs.searching import RunSearch
from hwnas.runs.stored_summary import files_of
from hwnas.runs.summary_form import (
    DeviceFigures,
    ExportSummary,
    Figures,
    Fp32Figures,
    Picked,
    Reference,
    Summary,
)
from hwnas.runs.verdict import verdict
from hwnas.spaces import Space
from hwnas.spaces.references.of_space import reference_member


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
    winner, paired = Figures(**_figures(export.winner, experiment)), None
    reference = reference_figures(export.reference, experiment)
    if export.reference is not None and reference is not None:
        paired = Paired.of(export.winner.numbers.right, export.reference.numbers.right)
    measured, validation = export.winner.measured, latency.of(export.winner.network).validation
    replicate = None if validation is None else validation.replicate
    model, engine = files_of(export.winner.folder)
    return Summary(
        **_of_any(experiment, result, export.budget_ms, seconds),
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
        resolution=export.winner.network[0].resolution,
        model=str(model),
        engine=None if engine is None else str(engine),
    )


def summarize_pick(
    pick: Pick,
    made: ExportedPick,
    experiment: Experiment,
    result: RunSearch,
    known: Reference | None,
    seconds: float,
) -> tuple[Picked, ExportSummary]:
    """The figures of a network that was picked, and the summary of a run that has nothing else.

    Args:
        pick: the network.
        made: what was written and measured of it.
        experiment: of the run.
        result: of its search.
        known: the figures of the reference, where it was exported before.
        seconds: that the command took until now.
    """
    reference = known or reference_figures(made.reference, experiment)
    figures, compared = Figures(**_figures(made.exported, experiment)), None
    if reference is not None and made.paired is not None:
        then = reference.model_copy(update={"measured_ms": made.reference_ms})
        compared = verdict(figures, then, made.paired)
    row = Picked(
        id=pick.id,
        asked=pick.asked,
        architecture=pick.numbers,
        folder=made.exported.folder.name,
        score=pick.score,
        over=made.over,
        doubtful=made.doubtful,
        verdict=compared,
        weights_chosen=made.exported.chosen,
        reference_ms=made.reference_ms,
        onnx_max_abs_diff=made.exported.numbers.max_abs_diff,
        figures=figures,
    )
    bound = result.problem.bound(LATENCY)
    alone = ExportSummary(**_of_any(experiment, result, bound, seconds), reference=reference)
    return row, alone


def reference_figures(one: Exported | None, experiment: Experiment) -> Reference | None:
    """The figures of the reference; None where there is none."""
    published, like = experiment.published, reference_member(experiment.space)
    if one is None or published is None:
        return None
    return Reference(
        **_figures(one, experiment),
        name=_name(experiment, like.reference or published.name),
        library=published.library,
    )


def _of_any(
    experiment: Experiment, result: RunSearch, budget_ms: float | None, seconds: float
) -> dict[str, Any]:
    """What a summary says with or without a winner."""
    dataset, device = experiment.dataset, experiment.device
    return {
        "budget_ms": budget_ms,
        "budgets": {limit.name: limit.bound for limit in result.problem.every_limit},
        "searched_by": result.score_info.to_dict(),
        "front_digest": result.digest,
        "device": device.name,
        "precision": device.precision,
        "space": experiment.space.name,
        "images": dataset.name,
        "train_images": len(dataset.train),
        "validation_images": len(dataset.validation),
        "test_images": len(dataset.test),
        "skipped_images": len(dataset.skipped),
        "balance": balance_of(dataset),
        "seconds": round(seconds, 1),
    }


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
        "id": network_id(one.network),
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
        "settings": experiment.config.export.digest,
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
