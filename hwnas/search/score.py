"""A score from whatever a person has: an objective, a function of networks, or of architectures."""

from collections.abc import Callable
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import AccuracyError
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Objective, is_of_blocks
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import KnownScore
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.space import Architectures, SearchSpace

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
        AccuracyError: it is none of these, or an objective that is to be minimised. When it is
            called: it gives something else than one number for each network.
    """
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
    if not isinstance(space, SearchSpace | SpaceFamily):
        return None
    if is_of_blocks(score) and score.combine is np.add:
        _check_maximized(score)
        return SumScore(Trellis.of(space, score))
    return None


def _check_maximized(score: Objective) -> None:
    if getattr(score, "direction", "maximize") != "maximize":
        raise AccuracyError(
            f"the score {score.name} is to be minimized, and a search looks for the most; take its "
            "negative, or write a budget on it"
        )


def _of_networks(
    function: Callable[[list[Network]], Any], space: ChoiceSpace
) -> Callable[[Architectures], Any]:
    if not isinstance(space, SearchSpace | SpaceFamily):
        raise AccuracyError(
            f"{space.name} has no networks that a score could be given; write of='architectures'"
        )
    return lambda rows: function(space.networks(rows))


def _checked(function: Callable[[Architectures], Any]) -> Score:
    def score(architectures: Architectures) -> NDArray[np.float64]:
        found = function(architectures)
        try:
            values = np.asarray(found, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise AccuracyError(
                f"the score returned {type(found).__name__}, not one number for each network"
            ) from error
        if values.shape != (len(architectures),):
            raise AccuracyError(
                f"the score returned {values.size} numbers in the shape {values.shape} for "
                f"{len(architectures)} networks; return one number for each"
            )
        return values

    return score
