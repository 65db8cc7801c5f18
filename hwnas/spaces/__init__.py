"""Search spaces and the published reference networks."""

from hwnas.spaces.config import load_space
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.references import Reference, load_reference, reference_network
from hwnas.spaces.space import Architectures, SearchSpace, Slot

__all__ = [
    "Architectures",
    "Reference",
    "SearchSpace",
    "Slot",
    "SpaceFamily",
    "load_reference",
    "load_space",
    "reference_network",
]
