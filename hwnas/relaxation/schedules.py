"""Schedules of the architecture's learning rate, and when a snapshot of it is taken."""

import math
from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from hwnas.core.registry import Registry
from hwnas.relaxation.parts import Part


class Schedule(Part, ABC):
    """The share of the rate in each step of a training; a function of step and steps alone."""

    @abstractmethod
    def share(self, step: int, steps: int) -> float:
        """The share of the rate, from 0 to 1, in a step from 0 of so many."""

    def snapshots(self, steps: int) -> list[int]:
        """After which steps, of 0 to `steps` - 1, the architecture is kept; the last is one."""
        return [steps - 1]


class Constant(Schedule):
    """The whole rate from the first step to the last."""

    name: ClassVar[str] = "constant"

    @override
    def share(self, step: int, steps: int) -> float:
        return 1.0


class Cosine(Schedule):
    """Half a cosine from 1 to 0 (Loshchilov and Hutter 2017, arXiv 1608.03983)."""

    name: ClassVar[str] = "cosine"

    @override
    def share(self, step: int, steps: int) -> float:
        return (1 + math.cos(math.pi * step / steps)) / 2


class Cyclic(Schedule):
    """Half a cosine from 1 to 0, begun again in each cycle, whose end is a snapshot.

    After a restart the architecture moves on to other networks (PV-NAS, arXiv 2011.00826).

    Attributes:
        cycles: of about equal length; never more than there are steps.
    """

    name: ClassVar[str] = "cyclic"

    cycles: Annotated[int, Field(ge=1, le=10_000)] = 4

    @override
    def share(self, step: int, steps: int) -> float:
        begin, end = next(cycle for cycle in self._cycles(steps) if step < cycle[1])
        return (1 + math.cos(math.pi * (step - begin) / (end - begin))) / 2

    @override
    def snapshots(self, steps: int) -> list[int]:
        return [end - 1 for _, end in self._cycles(steps)]

    def _cycles(self, steps: int) -> list[tuple[int, int]]:
        """[begin, end) of each cycle."""
        number = min(self.cycles, steps)
        return [(i * steps // number, (i + 1) * steps // number) for i in range(number)]


SCHEDULES: Registry[type[Schedule]] = Registry(
    "schedule", "hwnas.schedules", {one.name: one for one in (Constant, Cosine, Cyclic)}
)
