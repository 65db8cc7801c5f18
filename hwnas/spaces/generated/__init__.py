"""Spaces that are drawn: skeletons like those of published networks, put together anew.

Lopes and Alexandre 2022 (LCMNAS, arXiv 2203.05508) read published networks as chains of layers,
each with the properties that it was seen with, and draw whole networks from them. Here a chain
gives the skeleton of a space (channels, strides, depths), whose blocks are searched.
"""

from hwnas.spaces.generated.generating import CLASSES, USUAL, Generated, generate_spaces

__all__ = ["CLASSES", "USUAL", "Generated", "generate_spaces"]
