"""BlockModel: overhead + Σ block, corrected from whole networks, still additive."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.core.foreign_text import shown
from hwnas.core.notebook import data_frame, html_table
from hwnas.latency.correction import Correction
from hwnas.latency.quantity import LATENCY, Quantity
from hwnas.latency.stored import Least0, Measured, read_stored
from hwnas.latency.validation import POOR, Validation
from hwnas.networks.blocks import (
    Block,
    Network,
    Skip,
    block_from_key,
    block_key,
    block_to_dict,
    short_key,
)

if TYPE_CHECKING:
    from pandas import DataFrame

Basis = Literal["alone", "chain", "networks"]
BASES: tuple[Basis, ...] = ("alone", "chain")
"""What the value of a measured block may be from, the simpler one first."""
WHOLE: tuple[Basis, ...] = ("networks",)
"""The same where no block is measured by itself."""


@dataclass(frozen=True, repr=False)
class BlockModel:
    """Predicts a measured quantity of networks of known blocks.

    Attributes:
        quantity: what it predicts; every value is in its unit.
        blocks: the value of each block by its key, as `basis` says.
        correction: what a sum of blocks lacks to a network.
        validation: the error on networks that the fit has not seen; None when none were measured.
        fit_networks, check_networks: keys of the networks in the table that both are from.
        basis: where `blocks` is from: "alone", each block by itself, or "chain", what it adds to
            a longer graph (see `hwnas.latency.chains`); or "networks", estimated from whole
            networks (see `hwnas.latency.estimate`).
        compared: for each basis that was tried (or, of an estimate, each prior of the blocks),
            the mean leave-one-out error over the networks of the fit, %.
        source: the space and the device that it is of, for people; "" where that is unknown. It is
            not stored with the model.
    """

    quantity: ClassVar[Quantity]
    blocks: Mapping[str, Measured]
    correction: Correction
    validation: Validation | None = None
    fit_networks: tuple[str, ...] = ()
    check_networks: tuple[str, ...] = ()
    basis: Basis = "alone"
    compared: Mapping[str, Least0] = field(default_factory=dict)
    source: str = field(default="", compare=False)

    def block_value(self, block: Block) -> float:
        """What a block adds to a network; 0 for a skip.

        Raises:
            TableError: the block was not measured.
        """
        if isinstance(block, Skip):
            return 0.0
        key = block_key(block)
        if key not in self.blocks:
            raise TableError(
                f"the latency table has no {self.quantity.name} of the block '{key}'; "
                f"{self.quantity.how} for this space, resolution and number of classes, or add "
                f"its row where the {self.quantity.plural} were imported"
            )
        return self.correction.block_value(block, self.blocks[key])

    def free(self, block: Block) -> bool:
        """Whether a block seems to add nothing, though it is not a skip."""
        return not isinstance(block, Skip) and not self.block_value(block) > 0

    def predict(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in the unit of the quantity."""
        return np.array(
            [self.correction.overhead + sum(map(self.block_value, n)) for n in networks],
            dtype=np.float64,
        )

    @property
    def members(self) -> Mapping[str, Self]:
        """The model itself, without a name: what a `FamilyModel` has several of."""
        return {"": self}

    def of(self, network: Sequence[Block]) -> Self:
        """The model itself, whatever the network."""
        del network
        return self

    def missing(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks among these that were not measured."""
        return [b for b in blocks if not isinstance(b, Skip) and block_key(b) not in self.blocks]

    @property
    def warning(self) -> str | None:
        """A sentence when predictions cannot be relied on; commands that use them show it."""
        checked, plural = self.validation, self.quantity.plural
        if checked is None:
            return (
                f"these {plural} were never checked against whole networks; measure what "
                "you choose by them"
            )
        if not checked.poor:
            return None
        error = f"{plural} are off by {checked.prediction.mape:.1f} % on average"
        if self.basis == "networks":
            return (
                f"{error} ({checked.twice}), on networks that the estimate had not seen; time more "
                f"networks ({self._more_networks}), or more inferences of each, and measure what "
                "you choose by them"
            )
        if checked.noise > POOR:
            return f"{error} ({checked.twice}): {self.quantity.quiet}"
        return (
            f"{error} ({checked.twice}): the sum of the blocks does not describe whole networks; "
            "profile into a new table (--table) with more networks to fit it by "
            "(profile.fit_networks)"
        )

    @property
    def _more_networks(self) -> str:
        if set(self.fit_networks) & set(self.check_networks):  # left out in turn: timed by hand
            return "'hwnas table export-networks --count 60' writes them"
        return "profile.fit_networks"

    def to_dict(self) -> dict[str, Any]:
        """As JSON, with the values of blocks that it was fitted with.

        Those of the table move a little with every visit that is added, of whatever graph.
        """
        return {
            "blocks": dict(self.blocks),
            "correction": self.correction.to_dict(),
            "validation": asdict(self.validation) if self.validation else None,
            "fit_networks": list(self.fit_networks),
            "check_networks": list(self.check_networks),
            "basis": self.basis,
            "compared": dict(self.compared),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], what: str = "") -> Self:
        """The inverse of `to_dict`; `what` names it in messages.

        Raises:
            TableError: missing or unknown keys, values of other types, or impossible ones.
        """
        return read_stored(cls, data, what or f"the {cls.quantity.name} model")

    def to_frame(self) -> "DataFrame":
        """A pandas data frame with a row per block: its kind, its fields, and its value.

        The most costly block comes first; the last column is named after the quantity and its unit,
        as in `latency_ms`.

        Raises:
            HwnasError: pandas is not installed.
        """
        column = f"{self.quantity.name}_{self.quantity.unit}"
        rows = [
            {**_fields(key), column: float(value)}
            for key, value in sorted(self.blocks.items(), key=lambda item: -item[1])
        ]
        return data_frame(rows)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'; '.join(self._summary())})"

    def _repr_html_(self) -> str:
        unit = self.quantity.unit
        rows = [
            [short_key(key), f"{value:.4g}"]
            for key, value in sorted(self.blocks.items(), key=lambda item: -item[1])
        ]
        title = f"{self.quantity.name.capitalize()} model: {'; '.join(self._summary())}"
        return html_table(title, ["block", f"{self.quantity.name} ({unit})"], rows)

    def _summary(self) -> list[str]:
        """What it is of, its size and its error, a phrase each."""
        unit, checked = self.quantity.unit, self.validation
        size = f"{len(self.blocks)} blocks, overhead {self.correction.overhead:.3g} {unit}"
        error = "never checked against whole networks"
        if checked is not None:
            error = (
                f"off by {checked.prediction.mape:.1f} % on {checked.prediction.networks} unseen "
                f"networks, {checked.twice}"
            )
        return [*([shown(self.source)] if self.source else []), size, error]


@dataclass(frozen=True, repr=False)
class LatencyModel(BlockModel):
    """Predicts the latency of networks of known blocks, in ms."""

    quantity = LATENCY


Model = TypeVar("Model", bound=BlockModel)


def _fields(key: str) -> dict[str, object]:
    """What is known of a block by its key: its kind and fields."""
    try:
        return dict(block_to_dict(block_from_key(key)))
    except (ValueError, TypeError):  # of a package that is not installed any more
        return {"kind": key}
