"""Networks of a run trained each alone, as the truth that estimators are ranked against."""

import contextlib
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError
from hwnas.core.files import write_atomically
from hwnas.core.foreign_text import shown
from hwnas.core.listener import Update
from hwnas.estimators.candidates.estimator import TrainedEstimator
from hwnas.estimators.candidates.training import Candidates
from hwnas.objectives.statistics.ranking import LEAST_NETWORKS
from hwnas.runs.estimating import estimator_inputs
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking_journal import RankingJournal
from hwnas.runs.training import scratch_config, whole_config
from hwnas.spaces import Architectures, Space
from hwnas.spaces.numbering import architecture_text
from hwnas.training.evaluation import accuracy
from hwnas.training.placement import choose_device, placed
from hwnas.training.single import train_network
from hwnas.training.step_progress import StepProgress

_DRAWS = 100  # for each network, before a space is taken to hold no more


def train_truth(
    experiment: Experiment,
    folder: RunFolder,
    networks: int,
    trainings: int,
    progress: Update | None = None,
) -> Path:
    """Trains random networks and writes their accuracies on the test images.

    They start from random weights, in a run with a pretrained network from those that they inherit.
    Each is trained for as many epochs as supernet and fine-tuning together, its training t by the
    seed of the config plus t. Finished trainings are kept, and one that was stopped goes on from
    its checkpoint. More networks, or more trainings, add to those that are there.

    Args:
        experiment: of the run.
        folder: the run, open.
        networks: how many; fewer where the space holds no more.
        trainings: of each network.
        progress: called after each step.

    Returns:
        `truth.csv` in the run folder: architecture and accuracy in percent, a row a training.

    Raises:
        ConfigError: the config has no recipe of a training, or the space too few networks.
        DataError: images that cannot be used.
        RunError: a training fails, see `hwnas.training.trainer.train`, or cannot be written.
    """
    rows = sample_networks(experiment.space, networks)
    if len(rows) < LEAST_NETWORKS:
        raise ConfigError(
            f"{experiment.space.name} holds {len(rows)} networks; a ranking needs {LEAST_NETWORKS}"
        )
    pixels = experiment.space.resolutions
    candidates = _candidates(experiment, folder)  # refused before anything is written
    lines = [
        *([f"# resolution: {pixels[0]}"] if len(pixels) == 1 else []),
        f"# images: {shown(experiment.dataset.name)}",
        "architecture,accuracy",
    ]
    with RankingJournal(folder.ranking_file) as journal:
        for index, row in enumerate(rows):
            for number in range(trainings):
                update = None
                if progress is not None:
                    what = f"network {index + 1} of {len(rows)}, training {number + 1}"
                    update = _update(progress, what)
                value = _accuracy(candidates, folder, journal, row, number, update)
                lines.append(f"{architecture_text(experiment.space, row)},{value:.6g}")
    path = folder.path / "truth.csv"
    write_atomically(path, "\n".join(lines) + "\n")
    return path


def sample_networks(space: Space, count: int) -> Architectures:
    """(at most count, L) distinct random canonical architectures; of more, the first are these."""
    found: dict[tuple[int, ...], None] = {}
    for draw in range(_DRAWS * count):
        if len(found) == min(count, space.size):
            break
        row = space.sample(np.random.default_rng([0, draw]), 1)
        found[tuple(space.canonical(row)[0].tolist())] = None
    return np.array(list(found), dtype=np.int64)


def _update(progress: Update, what: str) -> StepProgress:
    return lambda step, steps, loss: progress(step, steps, f"{what}, loss {loss:.3f}")


def _candidates(experiment: Experiment, folder: RunFolder) -> Candidates:
    """How the networks of a truth are trained: as the run's exported ones."""
    space = experiment.space
    whole = scratch_config if experiment.pretrained is None else whole_config
    recipes = {each: whole(experiment.recipe_at(each)) for each in space.resolutions}
    inputs = estimator_inputs(experiment, folder, TrainedEstimator.name)
    inputs = replace(inputs, training=recipes[space.largest_resolution])
    return replace(Candidates.of(inputs), recipes=recipes)


def _accuracy(
    candidates: Candidates,
    folder: RunFolder,
    journal: RankingJournal,
    row: Architectures,
    number: int,
    progress: StepProgress | None,
) -> float:
    """On the test images, in percent; of a training that is in the journal, or is made."""
    dataset, config = candidates.dataset_of(row), candidates.recipe_of(row, number)
    parts = [config.settings, dataset.fingerprint, digest(candidates.space.identity)]
    parts += [candidates.start] if candidates.start else []
    identity = digest("\n".join(parts))
    text = str(row.tolist())
    known = journal.training(identity, text)
    if known is not None:
        return known
    start = time.perf_counter()
    module = candidates.module(row, config.seed)
    name = digest(f"{identity} {text}")
    checkpoint = folder.path / "ranking" / f"{name}.safetensors"
    train_network(module, dataset.train, config, checkpoint, progress)
    with placed(module, choose_device(config.device)):
        value = accuracy(module, dataset.test)
    journal.record_training(identity, text, value, time.perf_counter() - start)
    # Hundreds of networks' weights would fill a disk; their accuracies are all that is wanted.
    checkpoint.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        checkpoint.parent.rmdir()
    return value
