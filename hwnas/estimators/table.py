"""`accuracy.source: table`: every network of the space has a known accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import AccuracyError
from hwnas.estimators.csv_file import read_accuracies
from hwnas.estimators.source import Judge, Origin
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Direction
from hwnas.search.exact.known_scores import ListedScore
from hwnas.spaces.space import Architectures, SearchSpace


@dataclass(frozen=True)
class TableAccuracy:
    """The accuracies that somebody measured, looked up; an `AccuracySource` and an Objective."""

    name: ClassVar[str] = "accuracy"
    unit: ClassVar[str] = "%"
    direction: ClassVar[Direction] = "maximize"

    space: SearchSpace
    known: ListedScore

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks of the space, in percent."""
        return self.evaluate_architectures(self.space.architectures(networks))

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies of a population (N, L), in percent."""
        return self.known.evaluate(self.space.canonical(architectures))


def table_judge(space: SearchSpace, path: Path) -> Judge:
    """A CSV of all networks of a space.

    Raises:
        AccuracyError: the file cannot be read, or lacks networks.
    """
    known = read_accuracies(path, space)
    count = len(known.accuracies)
    if count != space.size:
        size = f"{space.size:,}" if space.size < 10**7 else f"{space.size:.3g}"
        raise AccuracyError(
            f"{path} has {count:,} of the {size} networks of {space.name}; use accuracy.source: "
            "predictor, which learns from those, or add the others"
        )
    listed = ListedScore(known.architectures, known.accuracies)
    origin = Origin(
        "table",
        str(path),
        known.rows,
        count,
        resolution=known.stated.resolution,
        images=known.stated.images,
    )
    identity = {"accuracy source": "table", **known.identity(space)}
    return Judge(TableAccuracy(space, listed), origin, identity, listed)
