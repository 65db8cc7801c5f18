"""Spaces whose inverted residuals have all widths that are multiples of some channels."""

from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import InvertedResidual, Skip
from hwnas.spaces import SearchSpace, load_space
from hwnas.spaces.choices_file import read_choices, with_choices

YAML = """
name: small
resolution: 8
classes: 4
stem: {channels: 8, stride: 1, activation: relu}
stages:
  - {channels: 8, depth: [1, 2], kernels: [3], expansions: [1, 3], activation: relu}
  - {channels: 16, stride: 2, depth: [1, 1], kernels: [3, 5], expansions: [3, 4], activation: relu,
     squeeze_excite: [false, true]}
head: {features: 16, activation: relu}
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "small.yaml"
    file.write_text(YAML)
    return str(file)


def widths(space: SearchSpace, slot: int) -> list[int]:
    return [one.expanded_channels for one in residuals(space, slot)]


def residuals(space: SearchSpace, slot: int) -> list[InvertedResidual]:
    return [one for one in space.slots[slot].choices if isinstance(one, InvertedResidual)]


def test_every_multiple_between_the_least_and_the_most_is_a_choice(path: str) -> None:
    coarse, fine = load_space(path), load_space(path, expansion_step=4)
    assert fine.name == "small e4"
    assert widths(fine, 0) == [8, 12, 16, 20, 24]
    assert isinstance(fine.slots[1].choices[0], Skip)
    assert widths(fine, 2) == [24, 28, 32] * 4
    assert [(one.kernel, one.squeeze_channels > 0) for one in residuals(fine, 2)[::3]] == [
        (3, False),
        (5, False),
        (3, True),
        (5, True),
    ]
    for old, new in zip(coarse.slots, fine.slots, strict=True):
        assert set(old.choices) <= set(new.choices)
    assert set(coarse.blocks()) < set(fine.blocks())
    assert load_space(path, expansion_step=16, width=2.0).name == "small e16 w2"


def test_the_width_of_the_input_is_a_choice_only_where_the_space_has_it(path: str) -> None:
    text = YAML.replace("expansions: [1, 3]", "expansions: [1, 3], expansion_step: 4")
    Path(path).write_text(text)
    space = load_space(path)
    assert (space.name, widths(space, 0)) == ("small", [8, 12, 16, 20, 24])
    assert widths(space, 2) == [24, 32] * 4
    assert [one.expands for one in residuals(space, 0)] == [False, True, True, True, True]


def test_choices_of_a_fine_space_are_kept_and_named(path: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.yaml"
    kept.write_text(
        "format: kept choices of hwnas 1\nspace: small e4\n"
        "slots:\n- {slot: 1, kept: [k3 e1.5, k3 e2.5]}\n"
    )
    space = load_space(path, expansion_step=4, choices=str(kept))
    assert widths(space, 0) == [12, 20]  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="keeps choices of the space small e4"):
        with_choices(load_space(path), read_choices(str(kept)), "kept.yaml")


@pytest.mark.parametrize(
    ("step", "changed", "sentence"),
    [
        (512, {}, "no multiple of 512 is among them; lower expansion_step"),
        (1, {"[1, 3]": "[1, 250]"}, "more than 250 widths from 8 to 2000 channels; raise"),
        (8, {"[1, 3]": "[3]", "[3, 4]": "[4]"}, "no slot of small has inverted residuals"),
    ],
)
def test_steps_without_widths_are_refused_by_one_sentence(
    path: str, step: int, changed: dict[str, str], sentence: str
) -> None:
    text = YAML
    for old, new in changed.items():
        text = text.replace(old, new)
    Path(path).write_text(text)
    with pytest.raises(ConfigError, match=f"small.yaml: expansion_step: .*{sentence}"):
        load_space(path, expansion_step=step)
