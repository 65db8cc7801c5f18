"""The space as a config says it: its name, or its name with a file of the choices that stay."""

from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Tag

from hwnas.core.configs import ONE, SEVERAL, LocalPath, StrictModel


class ChosenSpace(StrictModel):
    """A space of some of its choices alone.

    Attributes:
        name: of the space, or the path of its file.
        choices: the path of a file of those that stay, as `hwnas shrink` writes it.
    """

    name: LocalPath
    choices: LocalPath


def _form(value: Any) -> str:
    return SEVERAL if isinstance(value, dict | ChosenSpace) else ONE


SpaceName: TypeAlias = Annotated[
    Annotated[LocalPath, Tag(ONE)] | Annotated[ChosenSpace, Tag(SEVERAL)], Discriminator(_form)
]
"""A space by its name or path, with all its choices or with some."""
