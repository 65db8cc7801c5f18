"""FamilyModel: the models of several spaces that are searched together, one for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.model import BlockModel, LatencyModel, Model
from hwnas.latency.quantity import Quantity
from hwnas.networks.blocks import Block, Network

if TYPE_CHECKING:
    from pandas import DataFrame

ModelOf = TypeVar("ModelOf", bound=BlockModel, covariant=True)
_MEMBERS = "members"


@dataclass(frozen=True, repr=False)
class FamilyModel(Generic[ModelOf]):
    """Predicts a measured quantity of networks of several resolutions and widths.

    Attributes:
        members: the model of each resolution and width by its scope (see
            `hwnas.latency.profile.scope_name`), in the order of the spaces.
    """

    members: Mapping[str, ModelOf]

    @property
    def quantity(self) -> Quantity:
        """What it predicts; every value is in its unit."""
        return next(iter(self.members.values())).quantity

    def of(self, network: Sequence[Block]) -> ModelOf:
        """The model of the member that a network is of: the one that lacks the fewest blocks."""
        models = list(self.members.values())
        missing = [len(model.missing(network)) for model in models]
        return models[missing.index(min(missing))]

    def predict(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in the unit of the quantity, each by its own member's model.

        Raises:
            TableError: a block of a network was not measured.
        """
        values = [self.of(network).predict([network])[0] for network in networks]
        return np.array(values, dtype=np.float64)

    def missing(self, network: Sequence[Block]) -> list[Block]:
        """The blocks of a network that the model of its member lacks."""
        return self.of(network).missing(network)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, see `BlockModel.to_dict`."""
        return {_MEMBERS: {scope: model.to_dict() for scope, model in self.members.items()}}

    def to_frame(self) -> "DataFrame":
        """A pandas data frame with a row per block of each member, see `BlockModel.to_frame`.

        Raises:
            HwnasError: pandas is not installed.
        """
        frames = {scope: model.to_frame() for scope, model in self.members.items()}
        from pandas import concat

        return concat(frames, names=["space"]).reset_index(level=0).reset_index(drop=True)

    def __repr__(self) -> str:
        models = ", ".join(f"{scope}: {model!r}" for scope, model in self.members.items())
        return f"FamilyModel({models})"

    def _repr_html_(self) -> str:
        return "".join(model._repr_html_() for model in self.members.values())


AnyModel: TypeAlias = BlockModel | FamilyModel[BlockModel]
"""Of one space, or of a family of spaces: `predict`, `missing`, `of` and `members` are alike."""
AnyLatency: TypeAlias = LatencyModel | FamilyModel[LatencyModel]
AnyEnergy: TypeAlias = EnergyModel | FamilyModel[EnergyModel]


def read_model(form: type[Model], data: Mapping[str, Any]) -> Model | FamilyModel[Model]:
    """The inverse of `to_dict`, of one model or of a family's.

    Raises:
        TableError: missing or unknown keys, values of other types, or impossible ones.
    """
    if _MEMBERS not in data:
        return form.from_dict(data)
    members = data[_MEMBERS]
    if len(data) > 1 or not isinstance(members, dict) or not members:
        raise TableError(f"the {form.quantity.name} models cannot be read: no model of a member")
    return FamilyModel({scope: _of_member(form, scope, one) for scope, one in members.items()})


def _of_member(form: type[Model], scope: str, data: Any) -> Model:
    if not isinstance(data, dict):
        raise TableError(f"the {form.quantity.name} model of {scope} cannot be read: not a model")
    return form.from_dict(data, f"the {form.quantity.name} model of {scope}")
