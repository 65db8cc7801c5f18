"""generate_spaces: space files that are drawn, each of which can be built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hwnas.core.configs import parse_config
from hwnas.core.errors import ConfigError
from hwnas.core.yaml_text import to_yaml
from hwnas.objectives.costs import MACS
from hwnas.spaces.config import SpaceConfig, make_space
from hwnas.spaces.generated.drawing import Draw
from hwnas.spaces.generated.learning import Learnt, learn
from hwnas.spaces.references import reference_network
from hwnas.spaces.space import SearchSpace

USUAL = (
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
)
"""What is learnt from where nothing is named."""

CLASSES = 1000
"""Of a space file; a run takes the number of its images'."""

# What was learnt of published networks is hardly ever refused, unless the images are huge.
_MOST_DRAWS = 50
_SAMPLE = 32


@dataclass(frozen=True)
class Generated:
    """A space that was drawn.

    Attributes:
        name: its own.
        networks: the published ones that it was learnt from.
        seed: of all spaces drawn with it.
        number: which of these it is, from 1.
        content: what its file holds.
        draws: how many were drawn until one could be built.
    """

    name: str
    networks: tuple[str, ...]
    seed: int
    number: int
    content: Mapping[str, Any]
    draws: int = 1

    @cached_property
    def space(self) -> SearchSpace:
        """The space itself."""
        return space_of(self.content)

    @property
    def text(self) -> str:
        """Its file: a line a stage, and how it was made above."""
        how = f"# Drawn by 'hwnas space generate' with the seed {self.seed} as number {self.number}"
        lines = [f"{how}, from", f"# {', '.join(self.networks)}."]
        for key, value in self.content.items():
            if key == "stages":
                lines += ["stages:", *(f"  - {_flow(stage)}" for stage in value)]
            else:
                lines.append(f"{key}: {_flow(value)}")
        return "\n".join([*lines, ""])


def generate_spaces(
    names: Sequence[str] = USUAL,
    *,
    name: str = "generated",
    resolution: int = 224,
    classes: int = CLASSES,
    seed: int = 0,
    count: int = 1,
) -> list[Generated]:
    """Draws spaces whose skeletons are put together as those of published networks are.

    What is drawn and cannot be built is drawn again. More spaces of a seed begin with the same
    ones.

    Args:
        names: of the published networks.
        name: of the space; of several, a number follows.
        resolution: height and width of the images, in pixels; also decides how many strides there
            are.
        classes: number of logits, where no images say it.
        seed: of the draws.
        count: how many spaces.

    Raises:
        ConfigError: there is no such network, nothing can be learnt from it, or no space that is
            drawn can be built at this resolution.
    """
    learnt = learn(names)
    return [
        _generate(
            learnt, name if count == 1 else f"{name}_{number}", resolution, classes, seed, number
        )
        for number in range(1, count + 1)
    ]


def draw_content(
    learnt: Learnt, generator: np.random.Generator, *, name: str, resolution: int, classes: int
) -> dict[str, Any]:
    """What the file of a space holds that is drawn once; whether it can be built is not known."""
    found = Draw(learnt, generator, resolution)
    return {
        "name": name,
        "resolution": resolution,
        "classes": classes,
        "stem": found.stem,
        **({} if found.first is None else {"first": found.first}),
        "stages": found.stages,
        "head": found.head,
    }


def space_of(content: Mapping[str, Any]) -> SearchSpace:
    """The space of a file's content.

    Raises:
        ConfigError: it is none, or cannot be built.
    """
    what = "the space that was drawn"
    return make_space(parse_config(dict(content), SpaceConfig, what), what)


def _generate(
    learnt: Learnt, name: str, resolution: int, classes: int, seed: int, number: int
) -> Generated:
    generator = np.random.default_rng([seed, number])
    fault: ConfigError | None = None
    for draws in range(1, _MOST_DRAWS + 1):
        content = draw_content(learnt, generator, name=name, resolution=resolution, classes=classes)
        try:
            space = space_of(content)
        except ConfigError as error:
            fault = error
            continue
        content["reference"] = _nearest(learnt.networks, space)
        return Generated(name, learnt.networks, seed, number, content, draws)
    raise ConfigError(f"none of {_MOST_DRAWS} spaces that were drawn can be built: {fault}")


def _nearest(names: Sequence[str], space: SearchSpace) -> str:
    """The published network that is compared with: whose MACs are those of the usual network."""
    rows = space.sample(np.random.default_rng(0), _SAMPLE)
    usual = np.median(np.log(MACS.evaluate(space.networks(rows))))
    networks = [
        reference_network(one, resolution=space.resolution, classes=space.classes) for one in names
    ]
    return names[int(np.abs(np.log(MACS.evaluate(networks)) - usual).argmin())]


def _flow(content: Any) -> str:
    """A value in one line."""
    return to_yaml(content, flow=True, width=10_000).removesuffix("...\n").strip()
