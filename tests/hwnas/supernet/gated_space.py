"""A space whose blocks differ in width alone."""

from pathlib import Path

from hwnas.spaces import SearchSpace, load_space

YAML = """
name: gated
resolution: 8
classes: 10
stem: {channels: 8, stride: 1, activation: relu}
stages:
  - {channels: 8, depth: [1, 3], kernels: [3], expansions: [2, 3], activation: relu}
  - {channels: 8, stride: 2, depth: [1, 1], kernels: [3], expansions: [3, 4],
     activation: hard_swish, squeeze_excite: true}
head: {features: 16, activation: hard_swish}
"""


def gated_space(folder: Path, text: str = YAML) -> SearchSpace:
    """Four slots, of which the second and the third can be skipped."""
    path = folder / "gated.yaml"
    path.write_text(text)
    return load_space(str(path))
