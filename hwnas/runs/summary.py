"""summary.json: the figures of a finished run, the same in terminal, file and report."""

from typing import Any

from hwnas.data import balance_of
from hwnas.devices.engine import SUFFIX
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.model import LatencyModel
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.experiment import Experiment
from hwnas.runs.exported import Exported
from hwnas.runs.exporting import Export
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import SearchResult
from hwnas.runs.summary_form import read_summary
from hwnas.runs.verdict import difference, intervals, verdict


def summarize(
    export: Export,
    experiment: Experiment,
    latency: LatencyModel,
    result: SearchResult,
    seconds: float,
) -> dict[str, Any]:
    """The figures of a run: ms (see `hwnas.latency.visits.Summary`), percent, MACs, parameters.

    Measured ones are None on a device whose timings were imported. `latency_model_mape` is the mean
    error in percent of the latency model on networks that it has not seen, `replicate_mape` that of
    measuring them twice; accuracies are those of the exported files on the test images; `seconds`
    are those of the command that exported, `front_digest` tells of which front the winner is.
    `weights_from` is what a network's training started from: the supernet's weights, or scratch;
    `weights_chosen` says why that was taken, where both ways were trained.
    `searched_by` says where the accuracies of the search are from; `predicted_ms@DEVICE`,
    `measured_ms@DEVICE` and `accuracy@DEVICE` are there for each further device that a budget is on
    (measured is None where it could not be reached), `predicted_mj` and `measured_mj` where one is
    on energy, `fp32_measured_ms` and `fp32_accuracy` where the device has another precision.
    `doubtful` has a sentence for each budget of which it is not known whether the winner keeps it.
    Intervals are of 95 %, in percent or points; `accuracy_difference` is the winner's less the
    reference's on the same test images, `verdict` says in a sentence what they can tell (see
    `hwnas.runs.verdict`). `balance` is how many images the classes have, see `hwnas.data.Balance`.
    """
    winner, reference = export.winner, export.reference
    further: dict[str, Any] = {}
    for prefix, one in (("", winner), ("reference_", reference)):
        if one is not None:
            further |= _on_devices(prefix, one, experiment)
    if experiment.energy is not None:
        further["predicted_mj"] = _predicted(experiment.energy, winner)
        further["measured_mj"] = winner.measured_mj
        if reference is not None:
            further["reference_predicted_mj"] = _predicted(experiment.energy, reference)
            further["reference_measured_mj"] = reference.measured_mj
    validation = latency.validation
    dataset = experiment.dataset
    paired = accurate = None
    if reference is not None:
        paired = Paired.of(winner.numbers.right, reference.numbers.right)
        accurate = reference.numbers.accuracy
    summary = {
        "budget_ms": export.budget_ms,
        "budgets": {b.name: b.bound for b in result.problem.every_limit},
        "predicted_ms": winner.predicted_ms,
        **further,
        "measured_ms": winner.measured and winner.measured.ms,
        "measured_median_ms": winner.measured and winner.measured.median,
        "measured_warnings": list(winner.measured.warnings) if winner.measured else [],
        "accuracy": winner.numbers.accuracy,
        **intervals(winner.numbers.accuracy, accurate, len(dataset.test)),
        **difference(paired),
        "weights_from": winner.weights_from,
        "weights_chosen": winner.chosen,
        "macs": winner.macs,
        "parameters": winner.parameters,
        "reference": reference and experiment.space.reference,
        "reference_library": reference and experiment.published and experiment.published.library,
        "reference_predicted_ms": reference and reference.predicted_ms,
        "reference_measured_ms": reference and reference.measured and reference.measured.ms,
        "reference_median_ms": reference and reference.measured and reference.measured.median,
        "reference_accuracy": accurate,
        "reference_weights_from": reference and reference.weights_from,
        "reference_macs": reference and reference.macs,
        "reference_parameters": reference and reference.parameters,
        "precision": experiment.device.precision,
        "onnx_max_abs_diff": winner.numbers.max_abs_diff,
        "latency_model_mape": validation and validation.prediction.mape,
        "replicate_mape": validation and validation.replicate and validation.replicate.mape,
        "searched_by": result.origin.to_dict(),
        "rejected": export.rejected,
        "doubtful": list(export.doubtful),
        "front_digest": result.digest,
        "device": experiment.device.name,
        "space": experiment.space.name,
        "resolution": experiment.space.resolution,
        "images": dataset.name,
        "train_images": len(dataset.train),
        "validation_images": len(dataset.validation),
        "test_images": len(dataset.test),
        "skipped_images": len(dataset.skipped),
        "balance": balance_of(dataset).to_dict(),
        "model": str(winner.folder / "model.onnx"),
        "engine": _engine(winner),
        "seconds": round(seconds, 1),
    }
    return summary | {"verdict": verdict(summary)}


def _on_devices(prefix: str, one: Exported, experiment: Experiment) -> dict[str, Any]:
    """The figures of further devices, and those of fp32 beside a lower precision."""
    found: dict[str, Any] = {}
    for name, on in one.further.items():
        found[f"{prefix}predicted_ms@{name}"] = on.timed.predicted_ms
        found[f"{prefix}measured_ms@{name}"] = on.timed.measured_ms
        if on.precision != experiment.device.precision:
            found[f"{prefix}accuracy@{name}"] = on.accuracy
            found[f"precision@{name}"] = on.precision
    if experiment.device.precision != "fp32":
        found[f"{prefix}fp32_measured_ms"] = one.fp32 and one.fp32.ms
        found[f"{prefix}fp32_accuracy"] = one.fp32_accuracy
    return found


def _engine(exported: Exported) -> str | None:
    """The engine beside the model, where the device builds some."""
    path = exported.folder / f"model{SUFFIX}"
    return str(path) if path.is_file() else None


def _predicted(model: EnergyModel, exported: Exported) -> float | None:
    """In mJ; None where the table lacks blocks of the network."""
    if model.missing(exported.network):
        return None
    return float(model.predict([exported.network])[0])


def stored_summary(folder: RunFolder, result: SearchResult) -> dict[str, Any] | None:
    """The summary of a run whose present front was exported; None for none or another front's.

    Raises:
        RunError: it is damaged.
    """
    summary = read_summary(folder.summary_file)
    complete = (folder.export_folder("winner") / "verification.json").is_file()
    if summary is None or not complete or summary["front_digest"] != result.digest:
        return None
    # The run may have been moved since.
    winner = folder.export_folder("winner")
    engine = winner / f"model{SUFFIX}"
    return summary | {
        "model": str(winner / "model.onnx"),
        "engine": str(engine) if engine.is_file() else None,
    }
