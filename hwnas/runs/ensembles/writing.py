"""The folder of an exported ensemble."""

import time
from pathlib import Path
from typing import Any

from hwnas.export.ensemble import ensemble_config
from hwnas.export.for_device import DeviceFile
from hwnas.export.layout import ENSEMBLE, MODEL, OPEN_BATCH, STALE
from hwnas.export.open_batch import check_open_batch, with_open_batch
from hwnas.export.writer import write_export
from hwnas.networks.ensemble_module import EnsembleModule
from hwnas.runs.ensembles.form import EnsembleSummary
from hwnas.runs.experiment import Experiment
from hwnas.runs.exported import Timed, measured_by
from hwnas.runs.mistakes import mistakes_of


def write_ensemble(
    folder: Path,
    experiment: Experiment,
    module: EnsembleModule,
    made: DeviceFile,
    timed: Timed,
    summary: EnsembleSummary,
) -> None:
    """Writes model, weights, `config.json`, `ensemble.json`, and `verification.json` at the end.

    Args:
        folder: where.
        experiment: of the run.
        module: the ensemble.
        made: its file for the run's device.
        timed: its latency there.
        summary: what is known of it.

    Raises:
        HwnasError: a file cannot be written, or the file for any batch computes something else.
    """
    dataset = experiment.dataset_at(module.ensemble.first.resolution)
    opened = with_open_batch(made.model)
    check_open_batch(
        opened,
        made.model,
        dataset.test.images,
        batch=made.batch,
        precision=made.precision,
        conventions=module.conventions,
    )
    files = {MODEL: made.model, OPEN_BATCH: opened, ENSEMBLE: summary.to_json().encode()}
    if made.converted:
        files["model.fp32.onnx"] = made.fp32
    if made.engine is not None:
        files |= {f"model{end}": content for end, content in made.engine.built.files.items()}
    config = ensemble_config(
        module, dataset, batch=made.batch, image_input=experiment.config.export.input
    )
    (folder / STALE).unlink(missing_ok=True)
    write_export(
        folder,
        files=files,
        state=module.state_dict(),
        config=config,
        verification=_verification(experiment, module, made, timed, summary),
    )


def _verification(
    experiment: Experiment,
    module: EnsembleModule,
    made: DeviceFile,
    timed: Timed,
    summary: EnsembleSummary,
) -> dict[str, Any]:
    dataset = experiment.dataset_at(module.ensemble.first.resolution)
    one = summary.ensemble
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "precision": made.precision,
        "onnx_max_abs_diff": made.numbers.max_abs_diff,
        "onnx_test_images": made.numbers.images,
        **({} if made.engine is None else {"engine_difference": made.engine.difference}),
        "accuracy": {
            "test_onnx": made.numbers.accuracy,
            "test_fp32": made.fp32_accuracy,
            "interval": {"test_onnx": one.accuracy_interval},
        },
        "macs": one.macs,
        "parameters": one.parameters,
        "latency": {
            "device": experiment.device.name,
            **timed.to_dict(),
            "measured_by": measured_by(experiment),
        },
        "images": {
            "name": dataset.name,
            "train": len(dataset.train),
            "validation": len(dataset.validation),
            "test": len(dataset.test),
        },
        **({} if made.int8 is None else {"int8": made.int8.to_dict()}),
        "single": summary.single.model_dump(mode="json"),
        "mistakes": mistakes_of(made.numbers.answers, dataset.test).to_dict(),
    }
