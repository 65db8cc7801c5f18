"""What each choice of each slot is worth in a run: the score's own values, or those of a fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwnas.core.errors import HwnasError, RunError
from hwnas.estimators.choice_values import ChoiceValues
from hwnas.estimators.registry import POLICY, SUPERNET_FILE
from hwnas.report.framed import Framed
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import RunSearch
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.trellis import Trellis
from hwnas.spaces import Space

PATHS = "train.paths"
"""What the values of the policy that drew a supernet's paths are called."""

# With fewer networks a choice of the worst kind of space was hardly ever seen.
LEAST_NETWORKS = 30
# A regression on so many says what it says on more.
_MOST = 20_000
# With many networks the strength of the ridge hardly matters, and choosing it takes seconds.
_MANY, _STRENGTH = 1000, 1.0


@dataclass(frozen=True, eq=False)
class RunValues:
    """The values of choices that a run knows.

    Attributes:
        maps: those of the score first, then those of policies.
        model_ms, model_score: the exact front of a fitted sum against predicted latency, within the
            budgets; empty where nothing was fitted, or nothing keeps them.
        missing: why what drew the supernet's paths is not among the maps; "" where there is none.
    """

    maps: Sequence[ChoiceValues]
    model_ms: Sequence[float] = ()
    model_score: Sequence[float] = ()
    missing: str = ""


def run_values(
    experiment: Experiment, folder: RunFolder, result: RunSearch, framed: Framed | None
) -> RunValues:
    """What each choice is worth, by all that a run knows of it.

    Where the score is a sum of values of choices, these are shown, else those of a sum that is
    fitted to the judged networks, if there are enough of them. Then come what each policy that has
    searched holds of the choices, and what the policy that drew the supernet's paths does.
    """
    space, maps, model, missing = experiment.space, [], None, ""
    if result.effects is not None:
        own = result.score_info.values_of(space, result.effects, result.value_history)
        maps.append(replace(own, title="What each choice is worth"))
    elif fitted := fitted_values(result, space):
        maps, model = [fitted.values], fitted.model
    maps += [
        ChoiceValues.of_policy(space, name, history) for name, history in result.learnt.items()
    ]
    try:
        maps += _drawn(experiment, folder)
    except RunError as error:  # the rest does not depend on that file
        missing = str(error)
    if framed is not None:
        maps = [one.framing(framed.chosen, framed.words) for one in maps]
    costs, scores = ([], []) if model is None else _front(model, result)
    return RunValues(maps, costs, scores, missing)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A sum of one value a choice, fitted to judged networks: as values, and to be searched."""

    values: ChoiceValues
    model: Trellis


def fitted_values(result: RunSearch, space: Space) -> Fitted | None:
    """Fits a sum of values of choices to a run's judged networks; None of too few of them."""
    rows, scores = result.architectures[:_MOST], result.scores[:_MOST]
    if len(rows) < LEAST_NETWORKS or not float(np.ptp(scores)) > 0:
        return None
    model = fit_additive(space, rows, scores, _STRENGTH if len(rows) > _MANY else None)
    rest = scores - model.evaluate(rows)
    counts = space.choice_counts.tolist()
    seen = tuple(np.bincount(rows[:, i], minlength=count) for i, count in enumerate(counts))
    explained = float(1 - rest.var() / scores.var())
    values = ChoiceValues.of_space(
        space,
        [step[0, 0] for step in model.steps],
        of=result.score_info.estimator,
        title="What each choice is worth",
        notes=[
            f"A sum of one value a choice, fitted to {len(rows):,} judged networks; it explains "
            f"{explained:.0%} of the differences between their scores."
        ],
        unit=result.score_info.unit,
        seen=seen,
    )
    return Fitted(values, model)


def _front(model: Trellis, result: RunSearch) -> tuple[list[float], list[float]]:
    try:
        front = exact_front(model, result.problem.relaxed, FEW_LABELS)
    except HwnasError:  # no network keeps the budgets
        return [], []
    return front.costs.tolist(), front.scores.tolist()


def _drawn(experiment: Experiment, folder: RunFolder) -> list[ChoiceValues]:
    """What the policy that drew the paths of the run's supernet holds; nothing of uniform ones.

    Also nothing where its values are the run's score, hence shown already, or none was trained.

    Raises:
        RunError: the supernet's file is damaged, or its training has not ended.
    """
    config, path = experiment.config, folder.path / SUPERNET_FILE
    train = config.train
    if train is None or not train.drawn_by_policy or not path.is_file():
        return []
    if config.accuracy.estimator == POLICY:
        return []
    from hwnas.estimators.supernet.learnt_values import read_learnt_values  # loads PyTorch

    found = read_learnt_values(path, experiment.space)
    if found is None:
        return []
    values = ChoiceValues.of_space(
        experiment.space,
        found.values,
        of=PATHS,
        title=f"What {train.policy[0]}, which drew the supernet's paths, holds of each choice",
        notes=["The policy's own values at the end of the supernet's training."],
        history=found.history,
    )
    return [values]
