"""The shrinking stage of a run: which choices stay, by scores of its estimator."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace as replaced
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import RunError
from hwnas.core.files import write_atomically
from hwnas.core.listener import Listener
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.stages import StageTraining
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking_journal import RankingJournal
from hwnas.runs.recorded_scores import RecordedScores
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import Shrunk, shrink
from hwnas.spaces import Architectures, Space
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
    judge: Scores | StageTraining,
    plan: ShrinkPlan,
    output: Path,
    listener: Listener,
    *,
    replace: bool,
) -> Shrunk:
    """Shrinks the space of a run, and writes the choices that stay.

    Each score is kept before the next is made, beside those of `hwnas rank`: run again, it resumes.
    Unless a file is to be replaced, one with other content stays: a person may have changed it.

    Args:
        experiment: of the run.
        folder: of the run, open.
        problem: its space and budgets.
        judge: scores of all stages, or what makes those of each.
        plan: by which shrinker, and how far.
        output: the file to write.
        listener: is told how far it is.
        replace: whether a file with other choices is replaced.

    Raises:
        BudgetError, ConfigError: see `shrink`.
        RunError: a score is no number, or a file cannot be written or holds something else.
    """
    training = judge if isinstance(judge, StageTraining) else None
    with RankingJournal(folder.ranking_file) as journal, ExitStack() as bar:
        judged = _Judged(journal, listener, f"shrinking {problem.space.name}", bar)

        def begin(number: int, left: Space, share: float) -> None:
            assert training is not None
            bar.close()  # a training has a bar of its own
            judged.by(training.begin(number, left, share))

        if isinstance(judge, Scores):
            judged.by(judge)
        found = shrink(
            problem,
            lambda _, rows: judged(rows),
            plan,
            begin=None if training is None else begin,
            progress=lambda *now: judged.update(*plan.progress(*now)),
        )
    config = experiment.config
    budgets = {name: budget.text for name, budget in config.search.budgets.items()}
    if training is not None:
        of_training = config.recipe.train.budgets.items()
        budgets |= {f"train.budgets.{name}": budget.text for name, budget in of_training}
    file = choices_of(
        found,
        plan,
        estimator=config.accuracy.estimator,
        budgets=budgets,
        epochs=0 if training is None else training.epochs,
    )
    text = file.to_yaml()
    if not replace and output.exists() and output.read_bytes() != text.encode():
        raise RunError(
            f"{output} holds other choices already; add --force to replace them, or --output to "
            "write elsewhere (scores are kept)"
        )
    write_atomically(output, text, error=RunError)
    return found if training is None else replaced(found, weights=training.weights)


class _Judged:
    """Scores of networks, each of which is recorded, under a bar that shows how many they are."""

    def __init__(
        self, journal: RankingJournal, listener: Listener, title: str, bar: ExitStack
    ) -> None:
        self._journal, self._listener, self._title, self._bar = journal, listener, title, bar

    def by(self, scores: Scores) -> None:
        """Judges by some scores from now on."""
        self._scores = scores
        self._recorded = RecordedScores(scores.info.estimator, scores, self._journal)
        self.update = self._bar.enter_context(self._listener.progress(self._title, "networks"))

    def __call__(self, rows: Architectures) -> NDArray[np.float64]:
        """(N,) scores of (N, L) networks."""
        if self._scores.exact is not None:  # these cost nothing, and are not recorded
            return self._scores.evaluate_architectures(rows)
        return np.array([self._recorded.of(row)[0] for row in rows], dtype=np.float64)


def choices_of(
    found: Shrunk,
    plan: ShrinkPlan,
    *,
    estimator: str,
    budgets: Mapping[str, str | float],
    epochs: int = 0,
) -> ChoicesFile:
    """What is left of a space as a file says it, in words of the whole space.

    Args:
        found: what is left.
        plan: how it was found.
        estimator: what judged networks.
        budgets: in the loop, as they are written.
        epochs: for which a supernet was trained before each stage.
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
            epochs=epochs,
        ),
        slots=slots_of(whole, kept_of(found.space), gone),
    )
