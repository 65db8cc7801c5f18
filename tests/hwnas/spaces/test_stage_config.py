"""How a stage of a space names its blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from hwnas.core.errors import ConfigError
from hwnas.networks.block import DEFINED, Block
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations, Value
from hwnas.networks.options import BlockOptions, Kernel, Place
from hwnas.spaces import load_space
from hwnas.spaces.config import SpaceConfig, build_space

SPACE = """
name: mine
resolution: 32
classes: 10
stem: {channels: 8, activation: relu}
stages:
  - {channels: 16, stride: 2, depth: [1, 1], STAGE, activation: relu}
head: {features: 32, activation: relu}
"""


class GroupedOptions(BlockOptions["Grouped"]):
    """A kernel that has a default, and groups, which have none."""

    groups: int
    kernel: Kernel = 3

    def block(self, place: Place) -> "Grouped":
        if place.in_channels % self.groups:
            raise ValueError(f"{place.in_channels} channels are not {self.groups} groups")
        return Grouped(
            place.in_channels,
            place.out_channels,
            self.kernel,
            place.stride,
            self.groups,
            place.activation,
            place.resolution,
        )


@dataclass(frozen=True, slots=True)
class Grouped(Block):
    kind: ClassVar[str] = "grouped"
    abbreviation: ClassVar[str] = "gr"
    options: ClassVar[type[GroupedOptions]] = GroupedOptions
    in_channels: int
    out_channels: int
    kernel: int
    stride: int
    groups: int
    activation: str
    resolution: int

    def layers(self) -> tuple[Layer, ...]:
        return (
            Layer(
                "mix",
                self.in_channels,
                self.out_channels,
                self.kernel,
                self.stride,
                self.groups,
                True,
                self.activation,
                self.resolution,
            ),
        )

    def compute(self, ops: Operations[Value], x: Value) -> Value:
        return ops.layer("mix", x)


DEFINED.pop("grouped")


@pytest.fixture
def grouped() -> Iterator[None]:
    DEFINED["grouped"] = Grouped
    yield
    DEFINED.pop("grouped")


def choices(tmp_path: Path, stage: str) -> list[str]:
    path = tmp_path / "mine.yaml"
    path.write_text(SPACE.replace("STAGE", stage))
    return [block.choice_name for block in load_space(str(path)).slots[0].choices]


IR = "kernels: [3, 5], expansions: [2]"


@pytest.mark.parametrize(
    ("stage", "names"),
    [
        (IR, ["k3 e2", "k5 e2"]),
        (f"kind: inverted_residual, {IR}", ["k3 e2", "k5 e2"]),
        (f"{IR}, squeeze_excite: [false, true]", ["k3 e2", "k5 e2", "k3 e2 se", "k5 e2 se"]),
        ("kind: conv, kernels: [1, 3]", ["conv k1", "conv k3"]),
        (
            "blocks: [{kernel: 3, expansion: 2}, {kind: conv, kernel: 3}]",
            ["k3 e2", "conv k3"],
        ),
        (
            "kind: conv, blocks: [{kernel: 3}, {kind: inverted_residual, kernel: 5, expansion: 4}]",
            ["conv k3", "k5 e4"],
        ),
        (
            "blocks: [{kernel: 3, expansion: 2, squeeze_excite: true}, {kernel: 3, expansion: 2}]",
            ["k3 e2 se", "k3 e2"],
        ),
        (
            "blocks: [{kind: conv, kernel: 3}, {kernel: 3, expansion: 2}], "
            "squeeze_excite: [false, true]",
            ["conv k3", "k3 e2", "k3 e2 se"],
        ),
        (
            "kind: universal_inverted_residual, expansions: [2], "
            "options: {start_kernel: [0, 5], middle_kernel: [3]}",
            ["uir a0 k3 e2", "uir a5 k3 e2"],
        ),
        (
            "blocks: [{kernel: 5, expansion: 2}, {kernel: 3, expansion: 4}, "
            "{kind: conv, kernel: 3}, {kernel: 3, expansion: 2, squeeze_excite: true}], "
            "branches: 2",
            [
                *("k5 e2", "k3 e4", "conv k3", "k3 e2 se"),
                *("k3 e2 se + k3 e4", "k3 e2 se + k5 e2", "k3 e4 + k5 e2"),
            ],
        ),
        (
            "kind: parallel_inverted_residual, kernels: [3], expansions: [2], "
            "options: {second_kernel: [5], second_expansion: [1, 2]}",
            ["k3 e2 + k5 e1", "k3 e2 + k5 e2"],
        ),
        (f"{IR}, same_padding: true", ["k3 e2 same", "k5 e2 same"]),
        ("kind: grouped, options: {groups: [1, 4]}", ["gr k3 groups=1", "gr k3 groups=4"]),
        (
            "kind: grouped, kernels: [3, 5], options: {groups: [1, 4]}",
            ["gr k3 groups=1", "gr k3 groups=4", "gr k5 groups=1", "gr k5 groups=4"],
        ),
    ],
)
@pytest.mark.usefixtures("grouped")
def test_a_stage_has_the_choices_that_it_names(
    tmp_path: Path, stage: str, names: list[str]
) -> None:
    assert choices(tmp_path, stage) == names


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (f"kind: fuzed, {IR}", "stages.0.kind: there is no block kind 'fuzed'"),
        (f"kind: head, {IR}", "a stage has no blocks of the kind 'head' (it may have: conv, inv"),
        (f"kind: conv, {IR}", "a block of kind 'conv' has no expansion (it has: kernel)"),
        ("kind: conv, kernels: [3], squeeze_excite: true", "no block here has it; leave it out"),
        ("kind: conv, kernels: [1, 3], branches: 2", "no two inverted residuals to stand side by"),
        (f"{IR}, branches: 3", "stages.0.branches"),
        (
            "kind: parallel_inverted_residual, kernels: [5], expansions: [2], "
            "options: {second_kernel: [3], second_expansion: [2]}",
            "name the branches in the other order",
        ),
        ("kind: conv", "give either kernels, or a list of blocks"),
        ("kind: grouped", "give either options.groups, or a list of blocks"),
        (f"{IR}, options: {{ratio: [2]}}", "a block of kind 'inverted_residual' has no ratio"),
        (f"{IR}, options: {{kernel: [3]}}", "write kernels in place of options.kernel"),
        (f"{IR}, blocks: [{{kernel: 3, expansion: 2}}]", "give either kernels and expansions, or"),
        ("blocks: [{kernel: 3, expansion: 2}, {kernel: 4, expansion: 2}]", "stages.0.blocks.1.ker"),
        (
            "blocks: [{kernel: 3, expansoin: 2}]",
            "has no expansoin; did you mean 'expansion'?",
        ),
        ("blocks: [{kernel: 3}]", "stages.0.blocks.0.expansion"),
        (
            "blocks: [{kind: cnv, kernel: 3}]",
            "stages.0.blocks.0.kind: there is no block kind 'cnv'",
        ),
        ("blocks: [{kind: 3, kernel: 3}]", "stages.0.blocks.0.kind: it must be the name of a kind"),
        (
            "same_padding: true, kind: grouped, options: {groups: [2]}",
            "same_padding is given, but a block of kind 'grouped' has none; leave it out",
        ),
        (
            "kind: universal_inverted_residual, expansions: [2]",
            "start_kernel and middle_kernel are both 0, and a stride of 2 needs one of them",
        ),
        (
            "kind: universal_inverted_residual, expansions: [2], options: {start_kernel: [2]}",
            "stages.0.options.start_kernel",
        ),
        ("kind: grouped, options: {groups: [3]}", "8 channels are not 3 groups"),
        ("kind: grouped, options: {groups: [x]}", "stages.0.options.groups"),
    ],
)
@pytest.mark.usefixtures("grouped")
def test_a_wrong_stage_is_one_sentence_with_its_key(
    tmp_path: Path, stage: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        choices(tmp_path, stage)
    assert str(caught.value).startswith(str(tmp_path / "mine.yaml"))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("grouped")
def test_python_names_a_kind_by_its_class_and_files_by_its_name() -> None:
    content = yaml.safe_load(SPACE.replace("STAGE", "depth: [1, 1]"))
    content["stages"][0] |= {"kind": Grouped, "options": {"groups": [2]}}
    config = SpaceConfig.model_validate(content)
    [block] = build_space(config, 32, 10).slots[0].choices
    assert isinstance(block, Grouped)
    assert config.model_dump(mode="json")["stages"][0]["kind"] == "grouped"
    listed = {"blocks": [{"kind": Grouped, "groups": 2}], "kind": "conv", "options": {}}
    content["stages"][0] |= listed
    config = SpaceConfig.model_validate(content)
    dumped = config.model_dump(mode="json")
    assert dumped["stages"][0]["blocks"] == [{"kind": "grouped", "groups": 2}]
    assert SpaceConfig.model_validate(dumped) != config
    assert build_space(SpaceConfig.model_validate(dumped), 32, 10) == build_space(config, 32, 10)
