"""The last stage of a run: the best network of the front that really keeps the budget, as files."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from devices.errors import BudgetError
from hwnas.export.calibration import quantized
from hwnas.export.engine import CheckedEngine
from hwnas.export.verification import NumericalCheck, check_numbers, onnx_accuracy
from hwnas.export.writer import network_config, write_export
from hwnas.runs.config import WeightsFrom
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.on_device import Listener, OnDevice
from hwnas.runs.searching import SearchResult
from hwnas.runs.training import (
    TrainedSupernet,
    fine_tune,
    scratch_config,
    train_from_scratch,
    with_loss,
)
from hwnas.spaces import Architectures
from hwnas.supernet.evaluation import accuracy
from hwnas.supernet.folding import folded_weights
from hwnas.supernet.modules import NetworkModule
from latency.blocks import Network
from latency.graph import build_graph
from latency.half import to_half
from latency.model import LatencyModel
from latency.visits import Summary
from objectives.costs import MACS, PARAMETERS, PEAK_MEMORY

# How many networks of the front are measured side by side before one of them is fine-tuned.
SCREENED = 8


@dataclass(frozen=True)
class Exported:
    """A network that was trained, written, checked and, on a measurable device, measured.

    `weights_from` is what its training started from.
    """

    folder: Path
    network: Network
    weights_from: WeightsFrom
    predicted_ms: float | None
    measured: Summary | None
    test_accuracy: float
    validation_accuracy: float
    numbers: NumericalCheck
    macs: int
    parameters: int
    measured_mj: float | None = None


@dataclass(frozen=True)
class Export:
    """The winner, the reference, and the networks of the front that missed the budget."""

    budget_ms: float | None
    winner: Exported
    reference: Exported | None
    rejected: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    network: Network
    weights_from: WeightsFrom
    module: NetworkModule
    model: bytes
    numbers: NumericalCheck
    engine: CheckedEngine | None = None

    @property
    def shipped(self) -> bytes:
        """What runs on the device: the engine, where it has one built."""
        return self.model if self.engine is None else self.engine.built.content


class Exporter:
    """Takes the front from its most accurate network on, until one keeps the budget for real.

    On a device whose timings were imported nothing is measured, and predictions have the last word.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        latency: LatencyModel,
        trained: TrainedSupernet | None,
        result: SearchResult,
        listener: Listener,
    ) -> None:
        """Without a trained supernet the winner is trained from scratch."""
        self.experiment = experiment
        self.folder = folder
        self.latency = latency
        self.trained = trained
        self.result = result
        self.listener = listener
        bounds = [b.bound for b in result.problem.budgets if b.trellis.name == "latency"]
        self.budget_ms = min(bounds) if bounds else None
        energies = [b.bound for b in result.problem.budgets if b.trellis.name == "energy"]
        self._device = OnDevice(experiment, listener, min(energies) if energies else None)

    def export(self) -> Export:
        """Exports the winner, and beside it the space's reference network.

        Raises:
            BudgetError: no network of the front measures within the budget.
            DeviceError, TableError, RunError: see the stages; what was done is kept.
        """
        if not len(self.result.front.scores):
            raise BudgetError(
                "the search found no network within the budgets; allow more evaluations "
                "(search.evaluations) or a larger budget"
            )
        device = self.experiment.device
        if not device.measurable:
            self.listener.say(f"not measured: the timings of {device.name} were imported")
        reference = self._reference()
        if reference is not None:
            reference = self._built(reference, "reference")
        rejected: list[dict[str, Any]] = []
        for architecture, accurate, screened_ms in self._screened():
            network = self.experiment.space.network(architecture)
            if self._over_ms(screened_ms):
                rejected.append(self._reject_ms(network, accurate, screened_ms, "untrained"))
                continue
            used = self._device.energy(network, None, "untrained network")
            if _over_mj(used):
                rejected.append(self._reject_mj(accurate, used, "untrained"))
                continue
            candidate = self._built(self._train(architecture, accurate), "winner")
            measured = self._measure({"winner": candidate, "reference": reference})
            final = measured["winner"]
            if final is not None and self._over_ms(final.ms):
                rejected.append(self._reject_ms(network, accurate, final.ms, "exported"))
                continue
            used = self._device.energy(network, candidate.shipped, "winner")
            if _over_mj(used):
                rejected.append(self._reject_mj(accurate, used, "exported"))
                continue
            beside = self._reference_energy(reference)
            # From here on the summary of an earlier export would speak of other files.
            self.folder.summary_file.unlink(missing_ok=True)
            return Export(
                self.budget_ms,
                self._write("winner", candidate, final, used),
                self._write("reference", reference, measured["reference"], beside)
                if reference
                else None,
                rejected,
            )
        bounds = [] if self.budget_ms is None else [f"{self.budget_ms:.4g} ms"]
        bounds += [] if self._device.budget_mj is None else [f"{self._device.budget_mj:.4g} mJ"]
        raise BudgetError(
            f"none of the {len(rejected)} networks of the front measured within "
            f"{' and '.join(bounds)}; the machine may be busy: run the same command again, or "
            "search with a larger budget"
        )

    def _train(self, architecture: Architectures, accurate: float) -> _Candidate:
        network = self.experiment.space.network(architecture)
        of = f"a network of {self._told(accurate)}"
        if self.trained is None:
            with self.listener.progress(f"training {of} from scratch") as update:
                module = train_from_scratch(
                    network, self.experiment, self.folder, with_loss(update)
                )
            return self._candidate(network, "scratch", module)
        with self.listener.progress(f"fine-tuning {of}") as update:
            module = fine_tune(
                self.trained, architecture, self.experiment, self.folder, with_loss(update)
            )
        return self._candidate(network, "supernet", module)

    def _screened(self) -> Iterator[tuple[Architectures, float, float | None]]:
        """(architecture, its score, measured ms) from the best score down."""
        front = self.result.front
        order = np.argsort(-front.scores)
        if not self.experiment.device.measurable or self.budget_ms is None:
            for index in order:
                yield front.architectures[index], float(front.scores[index]), None
            return
        for start in range(0, len(order), SCREENED):
            part = order[start : start + SCREENED]
            networks = {
                str(index): self.experiment.space.network(front.architectures[index])
                for index in part
            }
            measured = self._device.screen(networks)
            for index in part:
                milliseconds = measured[str(index)]
                yield front.architectures[index], float(front.scores[index]), milliseconds

    def _told(self, score: float) -> str:
        origin = self.result.origin
        return f"{origin.text(score)} ({origin.label})"

    def _over_ms(self, milliseconds: float | None) -> TypeGuard[float]:
        bound = self.budget_ms
        return milliseconds is not None and bound is not None and milliseconds > bound

    def _reject_ms(
        self, network: Network, accurate: float, measured_ms: float, what: str
    ) -> dict[str, Any]:
        predicted = float(self.latency.predict([network])[0])
        self._say_rejected(accurate, predicted, measured_ms, self.budget_ms, "ms", what)
        return {
            self.result.origin.column: accurate,
            "predicted_ms": predicted,
            "measured_ms": measured_ms,
            "measured": what,
        }

    def _reject_mj(self, accurate: float, used: Mapping[str, Any], what: str) -> dict[str, Any]:
        predicted, found = used["predicted_mj"], used["measured_mj"]
        self._say_rejected(accurate, predicted, found, used["budget_mj"], "mJ", what)
        return {
            self.result.origin.column: accurate,
            "predicted_mj": predicted,
            "measured_mj": found,
            "measured": what,
        }

    def _say_rejected(
        self, accurate: float, predicted: float, found: float, bound: float | None, unit: str,
        what: str,
    ) -> None:  # fmt: skip
        self.listener.say(
            f"no winner: a network of {self._told(accurate)}, predicted at "
            f"{predicted:.4g} {unit}, measures {found:.4g} {unit} {what}, over the budget of "
            f"{bound:.4g} {unit}; trying the next of the front"
        )

    def _reference(self) -> _Candidate | None:
        network = self.experiment.reference
        recipe = self.experiment.config.recipe
        if network is None or not recipe.train.epochs + recipe.fine_tune.epochs:
            return None
        title = f"training the reference {self.experiment.space.reference} on as many images"
        if self.experiment.config.from_ofa is not None:
            title += ", but from random weights"
        with self.listener.progress(title) as update:
            module = train_from_scratch(network, self.experiment, self.folder, with_loss(update))
        return self._candidate(network, "scratch", module)

    def _candidate(
        self, network: Network, weights_from: WeightsFrom, module: NetworkModule
    ) -> _Candidate:
        device, dataset = self.experiment.device, self.experiment.dataset
        graph = build_graph(network, batch=device.batch, weights=folded_weights(module))
        model = graph.SerializeToString()
        numbers = check_numbers(model, module, dataset.test, batch=device.batch)
        if device.precision == "int8":
            model = quantized(graph, dataset.train, device.runtime).SerializeToString()
            correct = onnx_accuracy(model, dataset.test, batch=device.batch)
            numbers = replace(numbers, accuracy=correct)
        elif device.precision == "fp16":
            model = to_half(graph, first=True, last=True).SerializeToString()
            correct = onnx_accuracy(model, dataset.test, batch=device.batch)
            numbers = replace(numbers, accuracy=correct)
        return _Candidate(network, weights_from, module, model, numbers)

    def _measure(self, candidates: dict[str, _Candidate | None]) -> Mapping[str, Summary | None]:
        return self._device.latencies({n: c.shipped for n, c in candidates.items() if c})

    def _built(self, candidate: _Candidate, name: str) -> _Candidate:
        """A candidate with its engine, on a device that builds some."""
        return replace(candidate, engine=self._device.engine(candidate.model, name))

    def _reference_energy(self, reference: _Candidate | None) -> dict[str, Any]:
        if reference is None:
            return {}
        return self._device.energy(reference.network, reference.shipped, "reference")

    def _write(
        self, name: str, candidate: _Candidate, measured: Summary | None, energy: dict[str, Any]
    ) -> Exported:
        dataset = self.experiment.dataset
        known = not self.latency.missing(candidate.network)
        exported = Exported(
            folder=self.folder.export_folder(name),
            network=candidate.network,
            weights_from=candidate.weights_from,
            predicted_ms=float(self.latency.predict([candidate.network])[0]) if known else None,
            measured=measured,
            test_accuracy=accuracy(candidate.module, dataset.test),
            validation_accuracy=accuracy(candidate.module, dataset.validation),
            numbers=candidate.numbers,
            macs=int(MACS.evaluate([candidate.network])[0]),
            parameters=int(PARAMETERS.evaluate([candidate.network])[0]),
            measured_mj=energy.get("measured_mj"),
        )
        batch = self.experiment.device.batch
        write_export(
            exported.folder,
            model=candidate.model,
            state=candidate.module.state_dict(),
            config=network_config(
                candidate.network, dataset, batch=batch, training=self._training(candidate)
            ),
            verification={
                **self._verification(exported, candidate.engine),
                **({"energy": energy} if energy else {}),
            },
            engine={} if candidate.engine is None else candidate.engine.built.files,
        )
        return exported

    def _training(self, candidate: _Candidate) -> dict[str, Any]:
        recipe = self.experiment.config.recipe
        scratch = candidate.weights_from == "scratch"
        config = scratch_config(recipe) if scratch else recipe.fine_tune
        return {
            "weights_from": candidate.weights_from,
            "epochs": config.epochs,
            "images": len(self.experiment.dataset.train),
        }

    def _verification(self, exported: Exported, engine: CheckedEngine | None) -> dict[str, Any]:
        return {
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "precision": self.experiment.device.precision,
            "onnx_max_abs_diff": exported.numbers.max_abs_diff,
            "onnx_test_images": exported.numbers.images,
            **({} if engine is None else {"engine_difference": engine.difference}),
            "accuracy": {
                "test": exported.test_accuracy,
                "test_onnx": exported.numbers.accuracy,
                "validation": exported.validation_accuracy,
            },
            "macs": exported.macs,
            "parameters": exported.parameters,
            "peak_activation_bytes": int(PEAK_MEMORY.evaluate([exported.network])[0]),
            "latency": {
                "device": self.experiment.device.name,
                "budget_ms": self.budget_ms,
                "predicted_ms": exported.predicted_ms,
                "measured_ms": exported.measured and exported.measured.ms,
                "measured": exported.measured and asdict(exported.measured),
            },
        }


def _over_mj(used: Mapping[str, Any]) -> bool:
    """Whether an energy that could be measured is over its budget."""
    found = used.get("measured_mj")
    return found is not None and bool(found > used["budget_mj"])
