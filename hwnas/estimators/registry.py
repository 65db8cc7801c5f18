"""The estimators by name: ours, and those of installed packages."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hwnas.core.errors import ConfigError
from hwnas.core.registry import Registry, brief

if TYPE_CHECKING:
    from hwnas.estimators.estimator import Estimator

SUPERNET = "supernet"
"""The estimator of a config that names none."""

POLICY = "policy"
"""The estimator of what drew a supernet's paths."""

SUPERNET_FILE = "supernet.safetensors"
"""The `weights` of every estimator whose training is that of a supernet."""

ESTIMATORS: "Registry[type[Estimator] | Estimator]" = Registry(
    "estimator",
    "hwnas.estimators",
    {
        SUPERNET: "hwnas.estimators.supernet.estimator:SupernetEstimator",
        "trained": "hwnas.estimators.candidates.estimator:TrainedEstimator",
        "table": "hwnas.estimators.table:TableEstimator",
        "predictor": "hwnas.estimators.predictor:PredictorEstimator",
        "synflow": "hwnas.estimators.synflow:SynFlowEstimator",
        "jacob_cov": "hwnas.estimators.jacob_cov:JacobianEstimator",
        "free_darts": "hwnas.estimators.free_darts.estimator:FREE_DARTS",
        "free_darts_snip": "hwnas.estimators.free_darts.estimator:FREE_DARTS_SNIP",
        "free_darts_grasp": "hwnas.estimators.free_darts.estimator:FREE_DARTS_GRASP",
        "mixed": "hwnas.estimators.mixed.estimator:MixedEstimator",
        "bn": "hwnas.estimators.bn:BatchNormEstimator",
        "blockwise": "hwnas.estimators.blockwise.estimator:BlockwiseEstimator",
        POLICY: "hwnas.estimators.supernet.policy:PolicyEstimator",
        "darts": "hwnas.estimators.relaxed.estimator:DARTS",
        "unas": "hwnas.estimators.relaxed.estimator:UNAS",
        "figs": "hwnas.estimators.gated.estimator:FIGS",
        "pruning": "hwnas.estimators.gated.estimator:PRUNING",
        "sparse": "hwnas.estimators.sparse.estimator:SPARSE",
        "macs": "hwnas.estimators.costs:MACS_ESTIMATOR",
        "params": "hwnas.estimators.costs:PARAMETERS_ESTIMATOR",
    },
)
"""Every estimator by the name that `accuracy.estimator` and `hwnas rank --estimator` call it."""


def find_estimator(
    estimator: "str | type[Estimator] | Estimator", parts: Mapping[str, float] | None = None
) -> "Estimator":
    """An estimator by its name; one that is given as a class or an object is taken as it is.

    Args:
        estimator: which one.
        parts: the weights of its parts by name; None for its own.

    Raises:
        ConfigError: there is none of that name, what a package brings is no estimator, a class
            cannot be made without arguments, or it has no such parts.
    """
    from hwnas.estimators.estimator import Estimator

    found = ESTIMATORS.load(estimator) if isinstance(estimator, str) else estimator
    named = isinstance(estimator, str)
    what = f"'{estimator}' ({ESTIMATORS.origin(str(estimator))})" if named else repr(estimator)
    try:
        made: object = found() if isinstance(found, type) else found
    except TypeError as error:  # methods that are missing, or arguments
        raise ConfigError(
            f"the estimator {what} cannot be made of its class: {brief(error)}; define what it "
            "lacks, or give an object of it"
        ) from error
    if not isinstance(made, Estimator):
        raise ConfigError(
            f"the estimator {what} is {type(made).__name__} instead of an Estimator; derive its "
            "class from hwnas.estimators.estimator.Estimator"
        )
    return made if parts is None else made.with_parts(parts)
