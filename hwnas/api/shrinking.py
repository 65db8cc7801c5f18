"""Shrinking a space: of a run, as `hwnas shrink` does it, or of a problem and a score."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.api.checks import check_count
from hwnas.api.progress import PythonListener
from hwnas.core.errors import ConfigError
from hwnas.runs.defaults import SHRUNK_KEEP, SHRUNK_NETWORKS, SHRUNK_STAGES
from hwnas.runs.opened import OpenedRun
from hwnas.search.problem import SearchProblem
from hwnas.search.score import Of, as_score

if TYPE_CHECKING:
    from hwnas.search.shrinkers import Shrinker
    from hwnas.search.shrinkers.plan import ShrinkPlan
    from hwnas.search.shrinkers.shrinking import Shrunk


class ShrinkingRun(OpenedRun):
    """A run whose space can be shrunk."""

    def shrink(
        self,
        method: "str | type[Shrinker]",
        *,
        stages: int = SHRUNK_STAGES,
        networks: int = SHRUNK_NETWORKS,
        keep: float = SHRUNK_KEEP,
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
        epochs: int = 0,
        output: str | Path | None = None,
        replace: bool = True,
    ) -> "Shrunk":
        """Takes choices away that promise little, and writes a file of those that stay.

        Networks are judged by the run's estimator. A supernet judges as it was trained, on the
        space of the run, or with `epochs` is trained further before each stage, on what is left.
        Every score is kept, so that a stopped one resumes.

        Args:
            method: a shrinker's name, or a class of your own.
            stages: after each some choices go.
            networks: judged in each stage, at most.
            keep: the share of the networks within the budgets that is left at least.
            seed: of everything random.
            settings: of the shrinker that are not at their defaults.
            epochs: how many a supernet is trained for before each stage, see
                `hwnas.estimators.supernet.stages`. It goes on from the run's own where that is
                trained. 0 to judge by what is there.
            output: the file; None for `choices.yaml` in the run folder.
            replace: whether a file with other choices is replaced.

        Raises:
            BudgetError: a budget is out of reach.
            ConfigError: there is no such shrinker or setting, an argument is wrong, or `epochs` are
                given and the estimator trains no supernet.
            RunError: something has to be trained before, the folder is another config's, or a file
                is there that is not to be replaced.
            TableError: the device has to be profiled before.
        """
        from hwnas.runs.estimating import make_scores
        from hwnas.runs.missing_steps import check_steps
        from hwnas.runs.shrink_stage import shrink_stage
        from hwnas.runs.stage_training import stage_training
        from hwnas.search.shrinkers import make_shrinker

        plan = shrink_plan(method, stages, networks, keep, seed, settings)
        check_count(epochs, "epochs", least=0)
        experiment, folder = self.experiment, self.folder
        folder.check(experiment.config)
        training = stage_training(experiment, folder, epochs, self.listener) if epochs else None
        check_steps(experiment, folder, trained=training is None)
        _, problem = self.pose()
        if training is not None:
            problem = training.within(problem)
        make_shrinker(method, problem, seed, settings)  # refused before there is a run
        scores = self.untrained_scores()
        with self.held(images=experiment.config.accuracy.scorer.needs_images):
            judge = training or scores or make_scores(experiment, folder)
            path = folder.choices_file if output is None else Path(output)
            return shrink_stage(
                experiment, folder, problem, judge, plan, path, self.listener, replace=replace
            )


def shrink_problem(problem: SearchProblem, score: Any, plan: "ShrinkPlan", of: Of) -> "Shrunk":
    """See `Problem.shrink`."""
    from hwnas.search.shrinkers.shrinking import shrink

    judged = as_score(score, problem.space, of)
    with PythonListener().progress(f"shrinking {problem.space.name}", "networks") as update:
        return shrink(
            problem,
            lambda _, rows: judged(rows),
            plan,
            progress=lambda *now: update(*plan.progress(*now)),
        )


def shrink_plan(
    method: "str | type[Shrinker]",
    stages: int,
    networks: int,
    keep: float,
    seed: int,
    settings: Mapping[str, Any] | None,
) -> "ShrinkPlan":
    """What is asked for.

    Raises:
        ConfigError: a number cannot be.
    """
    from hwnas.search.shrinkers.plan import ShrinkPlan

    check_count(stages, "stages")
    check_count(networks, "networks")
    if isinstance(keep, bool) or not isinstance(keep, int | float) or not 0 < keep <= 1:
        raise ConfigError(f"keep is {keep!r}; give a share between 0 and 1, such as 0.1")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ConfigError(f"seed is {seed!r}; give a whole number of 0 or more")
    return ShrinkPlan(method, stages, networks, keep, seed, dict(settings or {}))
