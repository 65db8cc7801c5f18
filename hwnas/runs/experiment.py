"""Experiment: what a config names, loaded once when it is first needed."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.core.errors import BudgetError, TableError
from hwnas.core.foreign_text import shown
from hwnas.data import ImageDataset, load_dataset
from hwnas.data.resolutions import check_same_images, fingerprint_of
from hwnas.devices.device import Device, Fingerprint
from hwnas.latency.anchors import anchors_of
from hwnas.latency.energy import require_gpu
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import AnyEnergy, AnyLatency, read_model
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.model import LatencyModel
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Network, block_to_dict
from hwnas.objectives.budgets import ENERGY, LATENCY, Budget, device_of
from hwnas.objectives.costs import MACS
from hwnas.objectives.measured import measured_objective
from hwnas.runs.config import Recipe, RunConfig
from hwnas.runs.inputs import HeldLatency
from hwnas.runs.latencies import (
    further_latency,
    further_table,
    model_of,
    scope_text,
    table_path,
)
from hwnas.runs.sources import NOTHING_HELD, Sources
from hwnas.search.make_problem import make_problem
from hwnas.search.problem import SearchProblem
from hwnas.spaces import Reference, SearchSpace, Space
from hwnas.spaces.choices_file import with_choices
from hwnas.spaces.config import make_space
from hwnas.spaces.containing import architecture_in, architectures_in
from hwnas.spaces.loading import one_or_family
from hwnas.spaces.references.of_space import published_of

if TYPE_CHECKING:  # loads PyTorch
    from hwnas.supernet.pretrained import Pretrained

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

    @property
    def dataset(self) -> ImageDataset:
        """The images at the space's resolution; at the largest of several.

        Raises:
            ConfigError: the config does without images.
            DataError: images that cannot be used.
        """
        return self.dataset_at(self.space.largest_resolution)

    def dataset_at(self, resolution: int) -> ImageDataset:
        """The images at one of the space's resolutions.

        Raises:
            ConfigError: the config does without images.
            DataError: images that cannot be used, or that are others than at the largest.
        """
        if resolution not in self._datasets:
            self._read_images(resolution)
        return self._datasets[resolution]

    def dataset_of(self, network: Network) -> ImageDataset:
        """The images at the resolution of a network, see `dataset_at`."""
        return self.dataset_at(network[0].resolution)

    def read_images(self, progress: Callable[[int, int], None] | None = None) -> ImageDataset:
        """Reads the images at every resolution now.

        Args:
            progress: see `load_dataset`; of several resolutions it begins anew for each.

        Returns:
            Those of `dataset`.

        Raises:
            ConfigError, DataError: see `dataset_at`.
        """
        for resolution in reversed(self.space.resolutions):
            self._read_images(resolution, progress)
        return self.dataset

    def _read_images(
        self, resolution: int, progress: Callable[[int, int], None] | None = None
    ) -> None:
        data = self.config.data or self.config.recipe.data
        dataset = load_dataset(
            self.image_source,
            resolution=resolution,
            strict=data.strict,
            limit=data.limit,
            progress=progress,
        )
        if resolution != self.space.largest_resolution:
            check_same_images(dataset, self.dataset)
        self._datasets[resolution] = dataset

    @cached_property
    def _datasets(self) -> dict[int, ImageDataset]:
        """The images by their resolution, as far as they were read."""
        return {}

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
        """The fingerprint of the images at every resolution; None where they were not read."""
        resolutions = self.space.resolutions
        if not set(resolutions) <= self._datasets.keys():
            return None
        return fingerprint_of([self._datasets[one] for one in resolutions])

    @property
    def recipe(self) -> Recipe:
        """What weights come from, with the numbers that follow from the images.

        Raises:
            ConfigError, DataError: see `RunConfig.recipe` and `dataset`.
        """
        return self.recipe_at(self.space.largest_resolution)

    def recipe_of(self, network: Network) -> Recipe:
        """The same for a single network, at its own resolution.

        Raises:
            ConfigError, DataError: see `RunConfig.recipe` and `dataset`.
        """
        return self.recipe_at(network[0].resolution)

    def recipe_at(self, resolution: int) -> Recipe:
        """The same for single networks of one of the space's resolutions."""
        written = self.config.recipe  # refused before images are read
        return written.resolved(len(self.dataset.train), resolution)

    @cached_property
    def pretrained(self) -> "Pretrained | None":
        """The network that the supernet starts from, with its weights; None for random ones.

        Raises:
            ConfigError, RunError: see `Sources.pretrained`.
        """
        named = self.config.pretrained
        return None if named is None else self.sources.pretrained(named)

    @cached_property
    def space(self) -> Space:
        """The search space, with as many classes as the images have; without any, its own.

        Of several resolutions or widths a family.

        Raises:
            ConfigError: it is wrong, or does not contain the pretrained network.
        """
        config, data, pretrained = self.config, self.config.data, self.pretrained
        classes = len(self.sources.class_names(data.source)) if data is not None else None
        content = self.sources.space(config.space_name)

        def make(resolution: int | None, width: float | None) -> SearchSpace:
            return make_space(
                content,
                config.space_name,
                resolution=resolution,
                classes=classes,
                width=width,
                pretrained=pretrained,
                expansion_step=config.expansion_step,
            )

        space = one_or_family(make, config.space_name, config.resolution, config.width)
        if config.choices is not None:
            kept = self.sources.choices(config.choices)
            space = with_choices(space, kept, shown(config.choices))
        if pretrained is not None:
            name = f"{pretrained.network_name} ({shown(pretrained.source)})"
            architecture_in(space, pretrained.blocks, name)
        return space

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
        """The published network to compare with: the pretrained one, or see `reference_of`."""
        published = self.published
        return None if published is None else published.network

    @property
    def published(self) -> Reference | None:
        """The same with its library and its conventions."""
        if self.pretrained is None:
            return published_of(self.space)
        library, _, name = self.pretrained.network_name.rpartition("/")
        network = self.pretrained.network(self.space.largest_resolution, self.space.classes)
        return Reference(name, library, network, self.pretrained.conventions)

    def latency_model(self) -> AnyLatency:
        """The latency model of the run, or of its table, for this space, on this very device.

        Raises:
            TableError: there is no such table or model, or it is another device's.
        """
        held = self._held_latency
        if held is None:
            with LatencyTable.existing(self.table_path) as table:
                table.bind(read_fingerprint(self.device))
                return model_of(table, self.space, LatencyModel)
        stored = held.fingerprint and Fingerprint.from_dict(held.fingerprint)
        difference = stored and stored.difference(read_fingerprint(self.device))
        if difference:
            raise TableError(
                f"{self.sources.run} was searched with the latencies of another device: "
                f"{difference}; continue on the machine that has that device"
            )
        return read_model(LatencyModel, held.model)

    def stored_latency_model(self) -> AnyLatency:
        """The same without asking the device whether it still is the one that was measured."""
        return read_model(LatencyModel, self.held_latency().model)

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
            model = model_of(table, self.space, LatencyModel)
            of_device, speed, anchors = table.fingerprint, table.visits().speed, anchors_of(table)
        fingerprint = None if of_device is None else asdict(of_device)
        path = str(self.table_path.resolve())
        return HeldLatency(
            table=path,
            scope=scope_text(self.space),
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
        return self.sources.latency(scope_text(self.space), self.table_path)

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
    def further_latencies(self) -> dict[str, AnyLatency]:
        """The latency model of each further device that a search asks for, by the cost's name.

        Budgets ask for them, and objectives of searchers.

        Raises:
            ConfigError, TableError: see `hwnas.runs.latencies.further_latency`.
        """
        models = {}
        for device in self.config.search.further_devices:
            name = f"{LATENCY}@{device}"
            path = further_table(self.config, device, self.sources)
            held = self.sources.further(name, path)
            models[name] = (
                further_latency(device, path, self.space, self.sources)
                if held is None
                else read_model(LatencyModel, held)
            )
        return models

    @cached_property
    def energy(self) -> AnyEnergy | None:
        """The energy model of the device's table; None where no search asks for it.

        Raises:
            DeviceError: it is not a device that counts its energy.
            TableError: the table holds none for this space.
        """
        if ENERGY not in self.config.search.costs:
            return None
        require_gpu(self.device)
        held = self.sources.energy(self.table_path)
        if held is not None:
            return read_model(EnergyModel, held)
        with LatencyTable.existing(self.table_path) as table:
            return model_of(table, self.space, EnergyModel)

    def forget_latencies(self) -> None:
        """Has the models of further devices and of energy read anew when they are next needed."""
        for name in ("further_latencies", "energy"):
            vars(self).pop(name, None)

    def problem_within(self, budgets: Sequence[Budget]) -> SearchProblem:
        """The problem of some budgets, on counted costs and on latencies of the run's devices.

        Raises:
            BudgetError: see `problem`.
            ConfigError, TableError: a budget is on latency, and there is no latency model.
        """
        asked = {budget.name for budget in budgets}
        measured = [measured_objective(self.stored_latency_model())] if LATENCY in asked else []
        if any(device_of(name) is not None for name in asked):
            further = self.further_latencies.items()
            measured += [measured_objective(model, name) for name, model in further]
        return make_problem(self.space, MACS, budgets, measured, self.reference)

    def problem(self, latency: AnyLatency) -> SearchProblem:
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
        problem = make_problem(self.space, axis, budgets, measured, self.reference)
        if self.pretrained is None:
            return problem
        return replace(problem, start=architectures_in(self.space, self.pretrained.blocks))
