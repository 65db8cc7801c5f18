"""A trained, checked and measured network, written as files with all that is known of it."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hwnas.data import ImageDataset
from hwnas.devices.device import Device
from hwnas.export.card import model_card
from hwnas.export.for_device import DeviceFile
from hwnas.export.layout import MODEL, OPEN_BATCH, STALE
from hwnas.export.open_batch import check_open_batch, with_open_batch
from hwnas.export.verification import NumericalCheck
from hwnas.export.writer import network_config, source_files, write_export
from hwnas.latency.readings import Reading
from hwnas.latency.visits import LatencySummary
from hwnas.networks.blocks import Network
from hwnas.objectives.costs import MACS, PARAMETERS, PEAK_MEMORY
from hwnas.objectives.statistics.intervals import wilson
from hwnas.runs.candidates import Candidate
from hwnas.runs.experiment import Experiment
from hwnas.runs.export_config import StartedFrom
from hwnas.runs.folder import RunFolder
from hwnas.runs.measured_energy import UsedEnergy
from hwnas.runs.mistakes import mistakes_of
from hwnas.runs.places import OWN, MeasuredPlace
from hwnas.runs.training import whole_config
from hwnas.training.evaluation import accuracy


@dataclass(frozen=True)
class Timed:
    """The latency of an exported network on one device.

    Attributes:
        budget_ms: None for none.
        predicted_ms: None where the table lacks blocks of the network.
        reading: None where nothing was measured.
        before: of the untrained network, None where there is none.
        doubtful: why it is not known whether the budget is kept, a sentence; None where it is.
        problem: why nothing was measured, a sentence; "" where it was.
    """

    budget_ms: float | None
    predicted_ms: float | None
    reading: Reading | None = None
    before: Reading | None = None
    doubtful: str | None = None
    problem: str = ""

    @property
    def measured(self) -> LatencySummary | None:
        """The summary of what was measured."""
        return None if self.reading is None else self.reading.summary

    @property
    def measured_ms(self) -> float | None:
        """The latency that was measured."""
        return None if self.reading is None else self.reading.ms

    def to_dict(self) -> dict[str, Any]:
        """For `verification.json`."""
        return {
            "budget_ms": self.budget_ms,
            "predicted_ms": self.predicted_ms,
            "measured_ms": self.measured_ms,
            "measured": self.measured and asdict(self.measured),
            **({} if self.reading is None else {"reading": self.reading.to_dict()}),
            **({} if self.before is None else {"untrained_ms": self.before.ms}),
            "doubtful": self.doubtful,
            **({"not_measured": self.problem} if self.problem else {}),
        }


@dataclass(frozen=True)
class OnFurther:
    """An exported network on a further device: the file for it, its accuracy in %, its latency."""

    timed: Timed
    precision: str
    accuracy: float
    file: str


@dataclass(frozen=True)
class Exported:
    """A network that was trained, written, checked and, on a measurable device, measured.

    Attributes:
        weights_from: what its training started from.
        chosen: why that was taken, where it was trained both ways.
        timed: its latency on the run's own device.
        fp32: the latency of its fp32 file there, where that device runs another precision.
        fp32_numbers: that file on the test images.
        further: on further devices, by the names of their budgets.
    """

    folder: Path
    network: Network
    weights_from: StartedFrom
    chosen: str | None
    timed: Timed
    test_accuracy: float
    validation_accuracy: float
    numbers: NumericalCheck
    macs: int
    parameters: int
    measured_mj: float | None
    fp32: Reading | None
    fp32_numbers: NumericalCheck
    further: Mapping[str, OnFurther]

    @property
    def fp32_accuracy(self) -> float:
        """Of the fp32 file on the test images, in %."""
        return self.fp32_numbers.accuracy

    @property
    def predicted_ms(self) -> float | None:
        """On the run's own device."""
        return self.timed.predicted_ms

    @property
    def measured(self) -> LatencySummary | None:
        """On the run's own device."""
        return self.timed.measured


class ExportWriter:
    """Writes the exported networks of a run."""

    def __init__(
        self, experiment: Experiment, folder: RunFolder, places: list[MeasuredPlace]
    ) -> None:
        """Writes nothing yet."""
        self._experiment, self._folder, self._places = experiment, folder, places

    def write(
        self,
        name: str,
        candidate: Candidate,
        timed: Mapping[str, Timed],
        energy: UsedEnergy | None,
        fp32: Reading | None,
    ) -> Exported:
        """Writes a network's folder.

        Args:
            name: of the folder, "winner" or "reference".
            candidate: the network.
            timed: its latency by the name of each place.
            energy: what it uses, None without a budget on energy.
            fp32: of its fp32 file on the run's own device, None where it was not measured.

        Raises:
            HwnasError: a file cannot be written.
        """
        dataset, own = self._dataset(candidate), candidate.own
        exported = Exported(
            folder=self._folder.export_folder(name),
            network=candidate.network,
            weights_from=candidate.weights_from,
            chosen=candidate.chosen,
            timed=timed[OWN],
            test_accuracy=accuracy(candidate.module, dataset.test),
            validation_accuracy=accuracy(candidate.module, dataset.validation),
            numbers=own.numbers,
            macs=int(MACS.evaluate([candidate.network])[0]),
            parameters=int(PARAMETERS.evaluate([candidate.network])[0]),
            measured_mj=None if energy is None else energy.measured_mj,
            fp32=fp32,
            fp32_numbers=own.fp32_numbers,
            further={
                place.name: self._on_further(place, candidate, timed[place.name])
                for place in self._places
                if place.name
            },
        )
        config = network_config(
            candidate.network,
            dataset,
            batch=own.batch,
            training=self._training(candidate),
            conventions=candidate.module.conventions,
            image_input=self._experiment.config.export.input,
        )
        verification = self._verification(exported, candidate) | {"found": self._found(name)}
        verification |= {} if energy is None else {"energy": energy.to_dict()}
        sources = source_files(candidate.network, candidate.module.conventions)
        write_export(
            exported.folder,
            files=self._files(candidate) | sources,
            state=candidate.module.state_dict(),
            config=config,
            verification=verification,
            card=model_card(config, verification, self._experiment.config.export.license),
        )
        (exported.folder / STALE).unlink(missing_ok=True)
        return exported

    def _dataset(self, candidate: Candidate) -> ImageDataset:
        """The images at the network's own resolution."""
        return self._experiment.dataset_of(candidate.network)

    def _on_further(self, place: MeasuredPlace, candidate: Candidate, timed: Timed) -> OnFurther:
        made = candidate.files[place.name]
        return OnFurther(
            timed, made.precision, made.numbers.accuracy, self._file_name(place, candidate)
        )

    def _file_name(self, place: MeasuredPlace, candidate: Candidate) -> str:
        """Of the ONNX file for a place: the run's own, where that is the very same."""
        same = candidate.files[place.name].model == candidate.own.model
        return MODEL if same else f"{place.stem}.onnx"

    def _files(self, candidate: Candidate) -> dict[str, bytes]:
        """The models and engines of an export folder by their names."""
        own = candidate.own
        opened = with_open_batch(own.model)
        images = self._dataset(candidate).test.images
        check_open_batch(
            opened,
            own.model,
            images,
            batch=own.batch,
            precision=own.precision,
            conventions=candidate.module.conventions,
        )
        files = {MODEL: own.model, OPEN_BATCH: opened}
        if own.converted:
            files["model.fp32.onnx"] = own.fp32
        if candidate.mixed is not None and candidate.mixed.model is not None:
            files["model.mixed.onnx"] = candidate.mixed.model
        for place in self._places:
            made = candidate.files[place.name]
            files[self._file_name(place, candidate)] = made.model
            if made.engine is not None:
                built = made.engine.built.files
                files |= {f"{place.stem}{end}": content for end, content in built.items()}
        return files

    def _training(self, candidate: Candidate) -> dict[str, Any]:
        recipe = self._experiment.recipe_of(candidate.network)
        pretrained, tuned = self._experiment.pretrained, candidate.weights_from == "supernet"
        return {
            "weights_from": candidate.weights_from,
            "chosen": candidate.chosen,
            **({} if candidate.teacher is None else {"teacher": candidate.teacher}),
            "epochs": (recipe.fine_tune if tuned else whole_config(recipe)).epochs,
            "images": len(self._dataset(candidate).train),
            **({} if pretrained is None else {"pretrained": pretrained.network_name}),
        }

    def _found(self, name: str) -> dict[str, Any]:
        """How the network of a folder was found, for its card."""
        config = self._experiment.config
        return {
            "as": name,
            "space": self._experiment.space.name,
            "searchers": list(config.search.searchers),
            "estimator": config.accuracy.estimator,
            "budgets": {name: one.text for name, one in config.search.budgets.items()},
        }

    def _verification(self, exported: Exported, candidate: Candidate) -> dict[str, Any]:
        own, dataset = candidate.own, self._dataset(candidate)
        converted = {
            "fp32": {
                "file": "model.fp32.onnx",
                "accuracy": own.fp32_accuracy,
                "measured_ms": exported.fp32 and exported.fp32.ms,
                "measured": exported.fp32 and asdict(exported.fp32.summary),
            }
        }
        devices = {place.name: place.device for place in self._places}
        further = {
            name: {
                "file": one.file,
                "precision": one.precision,
                "accuracy": one.accuracy,
                **_int8(candidate.files[name]),
                **one.timed.to_dict(),
                "measured_by": _settings(devices[name]),
            }
            for name, one in exported.further.items()
        }
        return {
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "precision": own.precision,
            "onnx_max_abs_diff": exported.numbers.max_abs_diff,
            "onnx_test_images": exported.numbers.images,
            **({} if own.engine is None else {"engine_difference": own.engine.difference}),
            "accuracy": {
                "test": exported.test_accuracy,
                "test_onnx": exported.numbers.accuracy,
                "validation": exported.validation_accuracy,
                "interval": {
                    "test": wilson(exported.test_accuracy, len(dataset.test)),
                    "test_onnx": wilson(exported.numbers.accuracy, len(dataset.test)),
                    "validation": wilson(exported.validation_accuracy, len(dataset.validation)),
                },
            },
            "macs": exported.macs,
            "parameters": exported.parameters,
            "peak_activation_bytes": int(PEAK_MEMORY.evaluate([exported.network])[0]),
            "latency": {
                "device": self._experiment.device.name,
                **exported.timed.to_dict(),
                "measured_by": measured_by(self._experiment),
            },
            "images": {
                "name": dataset.name,
                "train": len(dataset.train),
                "validation": len(dataset.validation),
                "test": len(dataset.test),
            },
            **(converted if own.converted else {}),
            **_int8(own),
            **({} if candidate.mixed is None else {"mixed": candidate.mixed.to_dict()}),
            **({"further_devices": further} if further else {}),
            "mistakes": mistakes_of(exported.numbers.answers, dataset.test).to_dict(),
        }


def measured_by(experiment: Experiment) -> dict[str, Any]:
    """What latencies on a run's own device are of, for `verification.json`."""
    known = experiment.latency_fingerprint
    if known is None:
        return _settings(experiment.device)
    names = ("cpu", "cores", "runtime_version", "provider")
    return _settings(experiment.device) | {name: getattr(known, name) for name in names}


def _settings(device: Device) -> dict[str, Any]:
    names = ("runtime", "precision", "threads", "batch")
    return {name: getattr(device, name) for name in names}


def _int8(made: DeviceFile) -> dict[str, Any]:
    """How an int8 file was made; nothing of others."""
    return {} if made.int8 is None else {"int8": made.int8.to_dict()}
