"""`accuracy.source: table`: every network of the space has a known accuracy."""

from pathlib import Path

from devices.errors import AccuracyError
from hwnas.accuracy.csv_file import read_accuracies
from hwnas.accuracy.source import Judge, Origin, SpaceAccuracy
from hwnas.spaces.space import SearchSpace
from objectives.accuracy.table import TableAccuracy


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
    networks = space.networks(known.architectures)
    table = TableAccuracy(dict(zip(networks, known.accuracies.tolist(), strict=True)))
    origin = Origin(
        "table", str(path), known.rows, count,
        resolution=known.stated.resolution, images=known.stated.images,
    )  # fmt: skip
    identity = {"accuracy source": "table", **known.identity(space)}
    return Judge(SpaceAccuracy(space, table), origin, identity)
