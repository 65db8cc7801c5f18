"""run_search: a searcher and a score, from the first question to the front."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwnas.api.checks import check_count
from hwnas.api.problem import Problem
from hwnas.api.progress import PythonListener
from hwnas.api.results import SearchResult
from hwnas.core.errors import ConfigError
from hwnas.estimators.choice_values import ChoiceValues
from hwnas.runs.workers import executor_of
from hwnas.search.executors import Executor
from hwnas.search.mode import SYNCHRONOUS, Mode, mode_sentence
from hwnas.search.run_search import run_search as run_search_of
from hwnas.search.score import Of, known_score
from hwnas.search.searchers import OF_KNOWN_SCORES, USUAL, Searcher


def run_search(
    problem: Problem,
    score: Any,
    *,
    searcher: str | type[Searcher] | None = None,
    evaluations: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    of: Of = "networks",
    together: bool = False,
    journal: str | Path | None = None,
    workers: int | None = None,
    ray: str | None = None,
    executor: Executor | None = None,
    mode: Mode = SYNCHRONOUS,
) -> SearchResult:
    """Searches for networks of a great score that keep every budget.

    Args:
        problem: what is searched.
        score: what is to be maximised: a function that is given a list of networks, of one at a
            time, and returns a list of a number for each; an estimator of `load_estimator`; or an
            objective.
        searcher: its name ("surrogate", "layernas", "nsga2", …, "exact_front"), or a class of your
            own. By default `exact_front` where scores cost nothing, as those of a predictor or a
            CSV do, and `surrogate` elsewhere.
        evaluations: how many networks may be scored; by default 200, or 5,000 where scores cost
            nothing.
        seed: of everything random: the same seed asks for the same networks.
        settings: of the searcher, those that are not to have their defaults.
        of: whether a function is given "networks", or "architectures": an (N, L) array of choices.
        together: whether a function is given all networks that the searcher asks for at once, in
            place of one at a time: quicker for one that scores many in one go; an interruption
            loses more of them.
        journal: an SQLite file that keeps every score as soon as it is known. Interrupted and run
            again, the search goes on where it was; use one file for one score.
        workers: score networks side by side, each in a process of its own, by Ray, with the same
            result; None for one after another here, or, on a cluster, for one on each CPU.
        ray: the address of the Ray cluster that they are on: "auto" where this machine belongs to
            one, "HOST:PORT" or "ray://HOST:PORT"; None for this machine.
        executor: another one in place of these, see `hwnas.search.executors`.
        mode: "synchronous": all scores of a question are waited for before the next. Or
            "asynchronous", with `surrogate`, `around`, `evolution`, `l2nas`, `annealing`, `local`,
            `random` and policies: a worker that is free is given the next network at once; what is
            found then depends on which evaluation ends first.

    Returns:
        The front and all that was scored.

    Raises:
        HwnasError: there is no such searcher or setting, no network keeps the budgets, or the
            score returns something else than a finite number for each network.
    """
    if not isinstance(problem, Problem):
        raise ConfigError(
            f"the problem must be a hwnas.Problem, and not of the type {type(problem).__name__}"
        )
    if evaluations is not None:
        check_count(evaluations, "evaluations")
    chosen = executor_of(None, workers, ray, executor, PythonListener())
    if said := mode_sentence(mode, workers=chosen is not None):
        PythonListener().say(said)
    free = known_score(score, problem.space) is not None
    name, most = OF_KNOWN_SCORES if free else USUAL
    with PythonListener().progress(f"searching {problem.space.name}", "networks") as update:
        found = run_search_of(
            problem.search_problem,
            score,
            searcher=searcher or name,
            evaluations=evaluations or most,
            together=together,
            seed=seed,
            settings=settings,
            of=of,
            journal=journal,
            executor=chosen,
            progress=update,
            mode=mode,
        )
    history, learnt = found.value_history, None
    if history is not None:
        called = searcher if isinstance(searcher, str) else getattr(searcher, "name", name)
        learnt = ChoiceValues.of_policy(problem.space, called, history)
    return SearchResult(problem, found.architectures, found.scores, learnt)
