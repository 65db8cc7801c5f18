"""`accuracy.estimator: darts`, `unas`: logits of choices, learnt by gradient beside weights.

A recipe is a name and the parts of `hwnas.relaxation` that it combines; a config changes some by
`accuracy.relaxation`.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.core.configs import parse_config
from hwnas.core.digests import digest
from hwnas.core.errors import RunError
from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed.judged_choices import (
    JudgedChoices,
    judge_choices,
    what_values_are_of,
)
from hwnas.estimators.relaxed.memory import check_memory
from hwnas.estimators.relaxed.training import check_one_process, image_parts, train_mixture
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.learnt_values import read_learnt_values
from hwnas.estimators.supernet.paths import budgets_text, problem_within
from hwnas.relaxation.architecture import LOGITS, Architecture
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.chosen_parts import check_parts, selector_of
from hwnas.relaxation.selectors import Selector
from hwnas.relaxation.settings import RelaxationSettings
from hwnas.search.exact.effects import effects_of
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.history import ValueHistory
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.auto import steps_of_epoch
from hwnas.training.trainer import TrainReport


class RelaxedEstimator(Estimator):
    """How probable a network is by the logits that a training has learnt; its logarithm.

    The logits of a slot stand for its choices behind the choice before (`hwnas.relaxation.chain`),
    so that a score is a sum over slots and neighbours, and is searched exactly. Costs within
    `train.budgets` are part of the loss, by their exact expectation.
    """

    unit = "nats"
    needs_images = True
    weights = "architecture.safetensors"
    families = False
    free = True
    holds_budgets = True
    relaxation: RelaxationSettings

    def __init__(self, name: str, label: str, **parts: Any) -> None:
        """Takes the name of a recipe, what its scores are, and what differs from the defaults."""
        self.name, self.label = name, label
        self._recipe: Mapping[str, Any] = parts
        self.relaxation = RelaxationSettings.model_validate(parts)

    @override
    def with_relaxation(self, settings: Mapping[str, Any]) -> "RelaxedEstimator":
        found = copy(self)
        content = {**self._recipe, **settings}
        found.relaxation = parse_config(content, RelaxationSettings, "relaxation")
        check_parts(found.relaxation)
        if found.selector.judges:
            found.label = f"loss without its choices, by {found.selector.name}"
        return found

    @property
    def selector(self) -> Selector:
        """What reads the values of choices off the trained mixture."""
        return selector_of(self.relaxation)

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        space, path = inputs.one_space, inputs.weights_file
        module = MixingSupernet(space, own_weights=self.relaxation.own_weights)
        belongs_to = {"network": digest(module.identity)}
        if inputs.images is not None:
            belongs_to["images"] = image_parts(inputs, self.relaxation.images)[0].digest
        found = read_learnt_values(path, space, belongs_to, LOGITS)
        if found is None or found.history is None:
            raise RunError(f"{path} holds no logits of {space.name}; train this one first")
        logits = np.concatenate(found.values)
        if self.selector.judges:
            judged = self._judged(inputs)
            known = judged.read()
            if len(known) < len(judged.counts):
                raise RunError(
                    f"the choices of {space.name} are not judged by {self.selector.name} yet; run "
                    "'hwnas train' again"
                )
            values = [known[slot] for slot in range(len(judged.counts))]
            return self.of_values(inputs, values, {"judged": judged.of})
        identity = {"logits": digest(logits.tobytes())}
        exact = SumScore(log_probabilities(space, logits, self.name, self.unit))
        shown = ValueHistory.empty(len(logits))
        for moment, row in zip(found.history.moments.tolist(), found.history.values, strict=True):
            then = effects_of(log_probabilities(space, row.astype(np.float64), "", ""))
            assert then is not None
            shown = shown.added(moment, then.values)
        return replace(self.of_exact(inputs, exact, identity), value_history=shown)

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> TrainReport:
        space, config = inputs.one_space, inputs.recipe
        check_one_process(self.name)
        of_weights, of_logits = image_parts(inputs, self.relaxation.images)
        budgets = tuple(config.budgets.values())
        problem = problem_within(inputs, budgets)
        steps = config.epochs * steps_of_epoch(config, len(of_weights))
        architecture = Architecture(problem, self.relaxation, steps)
        mixing = MixingSupernet(space, config.seed, own_weights=self.relaxation.own_weights)
        if not architecture.gradient.one_path:
            instead = "set relaxation.gradient to score_function, which runs one network at a time"
            largest = max(len(of_weights), len(of_logits))
            check_memory(mixing, config, largest, listener, instead)
        settings = self.relaxation.model_dump_json(exclude={"selector"})
        report = train_mixture(
            inputs,
            mixing,
            architecture,
            (of_weights, of_logits),
            f"relaxed {settings} within {budgets_text(budgets)}",
            listener,
        )
        if self.selector.judges:
            judge_choices(
                self._judged(inputs),
                self.selector,
                mixing,
                self._mixture(inputs),
                of_logits,
                seed=config.seed,
                device=config.device,
                listener=listener,
            )
        return report

    def _judged(self, inputs: EstimatorInputs) -> JudgedChoices:
        """The file of the values that a selector has judged."""
        path = inputs.weights_file.with_suffix(f".{self.selector.name}.json")
        of = what_values_are_of(inputs.weights_file, self.selector)
        return JudgedChoices(path, of, inputs.one_space.choice_counts.tolist())

    def _mixture(self, inputs: EstimatorInputs) -> list[torch.Tensor]:
        """L tensors (C,): how probable each choice is by the trained logits."""
        space = inputs.one_space
        found = read_learnt_values(inputs.weights_file, space, name=LOGITS)
        assert found is not None
        return Chain(space).marginals([torch.from_numpy(one) for one in found.values])


def log_probabilities(
    space: SearchSpace, logits: NDArray[np.float64], name: str, unit: str
) -> Trellis:
    """The logarithm of how probable each network is by the logits (T,) of all choices in a row."""
    chain = Chain(space)
    slots = [torch.from_numpy(one) for one in FlatChoices(space.choice_counts).split(logits)]
    table = chain.log_transitions(chain.padded(slots)).numpy()
    allowed = [space.allowed(slot) for slot in range(len(chain.counts))]
    values, pairs = [], []
    for slot, mask in enumerate(allowed):
        rows = np.where(mask, table[slot, : mask.shape[0], : mask.shape[1]], 0.0)
        coupled = not mask.all()
        values.append(np.zeros(mask.shape[1]) if coupled else rows[0])
        pairs.append(rows if coupled else None)
    return Trellis.from_values(space, name, unit, 0.0, values, pairs)


DARTS = RelaxedEstimator(
    "darts",
    "log-probability by DARTS",
    gradient="softmax",
    own_weights=True,
)
"""Mixtures of all choices, each with weights of its own (Liu et al. 2019, arXiv 1806.09055)."""

UNAS = RelaxedEstimator(
    "unas",
    "log-probability by an unbiased gradient",
    gradient="rebar",
    penalty={"hinge": {"warmup": 0.3}},
)
"""An unbiased gradient and a hinge at the budgets (Vahdat et al. 2020, UNAS, arXiv 1912.07651)."""
