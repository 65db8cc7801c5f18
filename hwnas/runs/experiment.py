"""Experiment: what a config names, loaded once when it is first needed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from hwnas.core.errors import BudgetError, TableError
from hwnas.data import ImageDataset, load_dataset
from hwnas.devices.device import Device, Fingerprint
from hwnas.latency.anchors import anchors_of
from hwnas.latency.energy import require_gpu
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.model import LatencyModel
from hwnas.latency.profile import load_model
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Network, block_to_dict
from hwnas.objectives.budgets import ENERGY
from hwnas.objectives.measured import measured_objective
from hwnas.runs.config import Recipe, RunConfig
from hwnas.runs.inputs import HeldLatency
from hwnas.runs.latencies import further_latency, further_table, scope_of, table_path
from hwnas.runs.sources import NOTHING_HELD, Sources
from hwnas.search.make_problem import make_problem
from hwnas.search.problem import SearchProblem
from hwnas.spaces import Reference, SearchSpace, SpaceFamily, load_reference
from hwnas.spaces.config import make_space

# Budgets on what another precision has less of: what they count, and what to write instead.
_COUNTED_IN_FP32 = {
    "file_size": ("weights", "params"),
    "peak_memory": ("activations", "latency or macs"),
}


@dataclass(frozen=True)
class Experiment:
    """The parts of one run, by its config.

    Attributes:
        config: of the run.
        sources: where what it names is found; the working folder, where there is no run yet.
    """

    config: RunConfig
    sources: Sources = NOTHING_HELD

    @cached_property
    def dataset(self) -> ImageDataset:
        """The images at the space's resolution.

        Raises:
            ConfigError: the config does without images.
            DataError: images that cannot be used.
        """
        return self.read_images()

    def read_images(self, progress: Callable[[int, int], None] | None = None) -> ImageDataset:
        """Reads the images of `dataset` now.

        Args:
            progress: see `load_dataset`.

        Raises:
            ConfigError, DataError: see `dataset`.
        """
        data = self.config.data or self.config.recipe.data
        dataset = load_dataset(
            self.image_source,
            resolution=self.space.resolution,
            strict=data.strict,
            limit=data.limit,
            progress=progress,
        )
        vars(self)["dataset"] = dataset  # where cached_property looks
        return dataset

    @property
    def image_source(self) -> str:
        """Where the images are: a dataset's name, or a folder.

        Raises:
            ConfigError: the config does without images.
            DataError: the folder of the run's images is gone.
        """
        return self.sources.image_source((self.config.data or self.config.recipe.data).source)

    @property
    def images_read(self) -> str | None:
        """The fingerprint of the images; None where they were not read."""
        dataset: ImageDataset | None = vars(self).get("dataset")
        return None if dataset is None else dataset.fingerprint

    @cached_property
    def recipe(self) -> Recipe:
        """What weights come from, with the numbers that follow from the images.

        Raises:
            ConfigError, DataError: see `RunConfig.recipe` and `dataset`.
        """
        written = self.config.recipe  # refused before images are read
        return written.resolved(len(self.dataset.train), self.space.resolution)

    @cached_property
    def space(self) -> SearchSpace:
        """The search space, with as many classes as the images have; without any, its own."""
        data = self.config.data
        classes = len(self.sources.class_names(data.source)) if data is not None else None
        return make_space(
            self.sources.space(self.config.space),
            self.config.space,
            resolution=self.config.resolution,
            classes=classes,
            width=self.config.width,
        )

    @cached_property
    def device(self) -> Device:
        """Where latency counts."""
        return self.sources.device(self.config.device)

    @cached_property
    def table_path(self) -> Path:
        """The latency table: the one named, or the device's own."""
        return Path(self.sources.find(str(table_path(self.config.table, self.device))))

    @cached_property
    def reference(self) -> Network | None:
        """The published network to compare with, see `reference_of`."""
        return reference_of(self.space)

    @property
    def published(self) -> Reference | None:
        """The same with its library and its conventions."""
        return published_of(self.space)

    def latency_model(self) -> LatencyModel:
        """The latency model of the run, or of its table, for this space, on this very device.

        Raises:
            TableError: there is no such table or model, or it is another device's.
        """
        held = self._held_latency
        if held is None:
            with LatencyTable.existing(self.table_path) as table:
                table.bind(read_fingerprint(self.device))
                return load_model(table, scope_of(self.space), self.space.blocks())
        stored = held.fingerprint and Fingerprint.from_dict(held.fingerprint)
        difference = stored and stored.difference(read_fingerprint(self.device))
        if difference:
            raise TableError(
                f"{self.sources.run} was searched with the latencies of another device: "
                f"{difference}; continue on the machine that has that device"
            )
        return LatencyModel.from_dict(held.model)

    def stored_latency_model(self) -> LatencyModel:
        """The same without asking the device whether it still is the one that was measured."""
        return LatencyModel.from_dict(self.held_latency().model)

    @property
    def latency_fingerprint(self) -> Fingerprint | None:
        """Of the device that the latencies are of; None where they name none.

        Raises:
            TableError: see `stored_latency_model`.
        """
        stored = self.held_latency().fingerprint
        return None if stored is None else Fingerprint.from_dict(stored)

    def held_latency(self) -> HeldLatency:
        """The latency model with what it is from, for the run folder to hold.

        Raises:
            TableError: see `stored_latency_model`.
        """
        if self._held_latency is not None:
            return self._held_latency
        with LatencyTable.existing(self.table_path) as table:
            model = load_model(table, scope_of(self.space), self.space.blocks())
            of_device, speed, anchors = table.fingerprint, table.visits().speed, anchors_of(table)
        fingerprint = None if of_device is None else asdict(of_device)
        path = str(self.table_path.resolve())
        return HeldLatency(
            table=path,
            scope=scope_of(self.space),
            fingerprint=fingerprint,
            model=model.to_dict(),
            speed=None if speed is None else (speed.undisturbed, speed.usual),
            anchors=tuple((tuple(map(block_to_dict, a.network)), a.ms) for a in anchors),
        )

    @property
    def holds_latency(self) -> bool:
        """Whether the run itself has a latency model that counts, so that no table is needed."""
        return self._held_latency is not None

    @property
    def _held_latency(self) -> HeldLatency | None:
        return self.sources.latency(scope_of(self.space), self.table_path)

    def timing_cache(self) -> bytes:
        """What the device's runtime made of the timings, see `LatencyTable.cache`.

        Raises:
            RunError, TableError: it is gone, or damaged.
        """
        held = self.sources.timing_cache()
        if held and not self.table_path.is_file():
            return held
        with LatencyTable.existing(self.table_path) as table:
            return table.cache()

    @cached_property
    def further_latencies(self) -> dict[str, LatencyModel]:
        """The latency model of each further device that a budget is on, by the budget's name.

        Raises:
            ConfigError, TableError: see `hwnas.runs.latencies.further_latency`.
        """
        models = {}
        for budget in self.config.search.budgets.values():
            if budget.device is None:
                continue
            path = further_table(self.config, budget.device, self.sources)
            held = self.sources.further(budget.name, path)
            models[budget.name] = (
                further_latency(budget.device, path, self.space, self.sources)
                if held is None
                else LatencyModel.from_dict(held)
            )
        return models

    @cached_property
    def energy(self) -> EnergyModel | None:
        """The energy model of the device's table; None without a budget on energy.

        Raises:
            DeviceError: it is not a device that counts its energy.
            TableError: the table holds none for this space.
        """
        if ENERGY not in self.config.search.budgets:
            return None
        require_gpu(self.device)
        held = self.sources.energy(self.table_path)
        if held is not None:
            return EnergyModel.from_dict(held)
        with LatencyTable.existing(self.table_path) as table:
            return load_model(table, scope_of(self.space), self.space.blocks(), EnergyModel)

    def forget_latencies(self) -> None:
        """Has the models of further devices and of energy read anew when they are next needed."""
        for name in ("further_latencies", "energy"):
            vars(self).pop(name, None)

    def problem(self, latency: LatencyModel) -> SearchProblem:
        """The search problem: latency as the front's axis, and every budget.

        Raises:
            BudgetError: a budget is out of reach, or budgets are together; one refers to a
                reference network that the space does not name, or counts fp32 values on a device
                of another precision.
            ConfigError, TableError: see `further_latencies` and `energy`.
        """
        budgets = tuple(self.config.search.budgets.values())
        for budget in budgets:
            counted = _COUNTED_IN_FP32.get(budget.name)
            if counted and self.device.precision != "fp32":
                raise BudgetError(
                    f"a {budget.name} budget counts fp32 {counted[0]}, and {self.device.name} "
                    f"gets {self.device.precision} ones; write a budget on {counted[1]} instead"
                )
        measured = [measured_objective(m, name) for name, m in self.further_latencies.items()]
        if self.energy is not None:
            measured.append(measured_objective(self.energy))
        axis = measured_objective(latency)
        return make_problem(self.space, axis, budgets, measured, self.reference)


def reference_of(space: SearchSpace | SpaceFamily) -> Network | None:
    """The published network that a space names, at its resolution, class count and width.

    A family has members of several sizes, and hence none.
    """
    if isinstance(space, SpaceFamily):
        return None
    found = published_of(space)
    return None if found is None else found.network


def published_of(space: SearchSpace) -> Reference | None:
    """The same with what else belongs to it."""
    if space.reference is None:
        return None
    return load_reference(
        space.reference,
        resolution=space.resolution,
        classes=space.classes,
        width=space.width,
    )
