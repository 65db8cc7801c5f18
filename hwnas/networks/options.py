"""Options: how a stage of a space names the blocks of a kind, as in `kernel: 3, expansion: 4`."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from hwnas.core.configs import StrictModel

Kernel = Annotated[Literal[1, 3, 5, 7, 9, 11], Field()]
KernelOrNone = Annotated[Literal[0, 1, 3, 5, 7, 9, 11], Field()]
"""The kernel of a convolution that a block may do without; 0: it has none."""
Expansion = Annotated[int, Field(ge=1, le=256)]
Activation = Literal["relu", "relu6", "hard_swish"]

Built = TypeVar("Built", covariant=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block of a stage stands: what the stage says of its blocks, whatever their kind.

    `same_padding` is that of a block: it is false where the stride is 1, and changes nothing.
    """

    in_channels: int
    out_channels: int
    stride: int
    resolution: int
    activation: str
    same_padding: bool = False


class BlockOptions(StrictModel, Generic[Built]):
    """The options of a kind, each a field with its limits; a YAML names them by these names.

    A stage's `kernels`, `expansions` and `squeeze_excite` are the values of `kernel`, `expansion`
    and `squeeze_excite`; those of other fields stand in its `options`.
    """

    @abstractmethod
    def block(self, place: Place) -> Built:
        """The block with these options at a place.

        Raises:
            ValueError: there is none, as of channels that cannot be divided.
        """
