"""Once-for-all's published MobileNetV3 supernets as ours (Cai et al. 2020, arXiv 1908.09791).

The same weights under other names: https://github.com/mit-han-lab/once-for-all,
`OFAMobileNetV3`. Its blocks after the first are our slots, in order.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Head, InvertedResidual
from hwnas.spaces import SearchSpace
from hwnas.spaces.shrunk import whole_of
from hwnas.supernet.once_for_all_names import original_name, shortest_name
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import weights_digest
from hwnas.training.state_dict import read_state_dict

SPACE = "once_for_all_mobilenet_v3"
"""The shipped space that the published checkpoints fit."""

# What a checkpoint of this family has, whatever its width.
_FAMILY = (
    "first_conv.conv.weight",
    "blocks.0.conv.depth_conv.conv.weight",
    "blocks.1.conv.inverted_bottleneck.conv.weight",
    "blocks.1.conv.depth_conv.conv.weight",
    "final_expand_layer.conv.weight",
    "feature_mix_layer.conv.weight",
    "classifier.linear.weight",
)
_CLASSIFIER = "suffix0.classifier."


@dataclass(frozen=True)
class Kind:
    """What supernets of this family differ in."""

    width: float
    kernels: tuple[int, ...]
    expansion: float
    depth: int

    def __str__(self) -> str:
        """As in "width 1.2, kernels 3, 5, 7, expansions up to 6, up to 4 blocks a stage"."""
        return (
            f"width {self.width:g}, kernels {', '.join(map(str, self.kernels))}, expansions up to "
            f"{self.expansion:g}, up to {self.depth} blocks a stage"
        )


@dataclass(frozen=True)
class OnceForAll:
    """A checkpoint in memory: its tensors by name, the shortest of the spellings there are."""

    path: Path
    tensors: Mapping[str, Tensor]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a checkpoint: .safetensors, or what torch.save wrote.

        Raises:
            ConfigError: it cannot be read, or is not a supernet of this family.
        """
        state = read_state_dict(path)
        tensors = {
            shortest_name(name): tensor.to(torch.float32)
            for name, tensor in state.items()
            if not name.endswith("num_batches_tracked")  # of no use, and some files lack it
        }
        missing = [name for name in _FAMILY if name not in tensors or tensors[name].ndim < 2]
        if missing:
            raise ConfigError(
                f"{path} is not a once-for-all MobileNetV3 supernet: it has no {missing[0]}, but "
                f"{next(iter(state))} and {len(state) - 1:,} more; see "
                "docs/guides/once_for_all.md for those that can be read"
            )
        if not any(name.endswith("_matrix") for name in tensors):
            raise ConfigError(
                f"{path} is a single network, or a supernet without kernel matrices (as in "
                "blocks.1.conv.depth_conv.conv.7to5_matrix); name a once-for-all supernet, such as "
                "ofa_mbv3_d234_e346_k357_w1.0"
            )
        bad = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
        if bad:
            raise ConfigError(
                f"{path} holds numbers that are not finite, in {bad[0]}; download it again"
            )
        return cls(path, tensors)

    @property
    def classes(self) -> int:
        """Number of logits."""
        return len(self.tensors["classifier.linear.weight"])

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits of names and values, whatever the file's format."""
        return weights_digest(dict(sorted(self.tensors.items())))

    @property
    def kind(self) -> Kind:
        """What its shapes say; the hidden layer has 1,280 channels at width 1."""
        depthwise = "blocks.1.conv.depth_conv.conv."
        sizes = {self.tensors[f"{depthwise}weight"].shape[-1]}
        for name in self.tensors:
            if name.startswith(depthwise) and name.endswith("_matrix"):
                sizes |= set(map(int, re.findall(r"\d+", name.removeprefix(depthwise))))
        expand = self.tensors["blocks.1.conv.inverted_bottleneck.conv.weight"]
        blocks = {name.split(".")[1] for name in self.tensors if name.startswith("blocks.")}
        return Kind(
            width=len(self.tensors["feature_mix_layer.conv.weight"]) / 1280,
            kernels=tuple(sorted(sizes)),
            expansion=expand.shape[0] / expand.shape[1],
            depth=(len(blocks) - 1) // 5,
        )

    def load_into(self, supernet: Supernet) -> None:
        """Copies the weights and statistics into a supernet with kernel transforms.

        With another number of classes than the checkpoint's its classifier stays as it is.

        Raises:
            ConfigError: the supernet's space is not the checkpoint's; says which to set.
        """
        space = whole_of(supernet.space).members[0]  # which the weights are of
        widths = sorted({member.width for member in supernet.space.members})
        if len(widths) > 1:
            raise ConfigError(
                f"{self.path} is a supernet of the width {self.kind.width:g} alone, and the space "
                f"has the widths {' and '.join(f'{width:g}' for width in widths)}; set width: "
                f"{self.kind.width:g} (several resolutions are fine)"
            )
        state = supernet.state_dict()
        problem = next(self._problems(state), None)
        if problem is not None:
            raise ConfigError(self._misfit(space, problem))
        with torch.no_grad():
            for name, tensor in state.items():
                if not name.startswith(_CLASSIFIER) or self.classes == supernet.space.classes:
                    tensor.copy_(self.tensors[original_name(name)].reshape(tensor.shape))
        supernet.start = self.digest

    def _problems(self, state: Mapping[str, Tensor]) -> Iterator[str]:
        """What the checkpoint has that does not fit, or lacks, for tensors by our names."""
        wanted = {original_name(name) for name in state}
        yield from (f"{name} more" for name in self.tensors if name not in wanted)
        for name, tensor in state.items():
            original = original_name(name)
            found = self.tensors.get(original)
            if found is None:
                yield f"no {original}"
                continue
            shape = tuple(tensor.shape)
            if name.startswith(_CLASSIFIER):  # any number of classes, and (out, in) there
                shape = (self.classes, *shape[1:2])
            if tuple(found.shape) != shape:
                yield f"{tuple(found.shape)} as {original}"

    def _misfit(self, space: SearchSpace, problem: str) -> str:
        kind = self.kind
        text = f"{self.path} does not fit the space {space.name}: it has {problem}"
        head = space.suffix[-1]
        if kind == _kind_of(space) and isinstance(head, Head) and not head.hidden_bias:
            return f"{text}; the file may be damaged, download it again"
        if kind == Kind(kind.width, (3, 5, 7), 6, 4):
            remedy = f"set space: {SPACE} and width: {kind.width:g}"
        else:
            remedy = (
                f"copy configs/spaces/{SPACE}.yaml, write its kernels, expansions and depths, name "
                f"the copy as space: and set width: {kind.width:g}"
            )
        return f"{text}; it is a once-for-all MobileNetV3 of {kind}: {remedy}"


def _kind_of(space: SearchSpace) -> Kind | None:
    """None of a space of another family."""
    blocks = [
        block
        for slot in space.slots
        for block in slot.choices
        if isinstance(block, InvertedResidual)
    ]
    if not blocks:
        return None
    depths = [len(list(slots)) for _, slots in groupby(space.slots, lambda slot: slot.stage)]
    return Kind(
        width=space.width,
        kernels=tuple(sorted({block.kernel for block in blocks})),
        expansion=max(block.expanded_channels / block.in_channels for block in blocks),
        depth=max(depths),
    )
