"""The ranking stage: networks of known accuracy, and estimators held against them."""

from collections.abc import Sequence
from pathlib import Path

from hwnas.core.listener import Listener
from hwnas.estimators.csv_file import KnownAccuracies, read_accuracies
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking import Ranking, check_known, rank
from hwnas.runs.ranking_truth import train_truth
from hwnas.runs.search_stage import say_or_warn


def known_accuracies(experiment: Experiment, path: Path, listener: Listener) -> KnownAccuracies:
    """Reads a CSV of known accuracies, and says what it holds.

    Raises:
        AccuracyError: it cannot be used, or has too few networks.
    """
    space = experiment.space
    known = read_accuracies(path, space)
    gone = f"; {known.passed_over:,} rows of networks that are gone" if known.passed_over else ""
    listener.say(
        f"{path}: {known.rows:,} rows, {len(known.accuracies):,} distinct networks of "
        f"{space.name}{gone}"
    )
    for sentence in known.stated.sentences(str(path), space.resolutions):
        say_or_warn(listener, sentence)
    check_known(known)
    return known


def train_truth_stage(
    experiment: Experiment, folder: RunFolder, networks: int, trainings: int, listener: Listener
) -> KnownAccuracies:
    """Trains networks, and reads what they reach; see `train_truth`."""
    how = "from scratch"
    if experiment.pretrained is not None:
        how = f"from the weights of {experiment.pretrained.network_name}"
    with listener.progress(f"training networks {how}", "steps") as update:
        path = train_truth(experiment, folder, networks, trainings, update)
    return known_accuracies(experiment, path, listener)


def rank_stage(
    experiment: Experiment,
    folder: RunFolder,
    known: KnownAccuracies,
    names: Sequence[str],
    networks: int,
    seeds: int,
    listener: Listener,
) -> Ranking:
    """Ranks networks of known accuracy by estimators; see `hwnas.runs.ranking.rank`."""
    with listener.progress("judging networks", "networks") as update:
        return rank(
            experiment,
            folder,
            known,
            names=names,
            networks=networks,
            seeds=seeds,
            progress=lambda name, done, total: update(done, total, name),
        )
