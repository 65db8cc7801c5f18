"""The shrinking stage of a run: which choices stay, by scores of its estimator."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import RunError
from hwnas.core.files import write_atomically
from hwnas.core.listener import Listener
from hwnas.estimators.scores import Scores
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking_journal import RankingJournal
from hwnas.runs.recorded_scores import RecordedScores
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import Shrunk, shrink
from hwnas.spaces import Architectures
from hwnas.spaces.choices_file import (
    FORMAT,
    ChoicesFile,
    GoneChoice,
    KeptNetworks,
    ShrunkBy,
    base_name,
    choice_names,
    slots_of,
)
from hwnas.spaces.shrunk import kept_of, whole_of


def shrink_stage(
    experiment: Experiment,
    folder: RunFolder,
    problem: SearchProblem,
    scores: Scores,
    plan: ShrinkPlan,
    output: Path,
    listener: Listener,
    *,
    replace: bool,
) -> Shrunk:
    """Shrinks the space of a run, and writes the choices that stay.

    Each score is kept before the next is made, beside those of `hwnas rank`: run again, it resumes.
    Unless a file is to be replaced, one with other content stays: a person may have changed it.

    Raises:
        BudgetError, ConfigError: see `shrink`.
        RunError: a score is no number, or a file cannot be written or holds something else.
    """
    exact = scores.exact is not None  # these cost nothing, and are not recorded
    with (
        RankingJournal(folder.ranking_file) as journal,
        listener.progress(f"shrinking {problem.space.name}", "networks") as update,
    ):
        recorded = RecordedScores(scores.info.estimator, scores, journal)

        def judged(_: int, rows: Architectures) -> NDArray[np.float64]:
            if exact:
                return scores.evaluate_architectures(rows)
            return np.array([recorded.of(row)[0] for row in rows], dtype=np.float64)

        found = shrink(problem, judged, plan, progress=lambda *now: update(*plan.progress(*now)))
    budgets = experiment.config.search.budgets
    file = choices_of(
        found,
        plan,
        estimator=scores.info.estimator,
        budgets={name: budget.text for name, budget in budgets.items()},
    )
    text = file.to_yaml()
    if not replace and output.exists() and output.read_bytes() != text.encode():
        raise RunError(
            f"{output} holds other choices already; add --force to replace them, or --output to "
            "write elsewhere (scores are kept)"
        )
    write_atomically(output, text, error=RunError)
    return found


def choices_of(
    found: Shrunk, plan: ShrinkPlan, *, estimator: str, budgets: Mapping[str, str | float]
) -> ChoicesFile:
    """What is left of a space as a file says it, in words of the whole space.

    Args:
        found: what is left.
        plan: how it was found.
        estimator: what judged networks.
        budgets: in the loop, as they are written.
    """
    whole, before = whole_of(found.whole), kept_of(found.whole)
    gone: list[list[GoneChoice]] = [[] for _ in before]
    for slot, names in enumerate(before):
        for number, name in enumerate(choice_names(whole, slot)):
            if number not in names:
                gone[slot].append(GoneChoice(choice=name, why="it was taken away before"))
    for one in found.gone:
        name = choice_names(found.whole, one.slot)[one.choice]
        gone[one.slot].append(GoneChoice(choice=name, stage=one.stage, why=one.why))
    return ChoicesFile(
        format=FORMAT,
        space=base_name(whole),
        networks=KeptNetworks(
            of=whole.size, left=found.space.size, share=float(f"{found.share:.4g}")
        ),
        shrunk_by=ShrunkBy(
            method=plan.name,
            estimator=estimator,
            seed=plan.seed,
            stages=plan.stages,
            networks=plan.networks,
            keep=plan.keep,
            judged=found.judged,
            settings=dict(plan.settings),
            budgets=dict(budgets),
        ),
        slots=slots_of(whole, kept_of(found.space), gone),
    )
