"""`accuracy.estimator: figs`, `pruning`: logits of gates, learnt by gradient beside weights.

A recipe is a name and settings of `hwnas.relaxation.settings.GateSettings`; a config changes some
by `accuracy.relaxation`.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from typing_extensions import override

from hwnas.core.configs import parse_config
from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError, RunError
from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed.training import check_one_process, image_parts, train_mixture
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.learnt_values import read_learnt_values
from hwnas.estimators.supernet.paths import budgets_text, problem_within
from hwnas.estimators.supernet.start import conventions_of, start_supernet
from hwnas.relaxation.chosen_parts import penalty_of, schedule_of
from hwnas.relaxation.gates import GATE_VALUES, Gates
from hwnas.relaxation.settings import GateSettings
from hwnas.supernet.gated import GatedSupernet
from hwnas.supernet.supernet import Supernet
from hwnas.training.auto import steps_of_epoch
from hwnas.training.trainer import TrainReport


class GatedEstimator(Estimator):
    """The sum of the logits of the channels that a network keeps, those of the largest first.

    A logit above 0 is that of a channel whose place in the network is worth its cost, so the best
    network without a budget has just those. A budget of the search is kept exactly.
    """

    unit = "nats"
    needs_images = True
    weights = "gates.safetensors"
    families = False
    free = True
    holds_budgets = True
    takes_start = True
    relaxation: GateSettings

    def __init__(self, name: str, label: str, **parts: Any) -> None:
        """Takes the name of a recipe, what its scores are, and what differs from the defaults."""
        self.name, self.label = name, label
        self._recipe: Mapping[str, Any] = parts
        self.relaxation = GateSettings.model_validate(parts)

    @override
    def with_relaxation(self, settings: Mapping[str, Any]) -> "GatedEstimator":
        found = copy(self)
        content = {**self._recipe, **settings}
        found.relaxation = parse_config(content, GateSettings, "relaxation")
        penalty_of(found.relaxation)
        schedule_of(found.relaxation)
        return found

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        space, path = inputs.one_space, inputs.weights_file
        supernet = Supernet(
            space,
            kernel_transforms=inputs.published is not None,
            conventions=conventions_of(inputs),
        )
        belongs_to = {"network": digest(GatedSupernet(supernet).identity)}
        if inputs.images is not None:
            belongs_to["images"] = image_parts(inputs, self.relaxation.images)[0].digest
        found = read_learnt_values(path, space, belongs_to, GATE_VALUES)
        if found is None or found.history is None:
            raise RunError(f"{path} holds no gates of {space.name}; train this one first")
        identity = {"gates": digest(np.concatenate(found.values).tobytes())}
        scores = self.of_values(inputs, found.values, identity)
        return replace(scores, value_history=found.history)

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> TrainReport:
        space, config = inputs.one_space, inputs.recipe
        check_one_process(self.name)
        images = image_parts(inputs, self.relaxation.images)
        budgets = tuple(config.budgets.values())
        if not budgets:
            raise ConfigError(
                f"{self.name} weighs channels against what they cost, and train.budgets names no "
                "cost; give one, as in 'budgets: {macs: 60 M}'"
            )
        steps = config.epochs * steps_of_epoch(config, len(images[0]))
        gates = Gates(space, problem_within(inputs, budgets), self.relaxation, steps)
        start = start_supernet(inputs)
        if start.text:
            listener.say(start.text)
        if start.warning is not None:
            listener.warn(start.warning)
        return train_mixture(
            inputs,
            GatedSupernet(start.supernet),
            gates,
            images,
            f"gated {self.relaxation.model_dump_json()} within {budgets_text(budgets)}",
            listener,
        )


FIGS = GatedEstimator("figs", "sum of gate logits by FiGS", gradient_temperature=1.0)
"""Noisy gates of a low temperature (Ghebremichael et al. 2020, FiGS, arXiv 2006.09581).

At the published temperature of 0.001 hardly any gate has a gradient in a step, so that within a few
thousand steps Adam follows the cost alone: the gradient is taken at a temperature of 1.
"""

PRUNING = GatedEstimator(
    "pruning",
    "sum of gate logits by pruning",
    temperature=0.0,
    gradient_temperature=1.0,
    noise=False,
)
"""Masks of two temperatures, one forward, one for the gradient (Colombo and Gao 2021, arXiv
2107.03375)."""
