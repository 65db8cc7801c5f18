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
from hwnas.core.errors import ConfigError, RunError
from hwnas.core.listener import SILENT, Listener
from hwnas.data.dataset import Split
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed.memory import check_memory
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.learnt_values import read_learnt_values
from hwnas.estimators.supernet.paths import budgets_text, problem_within
from hwnas.relaxation.architecture import LOGITS, Architecture
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.chosen_parts import check_parts
from hwnas.relaxation.rule import Relaxed, halves
from hwnas.relaxation.settings import RelaxationSettings
from hwnas.search.exact.effects import effects_of
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.history import ValueHistory
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.auto import steps_of_epoch
from hwnas.training.batches import Batches
from hwnas.training.distributed import current_group
from hwnas.training.trainer import TrainReport, train


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
        return found

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        space, path = inputs.one_space, inputs.weights_file
        module = MixingSupernet(space, own_weights=self.relaxation.own_weights)
        belongs_to = {"network": digest(module.identity)}
        if inputs.images is not None:
            belongs_to["images"] = self._halves(inputs)[0].digest
        found = read_learnt_values(path, space, belongs_to, LOGITS)
        if found is None or found.history is None:
            raise RunError(f"{path} holds no logits of {space.name}; train this one first")
        logits = np.concatenate(found.values)
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
        if current_group().processes > 1:
            raise ConfigError(
                f"the logits of {self.name} are learnt in one process; run 'hwnas train' without "
                "torchrun"
            )
        of_weights, of_logits = self._halves(inputs)
        budgets = tuple(config.budgets.values())
        problem = problem_within(inputs, budgets)
        steps = config.epochs * steps_of_epoch(config, len(of_weights))
        architecture = Architecture(problem, self.relaxation, steps)
        mixing = MixingSupernet(space, config.seed, own_weights=self.relaxation.own_weights)
        if not architecture.gradient.one_path:
            check_memory(mixing, config, listener)
        settings = self.relaxation.model_dump_json()
        rule = Relaxed(
            architecture,
            Batches(of_logits, config, space.classes),
            f"relaxed {settings} within {budgets_text(budgets)}, logits on {of_logits.digest}",
        )
        title = (
            f"training weights on {len(of_weights):,} and logits on {len(of_logits):,} images of "
            f"{inputs.dataset.name}"
        )
        with listener.progress(title, "steps") as update:

            def show(step: int, of_steps: int, loss: float) -> None:
                update(
                    step, of_steps, ", ".join(filter(None, (f"loss {loss:.3f}", architecture.text)))
                )

            return train(
                mixing,
                of_weights,
                config,
                checkpoint=inputs.weights_file,
                rule=rule,
                progress=show,
                log=inputs.log,
            )

    def _halves(self, inputs: EstimatorInputs) -> tuple[Split, Split]:
        try:
            return halves(inputs.dataset.train, self.relaxation.images, inputs.recipe.seed)
        except ValueError as error:
            raise ConfigError(f"relaxation.images: {error}") from error


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
