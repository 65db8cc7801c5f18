"""The latency budget of an ensemble: how it is written, and what of a run is within it."""

from dataclasses import replace

import numpy as np

from hwnas.core.errors import BudgetError, ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.listener import Listener
from hwnas.latency.family import AnyLatency
from hwnas.networks.ensemble import Ensemble
from hwnas.objectives.budgets import LATENCY, Budget
from hwnas.runs.experiment import Experiment
from hwnas.runs.searching import RunSearch

_EXAMPLE = f"'{LATENCY}=2 ms'"


def latency_budget(text: str | None) -> Budget | None:
    """The budget of a text like "latency=2 ms", or "2 ms"; None for that of the run.

    Raises:
        BudgetError: it cannot be read, or is on something else.
    """
    if text is None:
        return None
    name, equals, amount = text.partition("=")
    if not equals:
        name, amount = LATENCY, text
    if name.strip() != LATENCY:
        raise BudgetError(
            f"the budget of an ensemble is a {LATENCY} on the run's own device, as in {_EXAMPLE}, "
            f"and not on '{shown(name.strip())}'"
        )
    return Budget.of(LATENCY, amount.strip())


def within_latency(
    experiment: Experiment,
    latency: AnyLatency,
    result: RunSearch,
    budget: Budget | None,
    listener: Listener,
) -> RunSearch:
    """What a search comes to within another latency budget: all it judged, and another front.

    Other budgets of the run still hold. A larger budget is warned of: networks that need more than
    the run's own were not searched for.

    Raises:
        BudgetError: it is out of reach.
        ConfigError: neither it nor the run has one.
    """
    own = result.problem.bound(LATENCY)
    if budget is None:
        if own is None:
            raise ConfigError(
                f"this run has no {LATENCY} budget, and an ensemble needs one; add --budget "
                f"{_EXAMPLE}"
            )
        return result
    search = experiment.config.search
    budgets = {**search.budgets, LATENCY: budget}
    changed = {"search": search.model_copy(update={"budgets": budgets})}
    config = experiment.config.model_copy(update=changed)
    problem = replace(experiment, config=config).problem(latency)
    bound = problem.bound(LATENCY)
    if own is not None and bound is not None and bound > own:
        listener.warn(
            f"the run was searched within {own:.4g} ms, and the ensemble may take {bound:.4g} ms: "
            "single networks that need more than the run's budget were not searched for, so that "
            "the comparison favours the ensemble; search again with this budget first"
        )
    every = np.ones(len(result.scores), dtype=np.bool_)
    (on_front,) = problem.on_fronts(result.architectures, result.scores, [every])
    return replace(result, problem=problem, on_front=on_front)


def predicted_ms(latency: AnyLatency, ensemble: Ensemble) -> float | None:
    """What an ensemble takes: a network's overhead once, the trunk once, and every tail, in ms.

    Averaging is not in the table; it takes microseconds. None where the table lacks blocks.
    """
    models = [latency.of(member) for member in ensemble.members]
    if any(m.missing(blocks) for m, blocks in zip(models, ensemble.members, strict=True)):
        return None
    overhead = max(model.correction.overhead for model in models)
    trunk = sum(map(models[0].block_value, ensemble.trunk))
    tails = sum(
        sum(map(model.block_value, tail))
        for model, tail in zip(models, ensemble.tails, strict=True)
    )
    return float(overhead + trunk + tails)
