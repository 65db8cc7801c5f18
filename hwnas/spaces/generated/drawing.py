"""A space drawn from what was learnt of published networks: its skeleton, stage by stage."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hwnas.networks.channels import make_divisible
from hwnas.spaces.generated.chain import Value, drawn
from hwnas.spaces.generated.learning import NOTHING, START, Acting, Learnt, Role, Step

KERNELS = (3, 5, 7)
EXPANSIONS = (3, 4, 6)
"""Of every block, as in the shipped spaces around these networks, and in once-for-all's."""

LEAST_MAP = 3
"""Pixels of the last map; on a smaller one the kernels of 3 would see little but padding."""


@dataclass(frozen=True)
class _Stage:
    """Blocks of one shape, as many as the chain drew."""

    channels: int
    stride: int
    activation: str
    squeeze: bool
    depth: int = 1

    @property
    def content(self) -> dict[str, Any]:
        """As a space file has it: the search may take a block less, or one more."""
        return {
            "channels": self.channels,
            "stride": self.stride,
            "depth": [max(1, self.depth - 1), self.depth + 1],
            "kernels": list(KERNELS),
            "expansions": list(EXPANSIONS),
            "activation": self.activation,
            **_squeeze(self.squeeze),
        }


class Draw:
    """One draw: what a space file holds of it, but for name and images."""

    def __init__(self, learnt: Learnt, generator: np.random.Generator, resolution: int) -> None:
        """Draws.

        Where images are small, the first strides become 1 until the last map has `LEAST_MAP`
        pixels.

        Args:
            learnt: what it is drawn from.
            generator: of the random numbers.
            resolution: height and width of the images, in pixels.
        """
        self._learnt, self._generator = learnt, generator
        steps = list(self._steps())
        strides = fitting(_strides(steps), resolution)
        self._acting: Acting = NOTHING
        self._channels, kernel = self._one(learnt.stems)
        self.stem = {
            "channels": self._channels,
            "kernel": kernel,
            "stride": strides[0],
            "activation": self._activation(Role.STEM),
        }
        self.first: dict[str, Any] | None = None
        self._stages: list[_Stage] = []
        for step, stride in zip(steps[1:], strides[1:], strict=True):
            self._add(step, stride)
        features, hidden, norm = self._one(learnt.heads)
        self.head = {
            "features": features,
            **({"hidden": hidden} if hidden else {}),
            **({"hidden_norm": norm} if norm else {}),
            "activation": self._activation(Role.HEAD),
        }

    @property
    def stages(self) -> list[dict[str, Any]]:
        """In their order."""
        return [stage.content for stage in self._stages]

    def _steps(self) -> Iterator[Step]:
        """From the stem to the last block, as the chain goes."""
        step = START
        while (after := self._learnt.steps.draw(step, self._generator)) is not None:
            if after.role is Role.HEAD:
                return
            yield after
            step = after

    def _add(self, step: Step, stride: int) -> None:
        """A block: the first one of a network or of a stage, or one more of the last stage."""
        if step.role is Role.REPEAT:
            self._repeat()
            return
        channels = make_divisible(self._channels * self._one(self._learnt.growth[step]))
        if step.role is Role.FIRST:
            kernel, squeeze = self._one(self._learnt.firsts)
            self.first = {
                "channels": channels,
                "kernel": kernel,
                "stride": stride,
                "activation": self._activation(Role.FIRST),
                **_squeeze(squeeze),
            }
        elif stride == 1 and channels == self._channels and self._stages:
            self._repeat()  # of a shape that rounding, or a small image, has left as it is
        else:
            squeeze = self._one(self._learnt.squeezes[step])
            activation = self._activation(Role.REPEAT)
            self._stages.append(_Stage(channels, stride, activation, squeeze))
        self._channels = channels

    def _repeat(self) -> None:
        last = self._stages[-1]
        self._stages[-1] = replace(last, depth=last.depth + 1)

    def _activation(self, role: Role) -> str:
        """That of the next part; the same as before where none was seen to follow that one."""
        found = self._learnt.activations.draw(
            self._acting, self._generator, lambda one: one[0] is role
        )
        self._acting = found or (role, self._acting[1])
        return self._acting[1]

    def _one(self, counts: Counter[Value]) -> Value:
        found = drawn(counts, self._generator)
        assert found is not None  # every network that was read has one
        return found


def fitting(strides: Sequence[int], resolution: int) -> list[int]:
    """Strides after which images of a resolution still have `LEAST_MAP` pixels, if they had so.

    The first of them become 1: what is small is not made smaller before anything was seen.
    """
    found = list(strides)
    for index in range(len(found)):
        size = resolution
        for stride in found:
            size = -(-size // stride)
        if size >= LEAST_MAP:
            break
        found[index] = 1
    return found


def _strides(steps: Sequence[Step]) -> list[int]:
    before = 0
    found = []
    for step in steps:
        found.append(1 << (step.halvings - before))
        before = step.halvings
    return found


def _squeeze(squeeze: bool) -> dict[str, bool]:
    return {"squeeze_excite": True} if squeeze else {}
