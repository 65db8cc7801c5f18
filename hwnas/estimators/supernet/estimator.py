"""`accuracy.estimator: supernet`: validation accuracy with the weights of a trained supernet."""

from dataclasses import replace
from typing import TYPE_CHECKING

from typing_extensions import override

from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.estimators.scores import Scores

if TYPE_CHECKING:
    from hwnas.training.trainer import TrainReport


class SupernetEstimator(Estimator):
    """How well a network does with the weights that it inherits from a supernet."""

    name = "supernet"
    label = "validation accuracy with supernet weights"
    short = "validation accuracy"
    needs_images = True
    weights = SUPERNET_FILE

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        from hwnas.estimators.supernet.accuracy import SupernetAccuracy
        from hwnas.estimators.supernet.training import load_supernet
        from hwnas.training.checkpoint import weights_digest
        from hwnas.training.placement import choose_device

        supernet = load_supernet(inputs)
        datasets = [inputs.dataset_at(each) for each in inputs.space.resolutions]
        accuracy = SupernetAccuracy(supernet, datasets, device=choose_device(inputs.device))
        identity = self.identity(inputs) | {"supernet": weights_digest(supernet.state_dict())}
        info = replace(self.info(), judged_on=len(inputs.dataset.validation))
        return Scores(inputs.space, info, identity, accuracy.evaluate_architectures)

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> "TrainReport | None":
        from hwnas.estimators.supernet.training import train_supernet

        return train_supernet(inputs, listener)
