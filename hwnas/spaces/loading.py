"""Loading a space, or a family of it at several resolutions and widths."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import TypeAlias, TypeVar, overload

from hwnas.core.configs import find_config
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.spaces.around_config import PretrainedNetwork
from hwnas.spaces.choices_file import read_choices, with_choices
from hwnas.spaces.config import make_space, read_space
from hwnas.spaces.family import Space, SpaceFamily, family_name
from hwnas.spaces.space import SearchSpace

Number = TypeVar("Number", int, float)

OneOrMoreInts: TypeAlias = int | Sequence[int] | None
OneOrMoreFloats: TypeAlias = float | Sequence[float] | None

MakeSpace = Callable[[int | None, float | None], SearchSpace]
"""Makes the space of a resolution and a width; None is its own, and 1."""


@overload
def load_space(
    name: str,
    *,
    resolution: int | None = None,
    classes: int | None = None,
    width: float | None = None,
    pretrained: PretrainedNetwork | None = None,
    choices: str | None = None,
    expansion_step: int | None = None,
) -> SearchSpace: ...


@overload
def load_space(
    name: str,
    *,
    resolution: OneOrMoreInts = None,
    classes: int | None = None,
    width: OneOrMoreFloats = None,
    pretrained: PretrainedNetwork | None = None,
    choices: str | None = None,
    expansion_step: int | None = None,
) -> Space: ...


def load_space(
    name: str,
    *,
    resolution: OneOrMoreInts = None,
    classes: int | None = None,
    width: OneOrMoreFloats = None,
    pretrained: PretrainedNetwork | None = None,
    choices: str | None = None,
    expansion_step: int | None = None,
) -> Space:
    """The search space of a shipped name or a YAML file, at any resolution and class count.

    A width multiplies the channels of stem, stages and head, as once-for-all does, and MobileNet
    (Howard et al. 2017, arXiv 1704.04861): rounded by `make_divisible`; expansions stay. A space
    of `around: pretrained` is that of the pretrained network.

    Args:
        name: of a shipped space, or the path of a file.
        resolution: height and width of the images in pixels; the space's own where it is None.
        classes: number of logits; the space's own where it is None.
        width: multiplies channels; 1 where it is None.
        pretrained: for a space around one, whose `network` gives its blocks.
        choices: the path of a file of the choices that stay, as `hwnas shrink` writes it; all stay
            where it is None.
        expansion_step: channels from one width of an inverted residual to the next, which then has
            all multiples from its least to its most; the space's own widths where it is None.

    Returns:
        Of several resolutions or widths a family, in which these are the first choice: all
        resolutions × widths from the least, of which the width varies fastest.

    Raises:
        ConfigError: there is no such space, its file is wrong, blocks do not fit together,
            resolutions or widths are none, or the same, or the choices are another space's.
    """
    config, source = read_space(name), str(find_config("spaces", name))

    def make(one_resolution: int | None, one_width: float | None) -> SearchSpace:
        return make_space(
            config,
            source,
            resolution=one_resolution,
            classes=classes,
            width=one_width,
            pretrained=pretrained,
            expansion_step=expansion_step,
        )

    space = one_or_family(make, name, resolution, width)
    return space if choices is None else with_choices(space, read_choices(choices), shown(choices))


def one_or_family(
    make: MakeSpace, name: str, resolution: OneOrMoreInts, width: OneOrMoreFloats
) -> Space:
    """A space of one resolution and one width; a family of several.

    Args:
        make: makes one.
        name: of the space, for messages and the family's name.
        resolution: of the images.
        width: what channels are multiplied by.

    Raises:
        ConfigError: see `load_space`.
    """
    resolutions, widths = several(resolution, "resolution"), several(width, "width")
    members = tuple(make(one, other) for one in resolutions for other in widths)
    if len(members) == 1:
        return members[0]
    identities: dict[str, SearchSpace] = {}
    for member in members:
        same = identities.setdefault(member.identity, member)
        if same is not member:
            raise ConfigError(
                f"width: {same.width:g} and {member.width:g} make the same networks of {name}, "
                "since channels are rounded to multiples of 8; leave one of them out"
            )
    first = members[0]
    base = first.name if len(widths) == 1 else first.name.removesuffix(f" w{first.width:g}")
    try:
        return SpaceFamily(family_name(base, _listed(resolutions), _listed(widths)), members)
    except ValueError as error:
        raise ConfigError(
            f"resolution and width cannot be chosen together here: {error}; name one of each"
        ) from error


def several(value: Number | Sequence[Number] | None, what: str) -> tuple[Number, ...] | tuple[None]:
    """One or more numbers from the least; (None,) where nothing is said.

    Raises:
        ConfigError: there are none, something else than numbers, or the same twice.
    """
    if value is None:
        return (None,)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return (value,)
    if not value:
        raise ConfigError(f"{what} is an empty list; name at least one, or leave it out")
    for index, one in enumerate(value):
        if not isinstance(one, Real) or isinstance(one, bool):
            raise ConfigError(f"{what} must hold numbers, and {one!r} is none")
        if one in value[:index]:
            raise ConfigError(f"{what} names {float(one):g} twice; name each once")
    return tuple(sorted(value))


def _listed(values: tuple[Number, ...] | tuple[None]) -> list[Number]:
    """The values of a choice; none where there is nothing to choose."""
    return [one for one in values if one is not None] if len(values) > 1 else []
