"""Gradient estimators by name: ours, and those of packages (entry points `hwnas.gradients`).

An estimator is one file and one line here; its module is imported when it is asked for.
"""

from collections.abc import Mapping
from typing import Any

from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.part_classes import class_of
from hwnas.core.registry import Registry
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.gradients.estimator import GradientEstimator, Loss, Step, Weights

__all__ = [
    "GRADIENTS",
    "GradientEstimator",
    "Loss",
    "Step",
    "Weights",
    "make_gradient",
    "parsed_gradient",
]

_HERE = "hwnas.relaxation.gradients"

GRADIENTS: Registry[type[GradientEstimator]] = Registry(
    "gradient estimator",
    "hwnas.gradients",
    {
        "softmax": f"{_HERE}.softmax:Softmax",
        "gumbel": f"{_HERE}.gumbel:Gumbel",
        "score_function": f"{_HERE}.score_function:ScoreFunction",
        "rebar": f"{_HERE}.rebar:Rebar",
    },
)


def make_gradient(
    gradient: str | type[GradientEstimator],
    chain: Chain,
    settings: Mapping[str, Any] | None = None,
) -> GradientEstimator:
    """A gradient estimator by its name or its class, its settings by name.

    Raises:
        ConfigError: there is no such estimator or setting.
    """
    found, chosen = parsed_gradient(gradient, settings)
    return found(chain, chosen)


def parsed_gradient(
    gradient: str | type[GradientEstimator], settings: Mapping[str, Any] | None = None
) -> tuple[type[GradientEstimator], StrictModel]:
    """The class of a gradient estimator and its settings, before there is a chain.

    Raises:
        ConfigError: there is no such estimator or setting.
    """
    found = class_of(GRADIENTS, gradient, GradientEstimator)
    return found, parse_config(dict(settings or {}), found.settings_model, found.name)
