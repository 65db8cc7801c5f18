"""Running a search: asking, scoring, telling; in memory, or with every score in a journal first."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.errors import AccuracyError, ConfigError, RunError
from hwnas.core.lock import locked
from hwnas.core.progress import Progress
from hwnas.search.answers import Answers, Heard
from hwnas.search.asking import Asking
from hwnas.search.asynchronous import AsynchronousSearch
from hwnas.search.evaluation import Evaluation
from hwnas.search.executors import Executor, InProcess, ready
from hwnas.search.front import Front
from hwnas.search.journal import Journal
from hwnas.search.mode import ASYNCHRONOUS, SYNCHRONOUS, Mode
from hwnas.search.outcome import StagedScore
from hwnas.search.policies.history import ValueHistory
from hwnas.search.problem import SearchProblem
from hwnas.search.questions import Questions
from hwnas.search.score import Of, Score, as_score, known_score, score_identity
from hwnas.search.searchers import USUAL, make_searcher, searcher_class, searcher_settings
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.search.trials import Trials
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures

# So many architectures are made lists at once, which take much memory.
_TOGETHER = 50_000


@dataclass(frozen=True)
class Evaluations:
    """What a search has evaluated.

    Attributes:
        problem: that was searched.
        architectures: (N, L) canonical, in the order in which they were asked for.
        scores: (N,) theirs, to be maximised.
        how: a clause on how the searcher has searched, where it says so.
        value_history: what the searcher has held of each choice, where it learns that.
    """

    problem: SearchProblem
    architectures: Architectures
    scores: NDArray[np.float64]
    how: str | None = None
    value_history: ValueHistory | None = None

    @property
    def front(self) -> Front:
        """The non-dominated of them within every limit, cheapest first; perhaps none."""
        return self.problem.front(self.architectures, self.scores)

    @property
    def best(self) -> Architectures | None:
        """(L,) the one of the greatest score within every limit; None where there is none."""
        front = self.front.architectures
        return front[-1] if len(front) else None


def run_search(
    problem: SearchProblem,
    score: Any,
    *,
    searcher: str | type[Searcher] = USUAL[0],
    evaluations: int = USUAL[1],
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    of: Of = "networks",
    together: bool = False,
    journal: Path | str | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
    mode: Mode = SYNCHRONOUS,
) -> Evaluations:
    """Searches a problem for networks of a great score.

    Args:
        problem: what is searched, see `make_problem`.
        score: what is to be maximised: a function that is given networks and returns a number for
            each, an objective, or an estimator; see `as_score`.
        searcher: its name, or a class of your own.
        evaluations: how many networks may be scored.
        seed: of everything random.
        settings: of the searcher, those that are not to have their defaults.
        of: whether a function is given "networks" or their "architectures".
        together: whether it is given all networks of a question at once, and not one by one.
        journal: a file that keeps every score, so that an interrupted search goes on where it was
            when it is run again. One file is for one score: estimators, objectives and functions
            are told apart, and two functions are not. None keeps them in memory.
        progress: called after each evaluation.
        executor: where networks are scored, see `hwnas.search.executors`; by default here, one
            after another.
        mode: "synchronous" waits for all scores of a question before the next; "asynchronous", of
            the searchers that can, takes each as it comes and gives whoever is free the next
            network at once: what is found then depends on which evaluation ends first.

    Raises:
        AccuracyError: the score is none, or returns something else than a number for each network.
        BudgetError: no network keeps the limits, or the searcher cannot keep one.
        ConfigError: there is no such searcher or setting, or it needs a known score, or cannot be
            asynchronous; or the evaluations or the seed are no number that can be.
        RunError: scores are no finite numbers, or the journal is of another space or score, is
            damaged, or another process searches with it.
    """
    _check_space(score, problem.space)
    known = known_score(score, problem.space)
    if known is not None:
        problem, together = replace(problem, score=known), True
    staged: StagedScore | None = getattr(score, "staged", None)
    asked = staged or as_score(score if known is None else known, problem.space, of)
    if mode == ASYNCHRONOUS and together:
        raise ConfigError(
            "an asynchronous search takes scores as they come, and here all of a question are "
            "computed at once; leave mode out"
        )
    made = make_searcher(searcher, problem, evaluations, seed, settings, mode)
    label = settings_digest(problem, searcher, evaluations, seed, settings, mode)
    with ExitStack() as held:
        held.enter_context(ready(executor))
        kept = None
        if journal is not None:
            kept = held.enter_context(_held(Path(journal)))
            kept.bind("space", digest(getattr(problem.space, "identity", problem.space.name)))
            kept.bind_scores(score_identity(score))
            try_again(kept, executor)
        return run_searcher(
            made, asked, kept, progress, label, together=together, executor=executor, mode=mode
        )


def try_again(journal: Journal, executor: Executor | None) -> int:
    """Has evaluations tried again that an executor's limits would no longer end as they were.

    Returns:
        How many; 0 where the executor could end none.
    """
    limits = None if executor is None else executor.limits
    return 0 if limits is None else journal.forget_ended(limits.model_dump())


@contextmanager
def _held(path: Path) -> Iterator[Journal]:
    """A journal that no other process searches with at the same time."""
    if path.is_dir():
        raise RunError(f"the journal {path} is a folder; name a file in it")
    lock = path.with_name(f".{path.name}.lock")
    otherwise = "name another file as the journal"
    busy = f"another process is searching with the journal {path}; wait for it, or {otherwise}"
    with locked(lock, error=RunError, busy=busy), Journal(path, otherwise=otherwise) as journal:
        yield journal


def run_searcher(
    searcher: Searcher,
    score: Score | StagedScore,
    journal: Journal | None = None,
    progress: Progress | None = None,
    settings: str = "",
    *,
    together: bool = False,
    executor: Executor | None = None,
    heard: Heard | None = None,
    mode: Mode = SYNCHRONOUS,
) -> Evaluations:
    """Runs a searcher to its end; interrupted and run again with a journal, it goes on.

    Resuming is replaying: a searcher made anew asks for the same architectures, and what the
    journal holds is not evaluated again. How an asynchronous search is resumed, see
    `AsynchronousSearch`.

    Args:
        searcher: freshly made.
        score: called with one architecture (1, L) at a time, or with all of a question; or an
            evaluation that trains candidates.
        journal: that every score is in as soon as it is known; None keeps them in memory.
        progress: called with (evaluations done, limit) after each.
        settings: tells searches of one name with other budgets, limits or seeds apart.
        together: whether the architectures of a question are evaluated and stored together: for
            scores that cost less than storing them.
        executor: evaluates the architectures of a question, perhaps side by side; by default one
            after another here. What is found does not depend on it.
        heard: called with each architecture that was evaluated alone, and what came of it.
        mode: asynchronous only of a searcher that was made for it, and not `together`.

    Raises:
        RunError: the journal cannot be used, belongs to another search, or the first evaluations
            all fail.
    """
    trials = Trials() if journal is None else journal.trials(searcher.name, settings)
    told = partial(_tell, progress, trials, searcher.evaluations)
    if together and not isinstance(score, StagedScore):
        _ask_and_tell(searcher, partial(_all_of, score=score, trials=trials, told=told))
    else:
        evaluation = Evaluation(searcher.problem, score, trials)
        parts = evaluation, trials, Answers(trials, told, heard), executor or InProcess()
        if mode == ASYNCHRONOUS:
            AsynchronousSearch(searcher, *parts).run()
        else:
            _ask_and_tell(searcher, Questions(*parts).answer)
    rows, scores = searcher.evaluated
    lists = (rows[start : start + _TOGETHER].tolist() for start in range(0, len(rows), _TOGETHER))
    kept = np.array([trials.known(row) for some in lists for row in some], dtype=np.bool_)
    return Evaluations(
        searcher.problem, rows[kept], scores[kept], searcher.how, searcher.value_history
    )


def _tell(progress: Progress | None, trials: Trials, limit: int) -> None:
    if progress is not None:
        progress(trials.count, limit)


def _check_space(score: Any, space: ChoiceSpace) -> None:
    """Raises AccuracyError where an estimator's scores are of another space."""
    of = getattr(getattr(score, "space", None), "identity", None)
    if of is not None and of != getattr(space, "identity", of):
        raise AccuracyError(
            f"the score is of the networks of {score.space!r}, and the problem is of {space!r}; "
            "load the estimator for the problem's space"
        )


def _ask_and_tell(
    searcher: Searcher, answered: Callable[[Architectures], NDArray[np.float64]]
) -> None:
    ask = Asking(searcher)
    while len(asked := ask()):
        searcher.tell(asked, answered(asked))


def settings_digest(
    problem: SearchProblem,
    searcher: str | type[Searcher],
    evaluations: int,
    seed: int,
    settings: Mapping[str, Any] | None = None,
    mode: Mode = SYNCHRONOUS,
) -> str:
    """What a searcher's questions depend on beside the scores, as hexadecimal digits."""
    chosen = searcher_settings(searcher, settings or {}, mode)
    changed = chosen.model_dump_json(exclude_defaults=True)
    version = searcher_class(searcher).version
    parts = [f"{evaluations} {seed} {changed} {version}".encode()]
    if mode != SYNCHRONOUS:  # which has no other history than before there were modes
        parts.append(f" {mode} ".encode())
    laid = ((problem.cost, None), *((one.trellis, one.bound) for one in problem.limits))
    for trellis, bound in laid:
        limit = None if bound is None else float(bound)
        parts.append(f"{trellis.name} {float(trellis.constant)!r} {limit!r}".encode())
        parts += [step.tobytes() for step in trellis.steps]
    parts += [f"{tested.name} {float(tested.bound)!r}".encode() for tested in problem.tested]
    for name in searcher_class(searcher).costs_asked(chosen):
        cost = problem.cost_of(name)
        parts.append(f"{name} ".encode())
        parts += [step.tobytes() for step in cost.steps] if isinstance(cost, Trellis) else []
    if problem.start is not None:
        parts.append(b"start " + problem.start.tobytes())
    return digest(b"".join(parts))


def _all_of(
    asked: Architectures, score: Score, trials: Trials, told: Callable[[], None]
) -> NDArray[np.float64]:
    rows = asked.tolist()
    unknown = [index for index, row in enumerate(rows) if not trials.known(row)]
    start = time.perf_counter()
    found = score(asked[unknown]).tolist() if unknown else []
    seconds = (time.perf_counter() - start) / max(1, len(unknown))
    new = {str(rows[index]): value for index, value in zip(unknown, found, strict=True)}
    scores = np.array(trials.record_all(rows, new, seconds))
    told()
    return scores
