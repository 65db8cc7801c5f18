"""Where the scores that a search goes by come from, and what `hwnas rank` compares.

An estimator is one file and one line here; its module is imported when it is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwnas.estimators.source import Judge
    from hwnas.spaces.space import SearchSpace

SUPERNET = "supernet"
"""The estimator of a config that names none."""


@dataclass(frozen=True)
class Estimator:
    """What tells a good network from a bad one, what it needs for that, and what its score is.

    More is always better.

    Attributes:
        judge: module:function that makes its `Judge`. With `file`, it is called with (space, path),
            else with (experiment, folder, seed) of `hwnas.runs`.
        label: what a score is, for axes and headings; `{file}` stands for the CSV.
        unit: of a score.
        file: whether it reads the CSV of accuracies that `accuracy.file` names.
        images: whether it looks at images.
        weights: the file of a run folder that must have been trained; None where nothing is
            trained.
        training: module:function (experiment, folder, progress) of `hwnas.runs.additive` that this
            command calls for those weights; None for the supernet's.
        free: whether thousands of scores cost nothing: then `exact_front` searches them, exactly
            where they are sums, and searchers may judge more networks.
    """

    judge: str
    label: str
    unit: str = "%"
    file: bool = False
    images: bool = False
    weights: str | None = None
    training: str | None = None
    free: bool = False


ESTIMATORS: Mapping[str, Estimator] = {
    SUPERNET: Estimator(
        "hwnas.estimators.supernet:supernet_judge",
        "validation accuracy with supernet weights",
        images=True,
        weights="supernet.safetensors",
    ),
    "table": Estimator(
        "hwnas.estimators.table:table_judge", "accuracy in {file}", file=True, free=True
    ),
    "predictor": Estimator(
        "hwnas.estimators.predictor:predictor_judge",
        "accuracy predicted from {file}",
        file=True,
        free=True,
    ),
    "synflow": Estimator("hwnas.estimators.synflow:synflow_judge", "SynFlow", "log score"),
    "jacob_cov": Estimator(
        "hwnas.estimators.jacob_cov:jacob_cov_judge", "Jacobian covariance", "score", images=True
    ),
    "bn": Estimator(
        "hwnas.estimators.bn:bn_judge",
        "batch norm indicator, skips adding 0",
        "mean |γ|",
        images=True,
        weights="norms.safetensors",
        training="hwnas.runs.additive:train_norms",
        free=True,
    ),
    "blockwise": Estimator(
        "hwnas.estimators.blockwise:blockwise_judge",
        "block-wise rating",
        "minus relative error",
        weights="ratings.safetensors",
        training="hwnas.runs.additive:train_blockwise",
        free=True,
    ),
    "macs": Estimator("hwnas.estimators.costs:macs_judge", "MACs", "MACs", free=True),
    "params": Estimator(
        "hwnas.estimators.costs:params_judge", "parameters", "parameters", free=True
    ),
}
"""Every estimator by the name that `accuracy.source` and `hwnas rank --estimator` call it."""


def judge_function(name: str) -> Any:
    """The function that makes an estimator's judge, see `Estimator.judge`."""
    return _function(ESTIMATORS[name].judge)


def training_function(name: str) -> Any:
    """The function that trains an estimator's weights, see `Estimator.training`, or None."""
    training = ESTIMATORS[name].training
    return None if training is None else _function(training)


def _function(named: str) -> Any:
    module, attribute = named.split(":")
    return getattr(import_module(module), attribute)


def file_judge(source: str, space: "SearchSpace", path: Path) -> "Judge":
    """The judge of an estimator that reads a file.

    Raises:
        AccuracyError: the file cannot be used.
    """
    judge: Judge = judge_function(source)(space, path)
    return judge
