"""summary.json: the figures of a finished run, the same in terminal, file and report."""

from typing import Any

from hwnas.runs.experiment import Experiment
from hwnas.runs.exporting import Export
from latency.model import LatencyModel


def summarize(
    export: Export, experiment: Experiment, latency: LatencyModel, seconds: float
) -> dict[str, Any]:
    """The figures of a run: ms, percent, MACs, parameters.

    `latency_model_mape` is the mean error in percent of the latency model on networks that it has
    not seen, `replicate_mape` that of measuring them twice; accuracies are on the test images.
    """
    winner, reference = export.winner, export.reference
    validation = latency.validation
    return {
        "budget_ms": export.budget_ms,
        "predicted_ms": winner.predicted_ms,
        "measured_ms": winner.measured.p10,
        "accuracy": winner.test_accuracy,
        "macs": winner.macs,
        "parameters": winner.parameters,
        "reference": experiment.space.reference,
        "reference_predicted_ms": reference and reference.predicted_ms,
        "reference_measured_ms": reference and reference.measured.p10,
        "reference_accuracy": reference and reference.test_accuracy,
        "reference_macs": reference and reference.macs,
        "reference_parameters": reference and reference.parameters,
        "onnx_max_abs_diff": winner.numbers.max_abs_diff,
        "latency_model_mape": validation and validation.prediction.mape,
        "replicate_mape": validation and validation.replicate.mape,
        "rejected": export.rejected,
        "model": str(winner.folder / "model.onnx"),
        "seconds": round(seconds, 1),
    }
