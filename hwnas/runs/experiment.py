"""Experiment: what a config names, loaded once when it is first needed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devices.device import Device, load_device
from devices.errors import BudgetError
from hwnas.data import ImageDataset, class_names, load_dataset
from hwnas.runs.config import RunConfig
from hwnas.runs.latencies import further_latency, scope_of, table_path
from hwnas.search import Budget, SearchProblem, Trellis
from hwnas.search.exact import check_reachable_together
from hwnas.spaces import SearchSpace, load_space, reference_network
from latency.blocks import Network
from latency.energy import require_gpu
from latency.energy_model import EnergyModel, load_energy
from latency.identity import read_fingerprint
from latency.model import LatencyModel
from latency.profile import load_model
from latency.table import LatencyTable
from objectives.costs import COSTS
from objectives.energy import energy_objective
from objectives.latency import latency_objective
from objectives.objective import BlockObjective, Constraint

# Budgets on what another precision has less of: what they count, and what to write instead.
_COUNTED_IN_FP32 = {
    "file_size": ("weights", "params"),
    "peak_memory": ("activations", "latency or macs"),
}


@dataclass(frozen=True)
class Experiment:
    """The parts of one run, by its config."""

    config: RunConfig

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
            data.source, resolution=self.space.resolution, strict=data.strict, limit=data.limit,
            progress=progress,
        )  # fmt: skip
        vars(self)["dataset"] = dataset  # where cached_property looks
        return dataset

    @cached_property
    def space(self) -> SearchSpace:
        """The search space, with as many classes as the images have; without any, its own."""
        data = self.config.data
        classes = len(class_names(data.source)) if data is not None else None
        return load_space(
            self.config.space,
            resolution=self.config.resolution,
            classes=classes,
            width=self.config.width,
        )

    @cached_property
    def device(self) -> Device:
        """Where latency counts."""
        return load_device(self.config.device)

    @cached_property
    def table_path(self) -> Path:
        """The latency table: the one named, or the device's own."""
        return table_path(self.config.table, self.device)

    @cached_property
    def reference(self) -> Network | None:
        """The published network to compare with, see `reference_of`."""
        return reference_of(self.space)

    def latency_model(self) -> LatencyModel:
        """The latency model that the table holds for this space, on this very device.

        Raises:
            TableError: there is no such table or model, or it is another device's.
        """
        return self._model(check_device=True)

    def stored_latency_model(self) -> LatencyModel:
        """The same without asking the device whether it still is the one that was measured."""
        return self._model(check_device=False)

    def _model(self, *, check_device: bool) -> LatencyModel:
        with LatencyTable.existing(self.table_path) as table:
            if check_device:
                table.bind(read_fingerprint(self.device))
            return load_model(table, scope_of(self.space), self.space.blocks())

    @cached_property
    def further_latencies(self) -> dict[str, LatencyModel]:
        """The latency model of each further device that a budget is on, by the budget's name.

        Raises:
            ConfigError, TableError: see `hwnas.runs.latencies.further_latency`.
        """
        budgets = self.config.search.parsed_budgets()
        return {
            budget.objective: further_latency(self.config, budget.device, self.space)
            for budget in budgets
            if budget.device is not None
        }

    @cached_property
    def energy(self) -> EnergyModel | None:
        """The energy model of the device's table; None without a budget on energy.

        Raises:
            DeviceError: it is no device that counts its energy.
            TableError: the table holds none for this space.
        """
        if "energy" not in self.config.search.budgets:
            return None
        require_gpu(self.device)
        with LatencyTable.existing(self.table_path) as table:
            return load_energy(table, scope_of(self.space), self.space.blocks())

    def constraints(self, latency: LatencyModel) -> list[Constraint[BlockObjective]]:
        """The budgets of the config, in their objectives' units.

        Raises:
            BudgetError: a budget refers to a reference network that the space does not name, or
                counts fp32 values on a device of another precision.
            ConfigError, TableError: see `further_latencies` and `energy`.
        """
        models = {"latency": latency, **self.further_latencies}
        objectives = COSTS | {name: latency_objective(m, name) for name, m in models.items()}
        if self.energy is not None:
            objectives |= {"energy": energy_objective(self.energy)}
        constraints = []
        for budget in self.config.search.parsed_budgets():
            counted = _COUNTED_IN_FP32.get(budget.objective)
            if counted and self.device.precision != "fp32":
                raise BudgetError(
                    f"a {budget.objective} budget counts fp32 {counted[0]}, and {self.device.name} "
                    f"gets {self.device.precision} ones; write a budget on {counted[1]} instead"
                )
            objective = objectives[budget.objective]
            # Imported timings may lack its blocks, which no other budget needs.
            reference = self.reference if budget.of_reference else None
            value = float(objective.evaluate([reference])[0]) if reference else None
            constraints.append(Constraint(objective, budget.bound(value)))
        return constraints

    def problem(self, latency: LatencyModel) -> SearchProblem:
        """The search problem: latency as the front's axis, and every budget.

        Raises:
            BudgetError: a budget is out of reach, or budgets are together, or one refers to a
                reference network that the space does not name.
        """
        problem = SearchProblem(
            self.space,
            Trellis.of(self.space, latency_objective(latency)),
            tuple(
                Budget(Trellis.of(self.space, constraint.objective), constraint.bound)
                for constraint in self.constraints(latency)
            ),
        )
        check_reachable_together(problem)
        return problem


def reference_of(space: SearchSpace) -> Network | None:
    """The published network that a space names, at its resolution, class count and width."""
    if space.reference is None:
        return None
    return reference_network(
        space.reference,
        resolution=space.resolution,
        classes=space.classes,
        width=space.width,
    )
