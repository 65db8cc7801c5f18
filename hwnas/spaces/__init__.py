"""Search spaces and the published reference networks."""

from hwnas.spaces.config import load_space
from hwnas.spaces.references import reference_network
from hwnas.spaces.space import Architectures, SearchSpace, Slot

__all__ = ["Architectures", "SearchSpace", "Slot", "load_space", "reference_network"]
