"""Experiment: what a config names, loaded once when it is first needed."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devices.device import Device, load_device
from devices.errors import BudgetError
from hwnas.data import ImageDataset, class_names, load_dataset
from hwnas.runs.config import RunConfig
from hwnas.search import Budget, SearchProblem, Trellis
from hwnas.search.exact import check_reachable_together
from hwnas.spaces import SearchSpace, load_space, reference_network
from latency.blocks import Network
from latency.measure import read_fingerprint
from latency.model import LatencyModel
from latency.profile import load_model, scope_name
from latency.table import LatencyTable
from objectives.costs import FILE_SIZE, MACS, PARAMETERS
from objectives.latency import latency_objective
from objectives.objective import AdditiveObjective, Constraint


@dataclass(frozen=True)
class Experiment:
    """The parts of one run, by its config."""

    config: RunConfig

    @cached_property
    def dataset(self) -> ImageDataset:
        """The images at the space's resolution."""
        data = self.config.data
        return load_dataset(
            data.source, resolution=self.space.resolution, strict=data.strict, limit=data.limit
        )

    @cached_property
    def space(self) -> SearchSpace:
        """The search space, with as many classes as the images have."""
        classes = len(class_names(self.config.data.source))
        return load_space(self.config.space, resolution=self.config.resolution, classes=classes)

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
        """The published network to compare with, at the same resolution and class count."""
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

    def constraints(self, latency: LatencyModel) -> list[Constraint[AdditiveObjective]]:
        """The budgets of the config, in their objectives' units.

        Raises:
            BudgetError: a budget refers to a reference network that the space does not name.
        """
        objectives: dict[str, AdditiveObjective] = {
            objective.name: objective
            for objective in (latency_objective(latency), MACS, PARAMETERS, FILE_SIZE)
        }
        constraints = []
        for budget in self.config.search.parsed_budgets():
            if budget.objective == "file_size" and self.device.precision != "fp32":
                raise BudgetError(
                    f"a file_size budget counts fp32 weights, and {self.device.name} gets "
                    f"{self.device.precision} ones; write a budget on params instead"
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


def table_path(named: str | None, device: Device) -> Path:
    """The latency table that was named, or the device's own under `tables/`."""
    return Path(named or f"tables/{device.name}.sqlite")


def reference_of(space: SearchSpace) -> Network | None:
    """The published network that a space names, at its resolution and class count."""
    if space.reference is None:
        return None
    return reference_network(space.reference, resolution=space.resolution, classes=space.classes)


def scope_of(space: SearchSpace) -> str:
    """Under which name a table keeps the latency model of a space."""
    return scope_name(space.name, space.resolution, space.classes)
