"""Search spaces and the published reference networks."""

from hwnas.spaces.family import Space, SpaceFamily
from hwnas.spaces.loading import load_space
from hwnas.spaces.references import Reference, load_reference, reference_network
from hwnas.spaces.space import Architectures, SearchSpace, Slot

__all__ = [
    "Architectures",
    "Reference",
    "SearchSpace",
    "Slot",
    "Space",
    "SpaceFamily",
    "load_reference",
    "load_space",
    "reference_network",
]
