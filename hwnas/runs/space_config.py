"""The space as a config says it: its name, or that with what is changed of its choices."""

from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, SerializerFunctionWrapHandler, Tag, model_serializer

from hwnas.core.configs import ONE, SEVERAL, LocalPath, StrictModel
from hwnas.spaces.stage_config import ExpansionStep


class ChosenSpace(StrictModel):
    """A space of some of its choices alone, or of more widths.

    Attributes:
        name: of the space, or the path of its file.
        choices: the path of a file of those that stay, as `hwnas shrink` writes it; None
            where all do.
        expansion_step: channels from one width of an inverted residual to the next; None for the
            space's own widths.
    """

    name: LocalPath
    choices: LocalPath | None = None
    expansion_step: ExpansionStep | None = None

    @model_serializer(mode="wrap")
    def _as_written(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what was left out."""
        return {key: value for key, value in usual(self).items() if value is not None}


def _form(value: Any) -> str:
    return SEVERAL if isinstance(value, dict | ChosenSpace) else ONE


SpaceName: TypeAlias = Annotated[
    Annotated[LocalPath, Tag(ONE)] | Annotated[ChosenSpace, Tag(SEVERAL)], Discriminator(_form)
]
"""A space by its name or path, with all its choices or with some."""
