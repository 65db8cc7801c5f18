"""Networks as the page draws them: distinct blocks once, and networks as their numbers."""

from dataclasses import dataclass, field
from typing import Any

from hwnas.latency.family import AnyLatency
from hwnas.latency.model import LatencyModel
from hwnas.networks.block import short_activation
from hwnas.networks.blocks import Block, Network, Skip, block_key
from hwnas.objectives.costs import MACS, PARAMETERS

_TITLES = {
    "conv": "convolution",
    "inverted_residual": "inverted residual",
    "universal_inverted_residual": "universal inverted residual",
    "parallel_inverted_residual": "two inverted residuals",
}


@dataclass
class Drawings:
    """The blocks of all networks of a page, each once.

    Attributes:
        blocks: what the page's script is told of each, see `_drawn`.
    """

    blocks: list[dict[str, Any]] = field(default_factory=list)
    _numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    # The blocks of a space are the same objects in all of its networks: found without a hash of
    # all their fields. They are kept, so that no other object gets their identity.
    _known: dict[tuple[int, int], int] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)

    def add(self, network: Network, latency: AnyLatency) -> list[int]:
        """The numbers of a network's blocks, with what each takes by a latency model."""
        model = latency.of(network)
        of_model = id(model)
        for block in network:
            if (of_model, id(block)) not in self._known:
                self._known[of_model, id(block)] = self._number(block, model)
                self._kept += [block, model]
        return [self._known[of_model, id(block)] for block in network]

    def _number(self, block: Block, model: LatencyModel) -> int:
        key = (id(model), block_key(block))
        if key not in self._numbers:
            self._numbers[key] = len(self.blocks)
            self.blocks.append(_drawn(block, model))
        return self._numbers[key]


def _drawn(block: Block, model: LatencyModel) -> dict[str, Any]:
    """Of one block: title, detail, name; shapes to draw; ms, MACs and parameters."""
    known = not model.missing([block])
    inside = getattr(block, "expanded_channels", 0)
    return {
        "title": _title(block),
        "detail": " · ".join(_detail(block)),
        "name": block.short_name if not isinstance(block, Skip) else "skip",
        "skip": int(isinstance(block, Skip)),
        "in": block.in_channels,
        "mid": inside or max(block.in_channels, getattr(block, "feature_channels", 0)),
        "out": block.out_channels,
        "px": block.out_resolution,
        "k": max(_kernels(block), default=0),
        "ms": round(model.block_value(block), 7) if known else None,
        "macs": int(MACS.evaluate([(block,)])[0]),
        "params": int(PARAMETERS.evaluate([(block,)])[0]),
    }


def _kernels(block: Block) -> list[int]:
    found = [
        getattr(block, name, 0)
        for name in ("start_kernel", "kernel", "middle_kernel", "second_kernel")
    ]
    return [one for one in found if one]


def _title(block: Block) -> str:
    if isinstance(block, Skip):
        return "skipped"
    words = _TITLES.get(block.kind, block.kind.replace("_", " "))
    return " ".join([words, " + ".join(f"{k}×{k}" for k in _kernels(block))]).strip()


def _detail(block: Block) -> list[str]:
    if isinstance(block, Skip):
        return []
    middle = [getattr(block, name, 0) for name in ("expanded_channels", "hidden_channels")]
    inside = [str(one) for one in middle if one]
    if second := getattr(block, "second_expanded_channels", 0):
        inside[0] += f" + {second}"
    channels = [block.in_channels, *inside, block.out_channels]
    parts = [" → ".join(map(str, channels))]
    if (stride := getattr(block, "stride", 1)) > 1:
        parts.append(f"stride {stride}")
    if getattr(block, "squeeze_channels", 0):
        parts.append("squeeze-excite")
    if activation := getattr(block, "activation", ""):
        parts.append(short_activation(activation))
    return [*parts, f"{block.resolution} px"]
