"""choices.yaml: which choices of a space stay, in the words of `hwnas space show`, and why."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from hwnas.core.configs import StrictModel, find_config, parse_config, read_content
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest
from hwnas.core.yaml_text import to_yaml
from hwnas.spaces.family import Space
from hwnas.spaces.limits import MOST_CHOICES, MOST_SLOTS
from hwnas.spaces.shrunk import shrunk_space, whole_of

FORMAT: Literal["kept choices of hwnas 1"] = "kept choices of hwnas 1"

Text = Annotated[str, Field(max_length=1000)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class GoneChoice(StrictModel):
    """A choice that was taken away.

    Attributes:
        choice: its name.
        stage: when, from 1.
        why: in words.
    """

    choice: Text
    stage: Count = 0
    why: Text = ""


class SlotChoices(StrictModel):
    """What is left of a slot.

    Attributes:
        slot: its number among the slots of blocks, from 1.
        kept: the names of the choices that stay.
        gone: those of the others.
    """

    slot: Annotated[int, Field(ge=1, le=MOST_SLOTS)]
    kept: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_CHOICES)]
    gone: Annotated[tuple[GoneChoice, ...], Field(max_length=MOST_CHOICES)] = ()


class ShrunkBy(StrictModel):
    """How the choices were found.

    Attributes:
        method: a shrinker's name.
        estimator: what judged networks.
        seed: of everything random.
        stages: how many there were.
        networks: how many were judged in each at most.
        keep: the least share of the networks within the budgets that was to be left.
        judged: how many were judged in all.
        settings: of the method.
        budgets: in the loop, as they are written.
        epochs: for which a supernet was trained before each stage; 0 where none was.
    """

    method: Text
    estimator: Text
    seed: Count
    stages: Count
    networks: Count
    keep: Share
    judged: Count
    settings: dict[Text, Any] = Field(default_factory=dict)
    budgets: dict[Text, Text | float] = Field(default_factory=dict)
    epochs: Count = 0


class KeptNetworks(StrictModel):
    """How many networks are left.

    Attributes:
        of: those of the whole space.
        left: those that are left, whatever the budgets.
        share: of the networks within the budgets of the space that was shrunk, which may have been
            shrunk before.
    """

    of: Count
    left: Count
    share: Share


class ChoicesFile(StrictModel):
    """The content of a file of kept choices. Slots that it does not name keep all of theirs.

    Attributes:
        format: of the file.
        space: the name of the whole space.
        networks: how many are left; None in a file that a person wrote.
        shrunk_by: how the choices were found; None likewise.
        slots: what is left of each.
    """

    format: Literal["kept choices of hwnas 1"]
    space: Text
    networks: KeptNetworks | None = None
    shrunk_by: ShrunkBy | None = None
    slots: Annotated[tuple[SlotChoices, ...], Field(max_length=MOST_SLOTS)]

    def to_yaml(self) -> str:
        """As the text of a file."""
        return to_yaml(self.model_dump(mode="json", exclude_defaults=True), width=100)


def read_choices(path: str) -> ChoicesFile:
    """A file of kept choices.

    Raises:
        ConfigError: there is no such file, or it is something else.
    """
    found = find_config("spaces", path if "/" in path else f"./{path}")
    content = read_content(found)
    if content.get("format") != FORMAT:
        raise ConfigError(
            f"{shown(found)} is not a file of kept choices (its first line would be 'format: "
            f"{FORMAT}'); name one of 'hwnas shrink'"
        )
    return parse_config(content, ChoicesFile, shown(found))


def with_choices(space: Space, file: ChoicesFile, source: str) -> Space:
    """A space of the choices alone that a file keeps.

    Args:
        space: with all choices, one or a family.
        file: which stay.
        source: of the file, for messages.

    Raises:
        ConfigError: the file is of another space, or leaves no network.
    """
    name = base_name(space)
    if file.space != name:
        raise ConfigError(
            f"{source} keeps choices of the space {shown(file.space)}, and this is {name}; name "
            "the file of this space"
        )
    slots = space.members[0].slots
    kept: list[list[int]] = [list(range(len(slot.choices))) for slot in slots]
    seen = set[int]()
    for one in file.slots:
        where = f"{source}, slot {one.slot}"
        if one.slot > len(slots):
            raise ConfigError(f"{where}: {name} has {len(slots)} slots of blocks")
        if one.slot in seen:
            raise ConfigError(f"{where} is there twice; name each slot once")
        seen.add(one.slot)
        names = choice_names(space, one.slot - 1)
        for choice in (*one.kept, *(gone.choice for gone in one.gone)):
            if choice not in names:
                raise ConfigError(
                    f"{where}: there is no choice '{shown(choice)}'{nearest(choice, names)} (it "
                    f"has: {', '.join(names)})"
                )
        if len(set(one.kept)) < len(one.kept):  # another one may have been meant
            raise ConfigError(f"{where} keeps the same choice twice; name each once")
        kept[one.slot - 1] = [names.index(choice) for choice in one.kept]
    try:
        return shrunk_space(space, kept)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}; keep more choices") from error


def choice_names(space: Space, slot: int) -> list[str]:
    """What `hwnas space show` calls the choices of a slot of blocks, numbered from 0."""
    return [block.choice_name for block in space.members[0].slots[slot].choices]


def base_name(space: Space) -> str:
    """The name of a space, whatever its resolution, its width and the choices left of it."""
    member = whole_of(space).members[0]
    return member.name if member.width == 1 else member.name.removesuffix(f" w{member.width:g}")


def slots_of(
    space: Space, kept: Sequence[Sequence[int]], gone: Sequence[Sequence[GoneChoice]]
) -> tuple[SlotChoices, ...]:
    """What a file says of the slots of a whole space: of each what stays, and what went."""
    return tuple(
        SlotChoices(
            slot=slot + 1,
            kept=tuple(choice_names(space, slot)[choice] for choice in choices),
            gone=tuple(others),
        )
        for slot, (choices, others) in enumerate(zip(kept, gone, strict=True))
    )
