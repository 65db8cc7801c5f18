"""Spaces of a size that no one can search are refused by their numbers, in no time."""

from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.spaces import load_space

SPACE = """
name: small
resolution: 32
classes: 10
stem: {channels: 8, activation: relu}
stages:
  - {channels: 8, depth: [1, 2], kernels: [3, 5], expansions: [3, 6], activation: relu}
head: {features: 64, activation: relu}
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("depth: [1, 2]", "depth: [1, 1000000000]", "depth"),
        ("depth: [1, 2]", "depth: [1, 100]", None),
        ("stem: {channels: 8", "stem: {channels: 1000000000", "channels"),
        ("resolution: 32", "resolution: 1000000", "resolution"),
        ("resolution: 32", "resolution: 4096", None),
        ("classes: 10", "classes: 1000000000", "classes"),
        ("features: 64", "features: 999999999", "features"),
        ("expansions: [3, 6]", "expansions: [3, 1000000]", "expansions"),
        ("kernels: [3, 5]", f"kernels: {list(range(3, 1003, 2))}", "kernels"),
        ("stages:\n  - {channels: 8", "stages:\n  - {channels: 32768", "GiB of weights"),
    ],
)
def test_what_is_beyond_the_limits_is_refused_by_its_key(
    tmp_path: Path, old: str, new: str, sentence: str | None
) -> None:
    assert old in SPACE
    path = tmp_path / "space.yaml"
    path.write_text(SPACE.replace(old, new))
    if sentence is None:
        load_space(str(path))
    else:
        with pytest.raises(ConfigError, match=sentence):
            load_space(str(path))
