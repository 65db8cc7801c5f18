"""What a search found: networks, their front, and what to do with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from hwnas.api.checks import check_count
from hwnas.api.problem import Problem
from hwnas.core.errors import ConfigError, RunError
from hwnas.core.files import write_atomically
from hwnas.core.notebook import data_frame, html_table
from hwnas.networks.blocks import Network
from hwnas.networks.graph import build_graph
from hwnas.networks.ids import network_id
from hwnas.objectives.objective import amount
from hwnas.search.front import knee
from hwnas.spaces.space import Architectures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from hwnas.estimators.choice_values import ChoiceValues
    from hwnas.networks.modules import NetworkModule


@dataclass(frozen=True)
class FoundNetwork:
    """A network that a search judged.

    Attributes:
        architecture: the choice of each slot.
        network: its blocks.
        score: what it was judged to be; more is better.
        costs: the value of every objective of the problem, by name, in its unit.
    """

    architecture: tuple[int, ...]
    network: Network = field(repr=False)
    score: float
    costs: dict[str, float] = field(hash=False)

    @cached_property
    def id(self) -> str:
        """A short name, the same in every search and run: what `hwnas export --pick` takes."""
        return network_id(self.network)

    def to_torch(self, seed: int | None = 0) -> "NetworkModule":
        """A PyTorch module of the network with random weights of a seed, see `hwnas.to_torch`."""
        return to_torch(self.network, seed)

    def save_onnx(
        self, path: str | Path, module: "NetworkModule | None" = None, *, batch: int = 1
    ) -> Path:
        """Writes the network as an ONNX file, the very graph that is timed.

        Args:
            path: of the file.
            module: holds the weights, as `to_torch` made it and you trained it; batch norm is
                folded into the convolutions. Random weights by default: for timing.
            batch: images per inference.

        Returns:
            The path.

        Raises:
            HwnasError: the module is none of `to_torch` or of another network, the batch is not
                positive, or the file cannot be written.
        """
        check_count(batch, "batch")
        weights = None
        if module is not None:
            from hwnas.networks.folding import folded_weights
            from hwnas.networks.modules import NetworkModule

            if not isinstance(module, NetworkModule):
                raise ConfigError(
                    "the module must be one that 'to_torch' of this network made, and not of the "
                    f"type {type(module).__name__}"
                )
            if module.blocks != self.network:
                raise ConfigError(
                    "the module holds the weights of another network; make it with the 'to_torch' "
                    "of this one"
                )
            weights = folded_weights(module)
        model = build_graph(self.network, batch=batch, weights=weights)
        write_atomically(Path(path), model.SerializeToString())
        return Path(path)


class Front(Sequence[FoundNetwork]):
    """The non-dominated networks of a search, the cheapest (and of least score) first."""

    def __init__(
        self, problem: Problem, networks: Sequence[FoundNetwork], knee: int | None
    ) -> None:
        """Takes the networks in order.

        Args:
            problem: that they are of.
            networks: the cheapest first.
            knee: the index of the one beyond which a little more score costs much; None without.
        """
        self.problem, self.knee = problem, knee
        self._networks = tuple(networks)

    def __len__(self) -> int:
        return len(self._networks)

    @overload
    def __getitem__(self, index: int) -> FoundNetwork: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[FoundNetwork, ...]: ...
    def __getitem__(self, index: int | slice) -> FoundNetwork | tuple[FoundNetwork, ...]:
        return self._networks[index]

    def __iter__(self) -> Iterator[FoundNetwork]:
        return iter(self._networks)

    def to_dicts(self) -> list[dict[str, Any]]:
        """A row per network: its id, its score, every cost by name, its architecture.

        Of a family of spaces with the resolution and the width that it chose.
        """
        return [
            {
                "id": one.id,
                "score": one.score,
                **one.costs,
                **self._chosen(one),
                "architecture": list(one.architecture),
            }
            for one in self._networks
        ]

    def to_frame(self) -> "DataFrame":
        """The same as a pandas data frame.

        Raises:
            HwnasError: pandas is not installed.
        """
        return data_frame(self.to_dicts())

    def plot(self, axes: "Axes | None" = None) -> "Figure":
        """Score against cost, with the knee and the budget on that cost.

        Args:
            axes: of matplotlib, to draw into; a figure of its own by default.

        Returns:
            The figure: a notebook shows it, `figure.savefig("front.png")` writes it.
        """
        from hwnas.report.drawing import draw_front, label_axes, matplotlib

        matplotlib()
        from matplotlib import pyplot

        figure = None if axes is None else axes.get_figure(root=True)
        if axes is None or figure is None:
            figure, axes = pyplot.subplots(figsize=(7.2, 4.4), layout="constrained")
            pyplot.close(figure)  # a notebook would show it a second time
        cost = self.problem.cost_name
        costs = [one.costs[cost] for one in self._networks]
        scores = [one.score for one in self._networks]
        bound = self.problem.search_problem.bound(cost)
        draw_front(axes, costs, scores, knee=self.knee, bound=bound, points=".")
        label_axes(axes, f"{cost} ({self.problem.units[cost]})", "score")
        return figure

    def __repr__(self) -> str:
        columns, rows = self._table()
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in (columns, *rows)
        ]
        return "\n".join([f"Front of {len(self)} networks", *lines])

    def _repr_html_(self) -> str:
        return html_table(f"Front of {len(self)} networks", *self._table())

    def _table(self) -> tuple[list[str], list[list[str]]]:
        units = self.problem.units
        named = [
            unit if unit.lower() == name else f"{name} ({unit})" for name, unit in units.items()
        ]
        chosen = ["px", "width"] if len(self.problem.space.members) > 1 else []
        columns = ["id", "score", *named, *chosen, "architecture"]
        rows = [
            [
                one.id,
                f"{one.score:.5g}",
                *(amount(one.costs[name]) for name in units),
                *(f"{value:g}" for value in self._chosen(one).values()),
                " ".join(map(str, one.architecture)) + (" knee" if index == self.knee else ""),
            ]
            for index, one in enumerate(self._networks)
        ]
        return columns, rows

    def _chosen(self, one: FoundNetwork) -> dict[str, int | float]:
        """The resolution and the width of a network, where these were a choice."""
        space = self.problem.space
        if len(space.members) == 1:
            return {}
        member = space.member(np.array(one.architecture))
        return {"resolution": member.resolution, "width": member.width}


class SearchResult:
    """What a search judged, and the front of it.

    Attributes:
        problem: that was searched.
        architectures: (N, L) every judged network, in the order of judging.
        scores: (N,) theirs.
        front: the non-dominated of those that keep every budget.
    """

    def __init__(
        self,
        problem: Problem,
        architectures: Architectures,
        scores: NDArray[np.float64],
        learnt: "ChoiceValues | None" = None,
    ) -> None:
        self.problem, self.architectures, self.scores = problem, architectures, scores
        self._learnt = learnt
        found = problem.search_problem.front(architectures, scores)
        self.front = Front(problem, self._networks(found.architectures, found.scores), knee(found))

    @property
    def best(self) -> FoundNetwork:
        """The network of the highest score that keeps every budget.

        Raises:
            HwnasError: no network was judged that does.
        """
        if not len(self.front):
            judged = f"none of the {len(self.scores):,} judged networks keeps every budget"
            raise RunError(f"{judged}; allow more evaluations, or more of a budget")
        return self.front[-1]

    def choice_values(self) -> "ChoiceValues":
        """What the policy that has searched holds of each choice; a notebook shows a heat map.

        The best network is framed. For values that an estimator's scores are sums of, see
        `hwnas.estimators.scores.Scores.choice_values`.

        Raises:
            HwnasError: the searcher was no policy.
        """
        if self._learnt is None:
            raise ConfigError(
                "only policies hold values of choices; search with one, such as searcher='mcts'"
            )
        if not len(self.front):
            return self._learnt
        return self._learnt.framing(self.front[-1].architecture, "the best network of the front")

    def to_frame(self) -> "DataFrame":
        """Every judged network as a pandas data frame, in the order of judging.

        Raises:
            HwnasError: pandas is not installed.
        """
        every = Front(self.problem, self._networks(self.architectures, self.scores), None)
        return every.to_frame()

    def __repr__(self) -> str:
        return (
            f"SearchResult({len(self.scores)} networks judged, {len(self.front)} on the front, "
            f"best score {self.best.score:.5g})"
            if len(self.front)
            else f"SearchResult({len(self.scores)} networks judged, none within the budgets)"
        )

    def _networks(
        self, architectures: Architectures, scores: NDArray[np.float64]
    ) -> list[FoundNetwork]:
        networks = self.problem.space.networks(architectures)
        costs = self.problem.costs(networks)
        return [
            FoundNetwork(
                tuple(row),
                network,
                score,
                {name: float(values[index]) for name, values in costs.items()},
            )
            for index, (row, network, score) in enumerate(
                zip(architectures.tolist(), networks, scores.tolist(), strict=True)
            )
        ]


def to_torch(network: Network, seed: int | None = 0) -> "NetworkModule":
    """A PyTorch module of a network, to train and to export.

    Args:
        network: blocks, as a scoring function is given them.
        seed: of its random weights; None draws from PyTorch's own generator.

    Returns:
        From images (N, 3, R, R), normalised, to logits (N, classes).
    """
    from hwnas.networks.modules import NetworkModule

    return NetworkModule(network, seed)
