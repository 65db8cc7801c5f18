"""`accuracy.estimator: sparse`: how large the weights of choices are that a lasso has left."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.core.configs import parse_config
from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError, RunError
from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed.memory import check_memory
from hwnas.estimators.relaxed.training import check_one_process, image_parts, train_mixture
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.learnt_values import read_learnt_values
from hwnas.networks.blocks import Block, ParallelInvertedResidual
from hwnas.objectives.costs import MACS
from hwnas.relaxation.sparse import WEIGHTS, SparseSettings, SparseWeights
from hwnas.search.exact.effects import effects_of
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.history import ValueHistory
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace
from hwnas.spaces.space import Slot
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.auto import steps_of_epoch
from hwnas.training.trainer import TrainReport


class SparseEstimator(Estimator):
    """The sum of the sizes of the weights that a network's choices have.

    A slot of the supernet that is trained is the sum of what its choices make of its input, each
    times a weight; a sparse group lasso takes most weights to exactly 0 (Wu et al. 2020, "Neural
    architecture search as sparse supernet", arXiv 2007.16112). Several choices of a slot may stay:
    where the space has blocks of two branches, these are worth what both branches are.
    """

    name = "sparse"
    label = "weights that a sparse supernet has left"
    unit = "weight"
    needs_images = True
    weights = "sparse.safetensors"
    families = False
    free = True
    relaxation: SparseSettings = SparseSettings()

    @override
    def with_relaxation(self, settings: Mapping[str, Any]) -> "SparseEstimator":
        found = copy(self)
        found.relaxation = parse_config(dict(settings), SparseSettings, "relaxation")
        return found

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        space = inputs.one_space
        single, path = single_branches(space), inputs.weights_file
        module = MixingSupernet(single, own_weights=self.relaxation.own_weights)
        belongs_to = {"network": digest(module.identity)}
        if inputs.images is not None:
            belongs_to["images"] = image_parts(inputs, self.relaxation.images)[0].digest
        found = read_learnt_values(path, single, belongs_to, WEIGHTS)
        if found is None or found.history is None:
            raise RunError(f"{path} holds no weights of choices; train this one first")
        identity = {"weights": digest(np.concatenate(found.values).tobytes())}
        values = with_pairs(space, single, [np.abs(one) for one in found.values])
        shown = ValueHistory.empty(int(space.choice_counts.sum()))
        split = FlatChoices(single.choice_counts).split
        for moment, row in zip(found.history.moments.tolist(), found.history.values, strict=True):
            then = with_pairs(space, single, split(row.astype(np.float64)))
            shown = shown.added(moment, then)
        return replace(self.of_values(inputs, values, identity), value_history=shown)

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> TrainReport:
        config, settings = inputs.recipe, self.relaxation
        check_one_process(self.name)
        if config.budgets:
            raise ConfigError(
                "train.budgets: the weights of sparse are no probabilities, so that there is no "
                "expected cost; leave them out, search.budgets are kept"
            )
        single = single_branches(inputs.one_space)
        images = image_parts(inputs, settings.images)
        effects = effects_of(Trellis.of(single, MACS))
        assert effects is not None
        steps = config.epochs * steps_of_epoch(config, len(images[0]))
        mixing = MixingSupernet(single, config.seed, own_weights=settings.own_weights)
        check_memory(mixing, config, max(map(len, images)), listener)
        mixture = SparseWeights(effects.values, settings, steps)
        identity = f"sparse {settings.model_dump_json()}"
        return train_mixture(inputs, mixing, mixture, images, identity, listener)


def single_branches(space: SearchSpace) -> SearchSpace:
    """The space without blocks of two branches.

    Raises:
        ConfigError: a branch is no choice of its slot by itself.
    """
    slots = []
    for place, slot in enumerate(space.slots, start=1):
        single = tuple(one for one in slot.choices if not isinstance(one, ParallelInvertedResidual))
        for block in slot.choices:
            if missing := [one for one in _branches(block) if one not in single]:
                raise ConfigError(
                    f"slot {place} of {space.name} has '{block.choice_name}', but not "
                    f"'{missing[0].choice_name}' alone, whose weight is learnt; add it"
                )
        slots.append(Slot(slot.stage, single))
    return replace(space, slots=tuple(slots))


def with_pairs(
    space: SearchSpace, single: SearchSpace, values: list[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """The values of all choices (L arrays), from those of the single ones."""
    found = []
    for slot, alone, row in zip(space.slots, single.slots, values, strict=True):
        known = dict(zip(alone.choices, row.tolist(), strict=True))
        each = [sum(known[one] for one in _branches(block)) for block in slot.choices]
        found.append(np.array(each, dtype=np.float64))
    return found


def _branches(block: Block) -> tuple[Block, ...]:
    return block.branches if isinstance(block, ParallelInvertedResidual) else (block,)


SPARSE = SparseEstimator()
