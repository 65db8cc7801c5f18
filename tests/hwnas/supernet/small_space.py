"""A space of 60 networks, whose every path is quickly gone through."""

from pathlib import Path

from hwnas.spaces import SearchSpace, load_space

YAML = """
name: small
resolution: 8
classes: 10
stem: {channels: 8, stride: 1, activation: relu}
stages:
  - {channels: 8, depth: [1, 2], kernels: [3, 5], expansions: [2], activation: relu}
  - {channels: 12, stride: 2, depth: [0, 2], blocks: [{kernel: 3, expansion: 2},
     {kernel: 5, expansion: 3}], activation: hard_swish, squeeze_excite: true}
head: {features: 16, activation: hard_swish}
"""


def small_space(folder: Path) -> SearchSpace:
    """Two stages: 6 paths of one or two blocks, and 9 that begin with a block or a projection."""
    path = folder / "small.yaml"
    path.write_text(YAML)
    return load_space(str(path))
