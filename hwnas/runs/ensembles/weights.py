"""The weights of an ensemble whose members share a trunk: trained as a network's are."""

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.listener import Listener
from hwnas.data.dataset import Split
from hwnas.networks.ensemble_module import EnsembleModule
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.training import TrainedSupernet, conventions_from_scratch, scratch_config
from hwnas.spaces import Architectures
from hwnas.training.evaluation import probabilities
from hwnas.training.step_progress import with_loss
from hwnas.training.together import EnsembleTraining
from hwnas.training.train_config import TrainConfig


class TogetherTrained:
    """Trains ensembles as a whole, by the ways in which an export trains a network.

    That is from the weights that the members inherit, and from random ones on as many images as
    supernet and fine-tuning together; `export.weights_from` may name one way. Of both it takes the
    weights from scratch, unless fine-tuning is surely better on the validation images: the single
    network beside the ensemble is chosen so, too (see `hwnas.runs.winner.train_winner`).
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: RunFolder,
        trained: TrainedSupernet,
        listener: Listener,
    ) -> None:
        """Takes a run, its folder, which keeps what is trained, and its supernet."""
        self._experiment, self._folder = experiment, folder
        self._trained, self._listener = trained, listener

    def __call__(self, rows: Architectures, shared: int) -> EnsembleModule:
        """The trained ensemble of paths (N, L) with so many first blocks in common.

        Raises:
            ConfigError: it is to be trained from scratch, and there are no epochs.
            RunError: see `hwnas.training.trainer.train`.
        """
        config = self._experiment.config
        wanted = config.export.weights_from
        if config.starts_from_published or wanted == "supernet":
            return self._tuned(rows, shared)
        scratch = self._from_scratch(rows, shared)
        if wanted == "scratch":
            return scratch
        tuned = self._tuned(rows, shared)
        images = self._images(rows)[1]
        pair = Paired.of(_right(tuned, images), _right(scratch, images))
        is_better = pair.interval[0] > 0
        self._listener.say(
            f"the ensemble was trained both ways, {pair.first_accuracy:.1f} % fine-tuned and "
            f"{pair.second_accuracy:.1f} % from scratch on {pair.images:,} validation images; "
            f"{'fine-tuned' if is_better else 'from scratch'} is taken"
        )
        return tuned if is_better else scratch

    def _tuned(self, rows: Architectures, shared: int) -> EnsembleModule:
        supernet = self._trained.supernet
        network = self._experiment.space.network(rows[0])
        return self._run(
            rows,
            EnsembleModule([supernet.extract(row) for row in rows], shared),
            self._experiment.recipe_of(network).fine_tune,
            self._trained.digest,
            f"fine-tuning {len(rows)} networks together",
        )

    def _from_scratch(self, rows: Architectures, shared: int) -> EnsembleModule:
        experiment = self._experiment
        networks = experiment.space.networks(rows)
        config = scratch_config(experiment.recipe_of(networks[0]))
        conventions = conventions_from_scratch(experiment)
        # Members that begin alike would be wrong alike.
        members = [
            NetworkModule(network, config.seed + number, conventions)
            for number, network in enumerate(networks)
        ]
        return self._run(
            rows,
            EnsembleModule(members, shared),
            config,
            "scratch",
            f"training {len(rows)} networks together from scratch",
        )

    def _run(
        self,
        rows: Architectures,
        module: EnsembleModule,
        config: TrainConfig,
        start: str,
        title: str,
    ) -> EnsembleModule:
        name = digest("\n".join([start, config.settings, module.identity]))
        file = self._folder.export_folder("trained") / f"{name}.safetensors"
        with self._listener.progress(title, "steps") as update:
            EnsembleTraining(config, file).run(module, self._images(rows)[0], with_loss(update))
        return module

    def _images(self, rows: Architectures) -> tuple[Split, Split]:
        """To train on and to validate by, at the resolution of some paths."""
        dataset = self._experiment.dataset_of(self._experiment.space.network(rows[0]))
        return dataset.train, dataset.validation


def _right(module: EnsembleModule, images: Split) -> NDArray[np.bool_]:
    """(N,) whether the members' mean probability is the greatest for the label of each image."""
    mean = np.mean([probabilities(member, images) for member in module.members], axis=0)
    found: NDArray[np.bool_] = mean.argmax(axis=1) == images.labels
    return found
