"""`accuracy.estimator: mixed`: a weighted sum of the scores of other estimators.

Lopes and Alexandre 2022 (LCMNAS, arXiv 2203.05508, "mixed-performance estimation") add .75 of a
score of the untrained network, the Jacobian covariance, to .25 of the accuracy after a short
training: the one tells what a network could learn, the other whether it does. Their scores happen
to be of one size; here each is put on the scale of a sample of the space first.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.mixed.references import REFERENCES, TRAINED_REFERENCES, References
from hwnas.estimators.registry import find_estimator
from hwnas.estimators.scores import Scores
from hwnas.spaces.space import Architectures

PARTS: Mapping[str, float] = {"jacob_cov": 0.75, "trained": 0.25}
"""The published ones."""

LEAST_PARTS = 2


class MixedEstimator(Estimator):
    """The sum of other scores, each in standard deviations among networks of the space.

    A score must not depend on which networks are asked for beside it, since they come one at a
    time, from several processes, and again when a search is resumed. So ranks among the judged ones
    will not do: a sample of the space is scored before, by every part, which `train` does.
    """

    name = "mixed"
    label = "mixed score"
    unit = "standard deviations"
    weights = "mixed.json"
    may_stop = False

    def __init__(self, parts: Mapping[str, float] | None = None) -> None:
        """Takes the parts.

        Args:
            parts: the weight of each estimator by its name; None for those of the paper.

        Raises:
            ConfigError: fewer than two, a weight that is not above 0, or an estimator that cannot
                be a part.
        """
        self.parts = dict(PARTS if parts is None else parts)
        if len(self.parts) < LEAST_PARTS:
            raise ConfigError(
                f"the estimator {self.name} has {len(self.parts)} parts and adds up at least "
                f"{LEAST_PARTS}; name them with their weights, as in parts: {dict(PARTS)}"
            )
        for name, weight in self.parts.items():
            if not (np.isfinite(weight) and weight > 0):
                raise ConfigError(
                    f"the weight of {shown(name)} is {weight:g}, and must be above 0; leave the "
                    "part out, or give it another weight"
                )
        self._estimators = {name: _part(name) for name in self.parts}
        every = self._estimators.values()
        self.needs_images = any(one.needs_images for one in every)
        self.seeded = any(one.seeded for one in every)
        self.trains_candidates = any(one.trains_candidates for one in every)
        self.families = all(one.families for one in every)

    @override
    def with_parts(self, parts: Mapping[str, float]) -> "MixedEstimator":
        return MixedEstimator(parts)

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        references = self._references(inputs)
        scales, made_of = references.scales()
        ready = self._ready(inputs) if inputs.seed else references.parts

        def of_canonical(architectures: Architectures) -> NDArray[np.float64]:
            total = np.zeros(len(architectures))
            for name, weight in self.parts.items():
                total += weight * scales[name](ready[name].of_canonical(architectures))
            return total

        identity = self.identity(inputs) | {"scales": made_of}
        for name, scores in ready.items():
            own = {f"{name}: {key}": text for key, text in scores.identity.items()}
            identity |= {f"weight of {name}": f"{self.parts[name]:g}", **own}
        return Scores(inputs.space, self.info(), identity, of_canonical)

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> None:
        """Scores the sample, or what is missing of it."""
        from hwnas.training.distributed import current_group

        if current_group().processes > 1:
            raise ConfigError(
                f"the estimator {self.name} scores its sample in one process; run 'hwnas train' "
                "without torchrun"
            )
        self._references(inputs).judge(listener)

    def _references(self, inputs: EstimatorInputs) -> References:
        """The sample, scored with one seed, whatever that of the scores is."""
        most = {
            name: TRAINED_REFERENCES if one.trains_candidates else REFERENCES
            for name, one in self._estimators.items()
        }
        parts = self._ready(replace(inputs, seed=0))
        return References(inputs.weights_file, inputs.space, parts, most)

    def _ready(self, inputs: EstimatorInputs) -> dict[str, Scores]:
        own = replace(inputs, weights=None, file=None, stop=None, teacher=None)
        return {name: one.scores(own) for name, one in self._estimators.items()}


def _part(name: str) -> Estimator:
    """An estimator that can be a part.

    Raises:
        ConfigError: there is none of that name, or it needs a file of its own.
    """
    found = find_estimator(name)
    if found.weights is not None or found.needs_file:
        what = "a CSV" if found.needs_file else "something that is trained before"
        raise ConfigError(
            f"{shown(name)} cannot be a part of mixed, since it needs {what}; name others, such as "
            "synflow, jacob_cov, macs or trained"
        )
    return found
