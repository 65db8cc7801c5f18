"""MCT-NAS (Su et al. 2021, arXiv 2103.11922): Monte-Carlo tree search over the slots."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.policies.policy import Policy
from hwnas.search.policies.tally import Tally
from hwnas.search.policies.walk import Choices, Open, picked
from hwnas.spaces.space import Architectures

_NONE = -1  # no such node
_ROOT, _ROWS = 0, 64  # nodes that room is made for at first
Factor = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TreeSettings(StrictModel):
    """How much is explored, and how much the nodes of a slot tell one another.

    Attributes:
        warm_up: share of the planned draws that are random.
        explore: how much nodes that were visited less than others gain.
        sharing: weight of the mean reward of a choice wherever it stands in the tree; 0 for none.
        temperature: of the softmax that draws a choice; the higher, the more is left to chance.
    """

    warm_up: Annotated[float, Field(ge=0, lt=1)] = 0.3
    explore: Factor = 0.3
    sharing: Factor = 1.0
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.3


class TreeSearch(Policy):
    """The space as a tree, a level for each slot, whose nodes keep the rewards below them.

    A choice is drawn by the softmax of its mean reward, of √(ln visits of its parent / its visits)
    and of the mean reward of the same choice in all nodes of its level (node communication): nodes
    deep in the tree have hardly been visited themselves. Each reward adds one node, so that the
    tree does not grow faster than what is known.

    Published is a hierarchical selection in the end, which visits again what was visited little;
    ours is the exact search of the values, which are the shared means. Rewards are in standard
    deviations, so that no constant depends on their unit.
    """

    name: ClassVar[str] = "mcts"
    settings_model: ClassVar[type[StrictModel]] = TreeSettings
    settings: TreeSettings
    growing: ClassVar[frozenset[str]] = frozenset({"tree_children", "tree_visits", "tree_sums"})

    @override
    def prepare(self) -> None:
        self._tally = Tally(self.choices, self.learnt)
        self._warm_up = round(self.settings.warm_up * self.planned)
        widest = int(self.choices.counts.max())
        self.learnt["tree_nodes"] = np.array([1])
        self.learnt["tree_children"] = np.full((_ROWS, widest), _NONE, dtype=np.int32)
        self.learnt["tree_visits"] = np.zeros(_ROWS)
        self.learnt["tree_sums"] = np.zeros(_ROWS)

    @override
    def draw(self, count: int) -> Architectures:
        if self._tally.count < self._warm_up:
            return self.walk.random(count, self.generator)
        shared, children = self.settings.sharing * self._tally.means, self.learnt["tree_children"]
        nodes = np.zeros(0, dtype=np.int64)

        def choose(slot: int, beginnings: Architectures, open_choices: Open) -> Choices:
            nonlocal nodes
            if slot == 0:
                nodes = np.full(len(beginnings), _ROOT)
            else:
                nodes = np.where(nodes == _NONE, _NONE, children[nodes, beginnings[:, -1]])
            worth = self._worth(nodes)[:, : open_choices.shape[1]] + self.choices.of(slot, shared)
            return picked(worth / self.settings.temperature, open_choices, self.generator)

        return self.walk.draw(count, choose, self.generator)

    def _worth(self, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
        """(N, C) of the choices below each node: what was found there, and what is to be found."""
        visits, sums = self.learnt["tree_visits"], self.learnt["tree_sums"]
        below = self.learnt["tree_children"][nodes]
        below[nodes == _NONE] = _NONE
        known = below != _NONE
        visited = np.where(known, visits[below], 0.0)
        means = np.where(known, self._tally.standard(sums[below] / np.maximum(visited, 1.0)), 0.0)
        above = np.where(nodes == _NONE, 0.0, visits[nodes])[:, None]
        unknown = np.sqrt(np.log1p(above) / np.maximum(visited, 1.0))
        found: NDArray[np.float64] = means + self.settings.explore * unknown
        return found

    @override
    def learn(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        self._tally.add(architectures, rewards)
        for row, reward in zip(architectures.tolist(), rewards.tolist(), strict=True):
            self._visit(row, reward)

    def _visit(self, row: list[int], reward: float) -> None:
        """Adds a reward to the nodes on the way of an architecture, and one node to the tree."""
        children, node = self.learnt["tree_children"], _ROOT
        visits, sums = self.learnt["tree_visits"], self.learnt["tree_sums"]
        visits[node] += 1.0
        sums[node] += reward
        for choice in row:
            below = int(children[node, choice])
            is_new = below == _NONE
            if is_new:
                below = self._new_node()
                children, sums = self.learnt["tree_children"], self.learnt["tree_sums"]
                visits = self.learnt["tree_visits"]
                children[node, choice] = below
            visits[below] += 1.0
            sums[below] += reward
            if is_new:
                return
            node = below

    def _new_node(self) -> int:
        nodes = int(self.learnt["tree_nodes"][0])
        if nodes == len(self.learnt["tree_visits"]):
            for name, empty in (("children", _NONE), ("visits", 0.0), ("sums", 0.0)):
                array = self.learnt[f"tree_{name}"]
                self.learnt[f"tree_{name}"] = np.concatenate((array, np.full_like(array, empty)))
        self.learnt["tree_nodes"][0] += 1
        return nodes

    @override
    def values(self) -> list[NDArray[np.float64]]:
        return self.choices.split(self._tally.means)
