"""A score from whatever a person has: an objective, a function of networks, or of architectures."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import AccuracyError
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Objective, is_of_blocks
from hwnas.objectives.values import one_for_each
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import KnownScore
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures

Score = Callable[[Architectures], NDArray[np.float64]]
"""(N, L) architectures → (N,) scores, to be maximised."""

Of = Literal["networks", "architectures"]
"""What a function is called with: a list of N networks, or their (N, L) architectures."""


def as_score(score: Any, space: ChoiceSpace, of: Of = "networks") -> Score:
    """A score as searches call it.

    Args:
        score: see `known_score`; an estimator, with `evaluate_architectures(architectures)`; an
            objective that is to be maximised, with `evaluate(networks)`; or a function that
            returns one number for each network, the more the better.
        space: whose architectures they are.
        of: what a function is called with.

    Raises:
        AccuracyError: it is none of these, or an objective that is to be minimised; or `of` is
            another word. When it is called: it gives something else than one number for each
            network.
    """
    if of not in get_args(Of):
        raise AccuracyError(f"of is {of!r}; write of='networks' or of='architectures'")
    known = known_score(score, space)
    if known is not None:
        return known.evaluate
    if hasattr(score, "evaluate_architectures"):
        return _checked(score.evaluate_architectures)
    if hasattr(score, "evaluate"):
        _check_maximized(score)
        return _checked(_of_networks(score.evaluate, space))
    if not callable(score):
        raise AccuracyError(
            "a score is a function of networks, an objective or an estimator, and not of the type "
            f"{type(score).__name__}"
        )
    if of == "architectures":
        return _checked(score)
    return _checked(_of_networks(score, space))


def known_score(score: Any, space: ChoiceSpace) -> KnownScore | None:
    """A score that costs nothing to compute and knows its front; None for any other.

    Args:
        score: a `KnownScore`, an estimator's scores that know such a form (`exact`), a sum over a
            space (`Trellis`), or an objective that is a sum over blocks.
        space: that a sum over blocks is laid over.

    Raises:
        AccuracyError: an objective is to be minimised.
    """
    exact: KnownScore | None = getattr(score, "exact", None)
    if exact is not None:
        return exact
    if isinstance(score, Trellis):
        return SumScore(score)
    if hasattr(score, "front") and hasattr(score, "evaluate"):
        return cast(KnownScore, score)
    if not isinstance(space, Space):
        return None
    if is_of_blocks(score) and score.combine is np.add:
        _check_maximized(score)
        return SumScore(Trellis.of(space, score))
    return None


def score_identity(score: Any) -> dict[str, str]:
    """What tells scores from those of another origin, as texts by name, for a journal.

    Of an estimator's scores they are all that these depend on. Functions are not told apart.
    """
    identity = getattr(score, "identity", None)
    if isinstance(identity, Mapping) and identity:
        return dict(identity)
    name = getattr(score, "name", None)
    is_function = not isinstance(name, str) or not hasattr(score, "evaluate")
    return {"score": "a function" if is_function else f"the objective {name}"}


def _check_maximized(score: Objective) -> None:
    if getattr(score, "direction", "maximize") != "maximize":
        raise AccuracyError(
            f"the score {score.name} is to be minimized, and a search looks for the most; take its "
            "negative, or write a budget on it"
        )


def _of_networks(
    function: Callable[[list[Network]], Any], space: ChoiceSpace
) -> Callable[[Architectures], Any]:
    if not isinstance(space, Space):
        raise AccuracyError(
            f"{space.name} has no networks that a score could be given; write of='architectures'"
        )
    return lambda rows: function(space.networks(rows))


def _checked(function: Callable[[Architectures], Any]) -> Score:
    def score(architectures: Architectures) -> NDArray[np.float64]:
        found = function(architectures)
        return one_for_each(found, len(architectures), "score", error=AccuracyError)

    return score
