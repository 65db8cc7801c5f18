"""Resolution and width as a config says them: one value, or several to choose among."""

from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Strict, Tag

from hwnas.core.configs import ONE, SEVERAL
from hwnas.core.errors import ConfigError
from hwnas.spaces.loading import several

Number = TypeVar("Number", int, float)


def _how_many(value: Any) -> str:
    return SEVERAL if isinstance(value, list | tuple) else ONE


def _sorted(value: Any) -> Any:
    """Several from the least; of one in a list, that one."""
    try:
        values = several(value, "it")
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return values[0] if len(values) == 1 else values


# Text and truth values are no numbers, as in `hwnas.spaces.load_space`.
_Resolution = Annotated[int, Strict(), Field(ge=8, le=1024)]
_Width = Annotated[float, Strict(), Field(gt=0, le=4)]

Resolutions: TypeAlias = Annotated[
    Annotated[_Resolution, Tag(ONE)] | Annotated[tuple[_Resolution, ...], Tag(SEVERAL)],
    Discriminator(_how_many),
    AfterValidator(_sorted),
]
"""Height and width of the images in pixels."""

Widths: TypeAlias = Annotated[
    Annotated[_Width, Tag(ONE)] | Annotated[tuple[_Width, ...], Tag(SEVERAL)],
    Discriminator(_how_many),
    AfterValidator(_sorted),
]
"""What the channels of a space are multiplied by."""
