"""load_estimator: the scores of an estimator, without a run folder."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.errors import ConfigError
from hwnas.data import ImageDataset, load_dataset
from hwnas.data.entry_points import Dataset
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.registry import SUPERNET_FILE, find_estimator
from hwnas.estimators.scores import Scores
from hwnas.latency.family import AnyLatency
from hwnas.spaces.family import Space
from hwnas.training.train_config import TrainSettings

if TYPE_CHECKING:  # loads PyTorch
    from hwnas.supernet.pretrained import Pretrained

_Settings = TypeVar("_Settings", bound=StrictModel)


def load_estimator(
    estimator: str | type[Estimator] | Estimator,
    space: Space,
    *,
    file: str | Path | None = None,
    data: str | Path | Dataset | ImageDataset | None = None,
    weights: str | Path | None = None,
    pretrained: "str | Path | Pretrained | None" = None,
    training: TrainSettings | Mapping[str, Any] | None = None,
    stop: StopSettings | Mapping[str, Any] | None = None,
    latency: AnyLatency | None = None,
    seed: int = 0,
) -> Scores:
    """An estimator's scores of the networks of a space.

    Args:
        estimator: a name of `hwnas.estimators.ESTIMATORS`, or an estimator of your own.
        space: whose networks are scored; where images are needed, as many classes as these have.
        file: a CSV of known accuracies (`table`, `predictor`).
        data: images: the name of a dataset, a folder, a dataset of your own, or what
            `hwnas.data.load_dataset` gave.
        weights: the file that was trained for the estimator (`supernet`, `policy`, `bn`,
            `blockwise`), as it lies in a run folder.
        pretrained: the network that a supernet was made around, or that networks inherit from
            (`trained`): its file, or what `hwnas.supernet.pretrained.read_pretrained` gave.
        training: how every network is trained (`trained`): what `train` of a config may hold, as in
            `{"epochs": 5, "batch_size": 64}`.
        latency: a latency model of the space, whose logarithm is a feature, too (`predictor`).
        stop: when a training ends early in a search, as `accuracy.stop` of a config says it.
        seed: of scores that depend on one (`synflow`, `free_darts`, `jacob_cov`, `trained`).

    Raises:
        AccuracyError: the CSV cannot be used.
        ConfigError: there is no such estimator, what it needs is not given, or something that it
            does not need is.
        DataError: the images cannot be used.
        RunError: the weights cannot be used.
        TableError: the latency model is of another space.
    """
    found = find_estimator(estimator)
    if not isinstance(space, Space):
        raise ConfigError(
            f"the space is {type(space).__name__}; give a search space, as hwnas.load_space gives "
            "it"
        )
    found.check_space(space)
    for key, given, needed, kind, example in (
        ("file", file, found.needs_file, "a CSV of known accuracies", "known.csv"),
        ("data", data, found.needs_images, "images", "my_images"),
        ("weights", weights, found.weights is not None, "trained weights", found.weights),
        ("training", training, found.trains_candidates, "training settings", {"epochs": 5}),
    ):
        if needed and given is None:
            raise ConfigError(f"the estimator {found.name} needs {kind}: {key}={example!r}")
        if not needed and given is not None:
            raise ConfigError(f"the estimator {found.name} does not take {kind}; leave {key} out")
    if stop is not None and not (found.trains_candidates and found.may_stop):
        raise ConfigError(f"the estimator {found.name} trains nothing to stop; leave stop out")
    if pretrained is not None and not (
        found.weights == SUPERNET_FILE or found.takes_start or found.trains_candidates
    ):
        raise ConfigError(
            f"the estimator {found.name} does not take a pretrained network; leave pretrained out"
        )
    if latency is not None and not found.takes_latency:
        raise ConfigError(
            f"the estimator {found.name} does not take a latency model; leave latency out"
        )
    return found.scores(
        EstimatorInputs(
            space,
            seed=seed,
            file=None if file is None else Path(file),
            images=_loader(data, space.largest_resolution),
            images_at=None if isinstance(data, ImageDataset) else _loader_at(data),
            weights=None if weights is None else Path(weights),
            training=None if training is None else _settings(training, TrainSettings, "training"),
            stop=None if stop is None else _settings(stop, StopSettings, "stop"),
            pretrained=pretrained_of(pretrained),
            latency=None if latency is None else lambda: latency,
        )
    )


def pretrained_of(pretrained: "str | Path | Pretrained | None") -> "Pretrained | None":
    """A pretrained network that is named by its file, or given, or neither.

    Raises:
        ConfigError: see `hwnas.supernet.pretrained.read_pretrained`.
    """
    if pretrained is None:
        return None
    from hwnas.supernet.pretrained import Pretrained, read_pretrained

    if isinstance(pretrained, str | Path):
        return read_pretrained(pretrained)
    if isinstance(pretrained, Pretrained):
        return pretrained
    raise ConfigError(
        "pretrained must be a file of weights, or what hwnas.supernet.pretrained.read_pretrained "
        f"gave, and not of the type {type(pretrained).__name__}"
    )


def _settings(given: Any, kind: type[_Settings], name: str) -> _Settings:
    """Settings that are given as such, or as their keys and values.

    Raises:
        ConfigError: they are wrong.
    """
    if isinstance(given, kind):
        return given
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{name} must be a dictionary of settings, and not of the type {type(given).__name__}"
        )
    return parse_config(dict(given), kind, name)


def _loader(
    data: str | Path | Dataset | ImageDataset | None, resolution: int
) -> Callable[[], ImageDataset] | None:
    if isinstance(data, ImageDataset):
        return lambda: data
    load = _loader_at(data)
    return None if load is None else partial(load, resolution)


def _loader_at(data: str | Path | Dataset | None) -> Callable[[int], ImageDataset] | None:
    if data is None:
        return None
    source = str(data) if isinstance(data, Path) else data
    return lambda resolution: load_dataset(source, resolution=resolution)
