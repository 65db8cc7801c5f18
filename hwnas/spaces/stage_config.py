"""A stage of a search space from YAML: which blocks each of its slots may have."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PlainSerializer, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError
from hwnas.core.spelling import nearest
from hwnas.networks.blocks import (
    Block,
    InvertedResidual,
    ParallelInvertedResidual,
    block_kind,
    kind_names,
)
from hwnas.networks.kinds.inverted_residual import InvertedResidualOptions
from hwnas.networks.options import Activation, BlockOptions, Expansion, Kernel
from hwnas.spaces.limits import MOST_CHANNELS, MOST_CHOICES, MOST_DEPTH

Channels = Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
Stride = Annotated[int, Field(ge=1, le=64)]
ExpansionStep = Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
"""Expanded channels from one width of a block to the next."""
OptionValue = bool | int | float | str
OptionValues = Annotated[tuple[OptionValue, ...], Field(min_length=1, max_length=MOST_CHOICES)]
Options = BlockOptions[Block]
Location = tuple[int | str, ...]
"""Keys and indices that lead to a value of the stage."""

_SQUEEZE = "squeeze_excite"
_PLURALS = {"kernel": "kernels", "expansion": "expansions"}


def _kind(kind: str | type[Block]) -> str | type[Block]:
    _options_of(kind)
    return kind


def _kind_name(kind: str | type[Block]) -> str:
    return kind if isinstance(kind, str) else kind.kind


_ByName = PlainSerializer(_kind_name, return_type=str)
Kind = Annotated[str | type[Block], AfterValidator(_kind), _ByName]
"""A kind of block by its name, or its class."""
ListedBlock = dict[str, OptionValue | Annotated[type[Block], _ByName]]
"""The options of a block by name, and perhaps its `kind`."""


class StageConfig(StrictModel):
    """Blocks of equal output channels, the first with the stride.

    Blocks beyond the least depth may be skipped. The choices are blocks of one `kind` with all
    kernels × expansions, or those listed in `blocks`, each of which may name a `kind` of its own;
    with `squeeze_excite: [false, true]` each of them without and with it. What else a kind can be
    asked for stands in `options`, as in `options: {groups: [1, 4]}`. With `same_padding` the block
    that has the stride is padded as in TensorFlow. With `branches: 2` each pair of the inverted
    residuals, side by side, is a choice, too. With `expansion_step` inverted residuals have all
    widths between the least and the most expansion that are multiples of so many channels.
    """

    channels: Channels
    stride: Stride = 1
    depth: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1, le=MOST_DEPTH)]]
    kind: Kind = InvertedResidual.kind
    kernels: Annotated[tuple[Kernel, ...], Field(max_length=MOST_CHOICES)] = ()
    expansions: Annotated[tuple[Expansion, ...], Field(max_length=MOST_CHOICES)] = ()
    expansion_step: ExpansionStep | None = None
    options: dict[str, OptionValues] = Field(default_factory=dict)
    blocks: Annotated[tuple[ListedBlock, ...], Field(max_length=MOST_CHOICES)] = ()
    activation: Activation
    squeeze_excite: bool | Annotated[tuple[bool, ...], Field(min_length=1, max_length=2)] = False
    same_padding: bool = False
    branches: Annotated[int, Field(ge=1, le=2)] = 1

    @model_validator(mode="after")
    def _choices_once(self) -> Self:
        if self.depth[0] > self.depth[1]:
            raise ValueError(f"depth goes from few to many, like [2, 4], not {list(self.depth)}")
        choices = self.choices()
        if len(set(choices)) < len(choices):
            raise ValueError("the same block is there twice; name each choice once")
        return self

    def choices(self) -> tuple[Options, ...]:
        """The options of every choice: squeeze-excite varies slowest, what is named last fastest.

        Raises:
            ValueError: options that a kind does not have, or lacks, or that are beyond its limits.
        """
        shapes = list(self._listed() if self.blocks else self._products())
        squeezed = self.squeeze_excite
        either = (squeezed,) if isinstance(squeezed, bool) else squeezed
        if either != (False,) and not any(map(_may_squeeze, shapes)):
            raise ValueError("squeeze_excite is given, but no block here has it; leave it out")
        found = []
        for number, each in enumerate(either):
            for shape in shapes:
                if _may_squeeze(shape):
                    given = {} if either == (False,) else {_SQUEEZE: each}
                elif number:
                    continue
                else:
                    given = {}
                found.append(shape.options(given))
        if self.branches == 1:
            return tuple(found)
        single = [one for one in found if isinstance(one, InvertedResidualOptions)]
        if len(single) < 2:
            raise ValueError(
                "branches is 2, but there are no two inverted residuals to stand side by side; "
                "leave branches out or name more kernels or expansions"
            )
        return (*found, *ParallelInvertedResidual.pairs(single))

    def _listed(self) -> Iterator["_Shape"]:
        if self.kernels or self.expansions or self.options:
            raise ValueError(f"give either {_wanted(self.kind)}, or a list of blocks")
        for index, block in enumerate(self.blocks):
            kind = block.get("kind", self.kind)
            place: Location = ("blocks", index)
            values = {name: value for name, value in block.items() if name != "kind"}
            if not isinstance(kind, str | type):
                raise _error("it must be the name of a kind of block", (*place, "kind"), kind)
            try:
                model = _options_of(kind)
            except ValueError as error:
                raise _error(str(error), (*place, "kind"), kind) from error
            yield _Shape(model, values, partial(_below, place))

    def _products(self) -> Iterator["_Shape"]:
        kernels = {"kernel": self.kernels, "expansion": self.expansions}
        named = {**{name: values for name, values in kernels.items() if values}, **self.options}
        model = _options_of(self.kind)
        for name in named:
            if name in self.options and name in _PLURALS:
                raise ValueError(f"write {_PLURALS[name]} in place of options.{name}")
            if name not in model.model_fields:
                known = ", ".join(model.model_fields)
                raise ValueError(
                    f"a block of kind '{_kind_name(self.kind)}' has no {name} (it has: {known})"
                )
        if any(
            field.is_required() and name not in named for name, field in model.model_fields.items()
        ):
            raise ValueError(f"give either {_wanted(self.kind)}, or a list of blocks")
        for values in product(*named.values()):
            yield _Shape(model, dict(zip(named, values, strict=True)), _place_of)


class _Shape:
    """A choice before squeeze-excite: the options of a kind, and where they stand in the file."""

    def __init__(
        self,
        model: type[Options],
        values: Mapping[str, object],
        place: Callable[[str], Location],
    ) -> None:
        self.model, self._values, self._place = model, values, place

    def names(self, option: str) -> bool:
        return option in self._values

    def options(self, given: Mapping[str, object]) -> Options:
        known = list(self.model.model_fields)
        for name, value in self._values.items():
            if name not in known:
                message = f"a block of this kind has no {name}{nearest(name, known)}"
                raise _error(f"{message} (it has: {', '.join(known)})", self._place(name), value)
        try:
            return self.model.model_validate({**self._values, **given})
        except ValidationError as error:
            raise _placed(error, self._place) from error


def _may_squeeze(shape: _Shape) -> bool:
    """Whether the stage's `squeeze_excite` is of this choice."""
    return _SQUEEZE in shape.model.model_fields and not shape.names(_SQUEEZE)


def _options_of(kind: str | type[Block]) -> type[Options]:
    """The options of a kind.

    Raises:
        ValueError: there is no such kind, or none that a stage can have.
    """
    try:
        found = block_kind(kind) if isinstance(kind, str) else kind
    except ConfigError as error:
        raise ValueError(str(error)) from error
    if found.options is None:
        known = [name for name in kind_names() if block_kind(name).options is not None]
        raise ValueError(
            f"a stage has no blocks of the kind '{found.kind}' (it may have: {', '.join(known)})"
        )
    return found.options


def _wanted(kind: str | type[Block]) -> str:
    """What a stage must name of a kind, as in "kernels and expansions"."""
    model = _options_of(kind)
    names = [name for name, field in model.model_fields.items() if field.is_required()]
    return " and ".join(_PLURALS.get(name, f"options.{name}") for name in names) or "options"


def _error(message: str, place: Location, given: object) -> ValidationError:
    """One error at a place of the file."""
    line = InitErrorDetails(
        type="value_error", loc=place, input=given, ctx={"error": ValueError(message)}
    )
    return ValidationError.from_exception_data("StageConfig", [line])


def _below(place: Location, name: str) -> Location:
    return (*place, name)


def _place_of(name: str) -> Location:
    """Where a stage names the values of an option."""
    if name == _SQUEEZE:
        return (name,)
    return (_PLURALS[name],) if name in _PLURALS else ("options", name)


def _placed(error: ValidationError, place: Callable[[str], Location]) -> ValidationError:
    """The same errors, each at the place of its option in the file."""
    lines = [
        InitErrorDetails(
            type=line["type"],
            loc=(*place(str(line["loc"][0])), *line["loc"][1:]),
            input=line["input"],
            ctx=line.get("ctx", {}),
        )
        for line in error.errors()
    ]
    return ValidationError.from_exception_data(error.title, lines)
