"""Published weights: networks that have seen images before, as a start for ours."""

from hwnas.supernet.pretrained.pretrained import Pretrained
from hwnas.supernet.pretrained.reading import read_pretrained

__all__ = ["Pretrained", "read_pretrained"]
