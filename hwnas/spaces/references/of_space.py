"""The published network that a space, or a family of spaces, is compared with."""

from hwnas.networks.blocks import Network
from hwnas.spaces.family import Space
from hwnas.spaces.references.load import Reference, load_reference
from hwnas.spaces.space import SearchSpace


def reference_member(space: Space) -> SearchSpace:
    """The member of a family that its reference is like: at the largest resolution.

    Among those the one of the largest width up to 1, as published networks are; the largest where
    there is none.
    """
    members = [one for one in space.members if one.resolution == space.largest_resolution]
    usual = [one for one in members if one.width <= 1]
    return max(usual or members, key=lambda one: one.width)


def reference_of(space: Space) -> Network | None:
    """The published network that a space names, at its resolution, class count and width.

    Of a family, those of its `reference_member`.
    """
    found = published_of(space)
    return None if found is None else found.network


def published_of(space: Space) -> Reference | None:
    """The same with what else belongs to it."""
    like = reference_member(space)
    if like.reference is None:
        return None
    return load_reference(
        like.reference,
        resolution=like.resolution,
        classes=like.classes,
        width=like.width,
    )
