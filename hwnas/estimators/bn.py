"""`accuracy.estimator: bn`: what trained batch norms say of each choice, added up.

BN-NAS (Chen et al. 2021, arXiv 2108.07375): batch norm alone is trained, by single paths, and the
scales that it learns show how much of a block reaches what follows it.
"""

from typing_extensions import override

from hwnas.core.listener import SILENT, Listener
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.estimators.trained import read_trained
from hwnas.supernet.norm_supernet import NormSupernet
from hwnas.training.checkpoint import weights_digest
from hwnas.training.rules import SinglePath
from hwnas.training.step_progress import with_loss
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import TrainReport, train

# A network stays the same when all scales of a stage are multiplied, so that their rate counts
# relative to their squared length, which is their number. With the rates of other weights they
# hardly move; 10 to 15 ranked best, see docs/benchmarks/ranking.md.
_RATE = 100.0
_CLIP = 5.0


class BatchNormEstimator(Estimator):
    """The sum of the indicators of a network's choices.

    What is skipped adds 0, hence of two networks that differ in skips alone the deeper one always
    scores more: compare them within a budget.
    """

    name = "bn"
    label = "batch norm indicator, skips adding 0"
    unit = "mean |γ|"
    needs_images = True
    weights = "norms.safetensors"
    families = False
    free = True

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        supernet = NormSupernet(inputs.one_space)
        read_trained(supernet, inputs)
        weights = {"norms": weights_digest(supernet.state_dict())}
        return self.of_values(inputs, supernet.indicators(), weights)

    @override
    def train(self, inputs: EstimatorInputs, listener: Listener = SILENT) -> TrainReport:
        config, dataset = inputs.recipe, inputs.dataset
        title = f"training batch norms on {len(dataset.train):,} images of {dataset.name}"
        with listener.progress(title, "steps") as update:
            return train(
                NormSupernet(inputs.one_space, seed=config.seed),
                dataset.train,
                norm_recipe(config),
                checkpoint=inputs.weights_file,
                rule=SinglePath(inputs.one_space),
                progress=with_loss(update),
                log=inputs.log,
            )


def norm_recipe(config: TrainConfig) -> TrainConfig:
    """A supernet's settings for its batch norms alone: single paths, a higher rate, clipped."""
    changed = {
        "learning_rate": _RATE * config.learning_rate,
        "clip": config.clip or _CLIP,
        "rule": "single_path",
        "random_paths": None,
    }
    return config.model_copy(update=changed)
