"""Batch norm statistics of a network over batches of images, at little more than a plain pass.

Four things make it so. A 1×1 convolution that widens is not run to learn the moments of its output:
they follow from the mean and the covariance of its input, and then it runs with its batch norm
folded in. Moments of large maps are those of every k-th pixel of all images. What is large goes
through a block in parts of a batch that stay in the processor's caches. And nothing is computed
that no batch norm follows.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from hwnas.networks.arithmetic import activate
from hwnas.networks.blocks import Block
from hwnas.networks.inference import LayerName, Moments, WeightedBlock, WeightedLayer, keep_memory
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations
from hwnas.networks.trace import Trace

_PART_BYTES = 12 * 2**20
"""Of the largest output of a layer, for the images that run at once."""
_VALUES = 2**14
"""Of a channel, for its moments: means are then about 1 % of a standard deviation off."""
# PyTorch's reduction works on vectors of channels; with few channels most of a vector is idle.
_CHANNELS = 64


def norm_statistics(
    blocks: Sequence[WeightedBlock], batches: Iterable[Tensor]
) -> dict[LayerName, Moments]:
    """The mean over batches of each batch norm's mean and unbiased variance, in inference mode.

    Each batch is normalised by its own mean and biased variance, as in training. With more than
    32,768 values a channel, moments are those of 16,384 or a little fewer, spread evenly.

    Args:
        blocks: of the network.
        batches: of images (N, 3, R, R), of nearly equal sizes.
    """
    names = [
        (index, name)
        for index, (_, layers) in enumerate(blocks)
        for name, one in layers.items()
        if one.layer.normalized
    ]
    keep_memory()
    found = [_of_batch(blocks, x, len(names)) for x in batches] if names else []
    return {
        name: (
            torch.stack([moments[name][0] for moments in found]).mean(0),
            torch.stack([moments[name][1] for moments in found]).mean(0),
        )
        for name in names
    }


def _of_batch(blocks: Sequence[WeightedBlock], x: Tensor, norms: int) -> dict[LayerName, Moments]:
    """Mean and unbiased variance of each batch norm, of which there are so many, for one batch."""
    found: dict[LayerName, Moments] = {}
    maps = _Maps([x])
    for index, (block, layers) in enumerate(blocks):
        if x.device.type == "cpu":
            maps = maps.regrouped(_images_at_once(block))
        try:
            maps = block.compute(_Statistics(index, block, layers, found, norms, len(x)), maps)
        except _LastNorm:
            break
    return found


class _LastNorm(Exception):  # noqa: N818 (it is no error)
    """No batch norm follows, and the rest of the network need not run."""


@dataclass(frozen=True)
class _Norm:
    """What a batch norm and an activation still have to do to the outputs of a convolution."""

    scale: Tensor
    shift: Tensor
    activation: str

    def apply(self, y: Tensor) -> Tensor:
        # In place: memory that is new to the process costs more than the arithmetic.
        torch.addcmul(self.shift[:, None, None], y, self.scale[:, None, None], out=y)
        return activate(y, self.activation, in_place=True)


class _Maps:
    """Maps (n, C, R, R) of the parts of a batch, or one part of vectors (N, C).

    They are there, perhaps but for a batch norm, or they are made when they are read.
    """

    def __init__(
        self,
        parts: Sequence[Tensor] = (),
        norm: _Norm | None = None,
        makers: Sequence[Callable[[], Tensor]] = (),
    ) -> None:
        self.parts, self.norm, self.makers = list(parts), norm, makers

    def finished(self) -> Iterator[Tensor]:
        """Each part; to be gone through to the end."""
        if self.makers:
            yield from (make() for make in self.makers)
            return
        norm, self.norm = self.norm, None
        for part in self.parts:
            yield part if norm is None else norm.apply(part)

    def unnormed(self) -> "_Maps":
        """Kept parts, which may still lack a scale and a shift, but no activation."""
        if self.makers or (self.norm is not None and self.norm.activation != "none"):
            return _Maps([*self.finished()])
        return self

    def whole(self) -> Tensor:
        """All in one part."""
        parts = [*self.finished()]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def regrouped(self, images: int) -> "_Maps":
        """In parts of at most so many images, and as few as follow from those that are there."""
        if self.makers or self.parts[0].ndim == 2:
            return self
        parts: list[Tensor] = []
        group: list[Tensor] = []
        for part in (piece for whole in self.parts for piece in torch.split(whole, images)):
            if group and sum(map(len, group)) + len(part) > images:
                parts.append(group[0] if len(group) == 1 else torch.cat(group))
                group = []
            group.append(part)
        parts.append(group[0] if len(group) == 1 else torch.cat(group))
        return _Maps(parts, self.norm)


class _Statistics(Operations[_Maps]):
    """Computes a block as in training, and adds the moments of its layers to those found."""

    def __init__(
        self,
        index: int,
        block: Block,
        layers: Mapping[str, WeightedLayer],
        found: dict[LayerName, Moments],
        norms: int,
        images: int,
    ) -> None:
        self._images = images
        self._index, self._layers = index, layers
        self._found, self._norms = found, norms
        self._overwritten, self._passed_on = _of_trace(block)

    @override
    def layer(self, name: str, x: _Maps) -> _Maps:
        one = self._layers[name]
        if not one.layer.normalized:
            return self._made(name, [partial(one.run, part) for part in x.finished()])
        x = _as_maps(x)
        if _widens(one.layer):
            return self._from_covariance(name, one, x)
        offset = None
        if one.layer.kernel == 1 and one.layer.groups == 1:
            x = x.unnormed()
            if x.norm is not None:
                weight = one.tensors["weight"]
                offset = weight.flatten(1) @ x.norm.shift
                scaled = {"weight": weight * x.norm.scale[:, None, None]}
                one = replace(one, tensors={**one.tensors, **scaled})
                x = _Maps(x.parts)
        step = _step(one.layer.out_resolution, self._images)
        outputs, moments = [], []
        for part in x.finished():
            outputs.append(one.convolve(part))
            moments.append(_moments(_rows(outputs[-1])[::step]))
        mean, variance = _joined([len(y) for y in outputs], moments)
        self._note(name, (mean if offset is None else mean + offset, variance), _values(outputs))
        return _Maps(outputs, _Norm(*one.scale_and_shift((mean, variance)), one.layer.activation))

    def _from_covariance(self, name: str, one: WeightedLayer, x: _Maps) -> _Maps:
        x = x.unnormed()
        step = _step(one.layer.resolution, self._images)
        mean, covariance = _covariance([_rows(part)[::step] for part in x.parts])
        before, norm = one, x.norm
        if norm is not None:
            mean = norm.scale * mean + norm.shift
            covariance = norm.scale[:, None] * covariance * norm.scale
        weight = one.tensors["weight"].flatten(1)
        variance = ((weight @ covariance) * weight).sum(1).clamp_(min=0)
        moments = weight @ mean, variance
        self._note(name, moments, _values(x.parts))
        folded = before.folded(moments)
        if norm is not None:
            folded = folded.behind(norm.scale, norm.shift)
        return self._made(name, [partial(folded.run, part) for part in x.parts])

    def _note(self, name: str, moments: Moments, values: int) -> None:
        mean, variance = moments
        self._found[self._index, name] = mean, variance * (values / (values - 1))
        if len(self._found) == self._norms:
            raise _LastNorm

    def _made(self, name: str, makers: Sequence[Callable[[], Tensor]]) -> _Maps:
        if name in self._passed_on:
            return _Maps(makers=makers)
        return _Maps([make() for make in makers])

    @override
    def mean(self, name: str, x: _Maps) -> _Maps:
        parts = [part.mean((2, 3)) if part.ndim == 4 else part for part in x.finished()]
        return _Maps([torch.cat(parts)])

    @override
    def flatten(self, name: str, x: _Maps) -> _Maps:
        return _Maps([x.whole().flatten(1)])

    @override
    def hard_sigmoid(self, name: str, x: _Maps) -> _Maps:
        return _Maps([functional.hardsigmoid(part) for part in x.finished()])

    @override
    def multiply(self, name: str, x: _Maps, gate: _Maps) -> _Maps:
        x = _as_maps(x)
        parts = [*x.finished()]
        gates = torch.split(_as_map(gate.whole()), [len(part) for part in parts])
        run = torch.mul if name not in self._overwritten else Tensor.mul_
        return self._made(
            name, [partial(run, part, one) for part, one in zip(parts, gates, strict=True)]
        )

    @override
    def add(self, name: str, x: _Maps, other: _Maps) -> _Maps:
        pairs = zip(_as_maps(x).finished(), _as_maps(other).finished(), strict=True)
        in_place = name in self._overwritten
        return _Maps([a.add_(b) if in_place else a + b for a, b in pairs])

    @override
    def concatenate(self, name: str, parts: Sequence[_Maps]) -> _Maps:
        columns = zip(*(_as_maps(part).finished() for part in parts), strict=True)
        return _Maps([torch.cat(column, 1) for column in columns])


def _as_map(x: Tensor) -> Tensor:
    return x[:, :, None, None] if x.ndim == 2 else x


def _as_maps(x: _Maps) -> _Maps:
    if x.parts and x.parts[0].ndim == 2:
        return _Maps([_as_map(part) for part in x.finished()])
    return x


@cache
def _of_trace(block: Block) -> tuple[frozenset[str], frozenset[str]]:
    trace = Trace(block)
    return trace.overwritable(), trace.passed_on()


@cache
def _images_at_once(block: Block) -> int:
    """A power of 2, so that parts of consecutive blocks go well together."""
    largest = max((4 * _size(layer) for layer in block.layers()), default=1)
    return int(2 ** max(3, int(math.log2(max(1, _PART_BYTES / largest)))))


def _size(layer: Layer) -> int:
    return layer.out_channels * layer.out_resolution**2


def _widens(layer: Layer) -> bool:
    """Whether the covariance of the input costs less than to look at the output."""
    dense = layer.kernel == layer.stride == layer.groups == 1
    return dense and layer.out_channels >= 2 * layer.in_channels


def _values(parts: Sequence[Tensor]) -> int:
    return sum(part.numel() // part.shape[1] for part in parts)


def _rows(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])  # a view of a tensor in channels_last


def _covariance(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean (C,) and biased covariance (C, C) of all rows (n, C)."""
    count = sum(map(len, rows))
    mean = torch.stack([each.sum(0) for each in rows]).sum(0) / count
    products = torch.stack([each.t() @ each for each in rows]).sum(0) / count
    return mean, products - torch.outer(mean, mean)


def _joined(images: Sequence[int], moments: Sequence[Moments]) -> Moments:
    """Mean and biased variance of all parts, of so many images each, by those of each."""
    if len(moments) == 1:
        return moments[0]
    means, variances = (torch.stack(each) for each in zip(*moments, strict=True))
    shares = torch.tensor(images, dtype=means.dtype, device=means.device)[:, None] / sum(images)
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + (means - mean).square())).sum(0)


def _step(resolution: int, images: int) -> int:
    """Which pixel of so many maps are looked at: every one, or every k-th, in all columns."""
    step = max(1, images * resolution**2 // _VALUES)
    while math.gcd(step, resolution) > 1:
        step += 1
    return step


def _moments(rows: Tensor) -> Moments:
    """Mean and biased variance of the columns of rows (n, C)."""
    channels = rows.shape[1]
    groups = math.gcd(len(rows), max(1, _CHANNELS // channels))
    wide = rows.reshape(-1, groups * channels)
    # The operator is quick with images in channels_last, hence this one of a single column.
    image = wide.t()[None, :, :, None]
    mean, variance = torch.batch_norm_update_stats(image, None, None, 0.0)
    if groups == 1:
        return mean, variance
    means, variances = mean.view(groups, channels), variance.view(groups, channels)
    return means.mean(0), variances.mean(0) + means.var(0, correction=0)
