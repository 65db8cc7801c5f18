"""summary.json: the figures of a finished run, the same in terminal, file and report."""

import json
from typing import Any

from hwnas.runs.experiment import Experiment
from hwnas.runs.exporting import Export
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import SearchResult
from latency.model import LatencyModel


def summarize(
    export: Export,
    experiment: Experiment,
    latency: LatencyModel,
    result: SearchResult,
    seconds: float,
) -> dict[str, Any]:
    """The figures of a run: ms (10 % quantiles where measured), percent, MACs, parameters.

    `latency_model_mape` is the mean error in percent of the latency model on networks that it has
    not seen, `replicate_mape` that of measuring them twice; accuracies are on the test images;
    `seconds` are those of the command that exported, `result` tells which front was exported.
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
        "result": result.digest,
        "model": str(winner.folder / "model.onnx"),
        "seconds": round(seconds, 1),
    }


def stored_summary(folder: RunFolder, result: SearchResult) -> dict[str, Any] | None:
    """The summary of a run whose present front was exported; None for none or another front's."""
    try:
        summary: dict[str, Any] = json.loads(folder.summary_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    complete = (folder.export_folder("winner") / "verification.json").is_file()
    return summary if complete and summary.get("result") == result.digest else None
