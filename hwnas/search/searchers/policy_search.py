"""Search by a policy: it draws and learns, and in the end its values are searched exactly."""

import functools
import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, create_model
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.policies.history import ValueHistory
from hwnas.search.policies.policy import Policy
from hwnas.search.searchers.promising import promising, within
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures, keys

# Draws in a row that are all known: the policy has settled.
_SETTLED = 50
# The values are searched anew after each of so many parts of what is left to them.
_FINAL_BATCHES = 4
# After each of so many parts of the evaluations, what the policy holds is kept.
_MOMENTS = 10
_FRONT_SHARE = {"best": 0.0, "both": 0.2, "front": 0.9}


class PolicySearchSettings(StrictModel):
    """What is done with a policy, beside its own settings.

    Attributes:
        final: share of the evaluations for what its values promise, by an exact search within the
            budgets; whatever the policy does not use, because it has settled, is added.
        aim: of these, the `best` network, the whole `front`, or `both`.
        batch: networks that are drawn at once, to be evaluated side by side; by default as many
            as the policy learns from at once.
    """

    final: Annotated[float, Field(ge=0, le=1)] = 0.2
    aim: Literal["both", "best", "front"] = "both"
    batch: Annotated[int, Field(ge=1)] | None = None


class PolicySearch(Searcher):
    """Asks for what a policy draws and tells it the scores, then asks for what its values promise.

    A network that is drawn again is not evaluated again: the policy is told what is known. It goes
    on learning from the networks that its values promise. `policy_searcher` makes the searcher of
    a policy.

    Attributes:
        drawing: the policy.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "policy"
    asynchronous: ClassVar[Mapping[str, Any] | None] = {"batch": 1}
    policy: ClassVar[type[Policy]]
    settings: PolicySearchSettings

    @override
    def prepare(self) -> None:
        final = min(self.evaluations - 1, round(self.settings.final * self.evaluations))
        self._drawn_until = self.evaluations - final
        seed = int(self.generator.integers(2**63))
        own = self.settings.model_dump(include=set(self.policy.settings_model.model_fields))
        settings = self.policy.settings_model.model_validate(own)
        self.drawing = self.policy(self.problem, self._drawn_until, seed, settings)
        # How often each network under way was drawn.
        self._draws: dict[tuple[int, ...], int] = {}
        self._history = ValueHistory.empty(self.drawing.choices.total)

    @override
    def ask(self) -> Architectures:
        if self.remaining <= 0:
            return self.nothing
        left = self._drawn_until - len(self.scores) - len(self.pending)
        rows = self._drawn(min(left, self.settings.batch or self.drawing.wanted))
        if not len(rows):
            self._drawn_until = 0  # if it has settled, it stays settled
            count = self.settings.batch or math.ceil(self.remaining / _FINAL_BATCHES)
            rows = self._promised(min(count, self.remaining))
        return rows

    def _drawn(self, count: int) -> Architectures:
        """(count', L) new networks that the policy draws; fewer where it has settled."""
        found: dict[tuple[int, ...], None] = {}
        known = 0
        while len(found) < count and known < _SETTLED:
            for key in keys(self.drawing.draw(count - len(found))):
                known = 0 if self.is_new(key) and key not in found else known + 1
                if key in self.scores:
                    self._learn([key], np.array([self.scores[key]]))
                    continue
                self._draws[key] = self._draws.get(key, 0) + 1
                if self.is_new(key):
                    found[key] = None
        return np.array(list(found), dtype=np.int64).reshape(-1, self.problem.length)

    @override
    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        super().tell(architectures, scores)
        told = keys(architectures)
        times = [self._draws.pop(key, 1) for key in told]
        self._learn(np.repeat(architectures, times, axis=0), np.repeat(scores, times))
        judged, kept = len(self.scores), len(self._history.moments)
        if _MOMENTS * judged >= (kept + 1) * self.evaluations:
            self._history = self._history.added(judged, self.drawing.values())

    @property
    @override
    def value_history(self) -> ValueHistory | None:
        """The values after each tenth of the evaluations, and now."""
        if not self.scores:
            return None
        return self._history.added(len(self.scores), self.drawing.values())

    def _learn(self, rows: ArrayLike, scores: NDArray[np.float64]) -> None:
        self.drawing.learn(np.asarray(rows, dtype=np.int64), scores)

    def _promised(self, count: int) -> Architectures:
        """(count', L) new networks of which the policy's values promise most."""
        score, done = self.drawing.score, len(self.scores) + len(self.pending)
        share = _FRONT_SHARE[self.settings.aim]
        for_front = math.floor(share * (done + count)) - math.floor(share * done)
        rows = promising(self, score, count - for_front)
        if for_front:
            front = exact_front(score, self.problem.relaxed, FEW_LABELS).architectures
            fresh = self.unseen(within(self.problem, front))
            places = np.linspace(0, len(fresh) - 1, min(for_front, len(fresh))).round()
            rows = self.unseen(np.concatenate((rows, fresh[np.unique(places.astype(np.int64))])))
        if len(rows) < count:
            rows = self.unseen(np.concatenate((rows, promising(self, score, count))))[:count]
        if len(rows) < count:
            rows = np.concatenate((rows, self.random(count - len(rows), rows)))
        return rows


@functools.cache
def policy_searcher(policy: type[Policy]) -> type[PolicySearch]:
    """The searcher of a policy, of the same name, with the settings of both.

    Raises:
        ConfigError: the policy has a setting of the name of one that every such search has.
    """
    taken = sorted({*policy.settings_model.model_fields} & {*PolicySearchSettings.model_fields})
    if taken:
        raise ConfigError(
            f"the policy {policy.name} has a setting {taken[0]}, as every search by a policy has; "
            "give it another name"
        )
    bases = PolicySearchSettings, policy.settings_model
    settings = create_model(policy.settings_model.__name__, __base__=bases)
    attributes = {
        "__doc__": policy.__doc__,
        "name": policy.name,
        # Rises with either.
        "version": PolicySearch.version + policy.version - 1,
        "settings_model": settings,
        "policy": policy,
    }
    return cast(type[PolicySearch], type(policy.__name__, (PolicySearch,), attributes))
