"""`accuracy.source: predictor`: a regression fitted to the networks of known accuracy."""

from pathlib import Path

from devices.errors import AccuracyError
from hwnas.accuracy.csv_file import read_accuracies
from hwnas.accuracy.source import Judge, Origin, SpaceAccuracy
from hwnas.spaces.space import SearchSpace
from objectives.accuracy.predictor import PredictedAccuracy
from objectives.accuracy.regression import fit_regression


def predictor_judge(space: SearchSpace, path: Path) -> Judge:
    """A predictor fitted to a CSV of some networks of a space.

    Raises:
        AccuracyError: the file cannot be read, or has too few networks.
    """
    known = read_accuracies(path, space)
    try:
        regression = fit_regression(space.choice_counts, known.architectures, known.accuracies)
    except AccuracyError as error:
        raise AccuracyError(f"{path}: {error}; add more") from error
    predicted = PredictedAccuracy(regression, space.architecture)
    origin = Origin(
        "predictor", str(path), known.rows, regression.networks, regression.kind, regression.errors,
        resolution=known.stated.resolution, images=known.stated.images,
    )  # fmt: skip
    identity = {"accuracy source": "predictor", **known.identity(space)}
    return Judge(SpaceAccuracy(space, predicted), origin, identity)
