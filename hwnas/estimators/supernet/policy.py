"""`accuracy.estimator: policy`: what drew the supernet's paths holds of each choice, added up."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from hwnas.core.digests import digest
from hwnas.core.errors import RunError
from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.registry import POLICY, SUPERNET_FILE
from hwnas.estimators.scores import Scores

if TYPE_CHECKING:
    from hwnas.training.trainer import TrainReport


class PolicyEstimator(Estimator):
    """The values of the policy that drew the paths of a trained supernet (`train.paths`).

    They lie in the supernet's file, and depend on what the policy was told while it was trained.
    """

    name = POLICY
    label = "values of the policy that drew the supernet's paths"
    unit = "value"
    needs_images = True
    weights = SUPERNET_FILE
    free = True

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        from hwnas.estimators.supernet.learnt_values import read_learnt_values
        from hwnas.estimators.supernet.training import load_supernet

        load_supernet(inputs)  # refuses those of other spaces or images
        found = read_learnt_values(inputs.weights_file, inputs.space)
        if found is None:
            raise RunError(
                f"the paths of {inputs.weights_file} were uniform, of which no values are left; "
                "train with a policy in another run folder, as in 'hwnas train CONFIG --set "
                "train.paths=mcts --run RUN'"
            )
        identity = {"values": digest(np.concatenate(found.values).tobytes())}
        scores = self.of_values(inputs, found.values, identity)
        return replace(scores, value_history=found.history)

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> "TrainReport | None":
        from hwnas.estimators.supernet.training import train_supernet

        return train_supernet(inputs, listener)
