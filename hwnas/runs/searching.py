"""The search stage of a run: every searcher under one journal, and the joined front."""

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.errors import RunError
from devices.files import write_atomically
from hwnas.runs.config import SearchConfig
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.journal import Journal
from hwnas.runs.training import TrainedSupernet
from hwnas.search import SearchProblem, make_searcher, searcher_settings
from hwnas.search.front import Front, front_of
from hwnas.search.run_search import run_search
from hwnas.spaces import Architectures, SearchSpace
from latency.model import LatencyModel
from objectives.costs import MACS, PARAMETERS


@dataclass(frozen=True)
class SearchResult:
    """The joined front of all searchers, all that was judged, and who asked for what.

    `architectures` (N, L) and `scores` (N,) are every judged network, feasible or not; `digest`
    changes with anything that an export of this front depends on.
    """

    problem: SearchProblem
    front: Front
    architectures: Architectures
    scores: NDArray[np.float64]
    found_by: dict[tuple[int, ...], set[str]]
    digest: str


def search(
    experiment: Experiment,
    folder: RunFolder,
    latency: LatencyModel,
    trained: TrainedSupernet,
    progress: Callable[[str, int, int], None] | None = None,
) -> SearchResult:
    """Runs every searcher of the config and joins what they found.

    Every judged network is in the journal before the next is judged; searchers share it.

    Raises:
        BudgetError: a budget is out of reach.
        RunError: the journal is of another supernet or of other images.
    """
    config = experiment.config.search
    problem = experiment.problem(latency)
    with Journal(folder.journal_file) as journal:
        journal.bind("supernet", trained.digest)
        journal.bind("images", experiment.dataset.fingerprint)
        for name in config.searchers:
            settings = settings_digest(problem, config, name)
            searcher = make_searcher(
                name, problem, config.evaluations, config.seed, config.settings.get(name)
            )
            told = None if progress is None else partial(progress, name)
            score = trained.accuracy.evaluate_architectures
            run_search(searcher, score, journal, told, settings=settings)
            journal.bind(f"ended {name} {settings}", "yes")
    return search_result(experiment, latency, folder)


def settings_digest(problem: SearchProblem, config: SearchConfig, name: str) -> str:
    """What a searcher's questions depend on beside the scores: 16 hexadecimal digits."""
    changed = "{}"
    if name in config.settings:
        given = searcher_settings(name, config.settings[name])
        changed = given.model_dump_json(exclude_defaults=True)
    state = hashlib.sha256(f"{config.evaluations} {config.seed} {changed}".encode())
    for trellis, bound in ((problem.cost, None), *((b.trellis, b.bound) for b in problem.budgets)):
        state.update(f"{trellis.name} {trellis.constant!r} {bound!r}".encode())
        for step in trellis.steps:
            state.update(step.tobytes())
    return state.hexdigest()[:16]


def search_result(experiment: Experiment, latency: LatencyModel, folder: RunFolder) -> SearchResult:
    """What the journal of a run holds.

    Raises:
        RunError: the run was not searched to the end with its present settings.
    """
    config, problem = experiment.config, experiment.problem(latency)
    settings = [settings_digest(problem, config.search, name) for name in config.search.searchers]
    if not folder.journal_file.is_file():
        raise RunError(f"{folder.path} was not searched yet; run 'hwnas search' with its config")
    with Journal(folder.journal_file) as journal:
        for name, setting in zip(config.search.searchers, settings, strict=True):
            if journal.bound(f"ended {name} {setting}") is None:
                raise RunError(
                    f"the search of {folder.path} has not ended with its present settings and "
                    f"table ('{name}' has not); run 'hwnas search' with its config"
                )
        architectures, scores = journal.evaluations()
        found_by = journal.searchers_of()
        supernet = journal.bound("supernet")
    front = front_of(problem, architectures, scores)
    state = hashlib.sha256(f"{config.to_yaml()} {settings} {supernet}".encode())
    state.update(front.architectures.tobytes())
    digest = state.hexdigest()[:16]
    return SearchResult(problem, front, architectures, scores, found_by, digest)


@dataclass(frozen=True)
class FrontPoint:
    """One network of a front: accuracy in %, predicted latency in ms, who asked for it."""

    accuracy: float
    latency_ms: float
    macs: int
    params: int
    searchers: list[str]
    architecture: list[int]


def front_points(result: SearchResult, space: SearchSpace) -> list[FrontPoint]:
    """The networks of the front, the most accurate last.

    Accuracies are those of the validation images with the supernet's weights; an architecture is
    the choice of each slot, 0 for a skip where there is one.
    """
    front = result.front
    networks = space.networks(front.architectures)
    columns = zip(
        front.scores.tolist(),
        front.costs.tolist(),
        map(int, MACS.evaluate(networks)),
        map(int, PARAMETERS.evaluate(networks)),
        front.architectures.tolist(),
        strict=True,
    )
    return [
        FrontPoint(
            accuracy, latency_ms, macs, params, sorted(result.found_by.get(tuple(row), ())), row
        )
        for accuracy, latency_ms, macs, params, row in columns
    ]


def write_front(result: SearchResult, space: SearchSpace, path: Path) -> None:
    """Writes the points of the front as CSV.

    Raises:
        HwnasError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["validation_accuracy", "predicted_ms", "macs", "params", "searchers", "architecture"]
    )
    for point in front_points(result, space):
        writer.writerow(
            [f"{point.accuracy:.6g}", f"{point.latency_ms:.6g}", point.macs, point.params,
             "+".join(point.searchers), " ".join(map(str, point.architecture))]
        )  # fmt: skip
    write_atomically(path, text.getvalue())
