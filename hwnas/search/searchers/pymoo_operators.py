"""pymoo's operators for integer choices and canonical architectures."""

from typing import Any

import numpy as np
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair

from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures


class RandomChoice(Mutation):  # type: ignore[misc]  # pymoo is untyped
    """Each slot, with a given probability, takes any of its choices."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate

    def _do(
        self,
        problem: Problem,
        X: Architectures,  # noqa: N803  # pymoo's own name
        *_: Any,
        random_state: np.random.Generator,
        **__: Any,
    ) -> Architectures:
        drawn = random_state.integers(0, problem.xu + 1, size=X.shape)
        changed: Architectures = np.where(random_state.random(X.shape) < self._rate, drawn, X)
        return changed


class Canonical(Repair):  # type: ignore[misc]
    """Offspring in their canonical form, so that pymoo's own duplicate elimination finds equals."""

    def __init__(self, space: ChoiceSpace) -> None:
        super().__init__()
        self._space = space

    def _do(self, _problem: Problem, rows: Architectures, **_: Any) -> Architectures:
        return self._space.canonical(rows)
