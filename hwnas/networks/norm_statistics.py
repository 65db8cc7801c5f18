"""Batch norm statistics of a network over batches of images, at little more than a plain pass."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from hwnas.networks.arithmetic import activate, run_block
from hwnas.networks.inference import LayerName, Moments, WeightedBlock, WeightedLayer
from hwnas.networks.layers import Layer

# PyTorch's reduction works on vectors of channels; with few channels most of a vector is idle.
_CHANNELS = 64


def norm_statistics(
    blocks: Sequence[WeightedBlock], batches: Iterable[Tensor]
) -> dict[LayerName, Moments]:
    """The mean over batches of each batch norm's mean and unbiased variance, in inference mode.

    Each batch is normalised by its own mean and biased variance, as in training.

    Args:
        blocks: of the network.
        batches: of images (N, 3, R, R), of nearly equal sizes.
    """
    found: dict[LayerName, list[Moments]] = {
        (index, name): []
        for index, (_, layers) in enumerate(blocks)
        for name, one in layers.items()
        if one.layer.normalized
    }
    for x in batches if found else ():
        try:
            for index, (block, layers) in enumerate(blocks):
                x = run_block(block, _Layers(index, layers, found), x, in_place=True)
        except _LastNorm:
            pass
    return {
        name: (
            torch.stack([mean for mean, _ in moments]).mean(0),
            torch.stack([variance for _, variance in moments]).mean(0),
        )
        for name, moments in found.items()
    }


class _LastNorm(Exception):  # noqa: N818 (it is no error)
    """No batch norm follows, and the rest of the network need not run."""


class _Layers:
    """Runs the layers of block `index` as in training, and adds their moments to those found."""

    def __init__(
        self,
        index: int,
        layers: Mapping[str, WeightedLayer],
        found: dict[LayerName, list[Moments]],
    ) -> None:
        self._index, self._layers, self._found = index, layers, found

    def __call__(self, layer: Layer, x: Tensor) -> Tensor:
        one = self._layers[layer.name]
        if not layer.normalized:
            return one.run(x)
        y = one.convolve(x)
        mean, variance = _moments(y)
        values = y.numel() // len(mean)
        unbiased = variance * (values / (values - 1))
        self._found[self._index, layer.name].append((mean, unbiased))
        if sum(map(len, self._found.values())) % len(self._found) == 0:  # all of this batch
            raise _LastNorm
        scale, shift = one.scale_and_shift((mean, variance))
        # In place: memory that is new to the process costs more than the arithmetic.
        torch.addcmul(shift[:, None, None], y, scale[:, None, None], out=y)
        return activate(y, layer.activation, in_place=True)


def _moments(x: Tensor) -> Moments:
    """Mean and biased variance of the channels of x (N, C, R, R)."""
    channels = x.shape[1]
    rows = x.permute(0, 2, 3, 1).reshape(-1, channels)  # a view of a tensor in channels_last
    groups = math.gcd(len(rows), max(1, _CHANNELS // channels))
    wide = rows.reshape(-1, groups * channels)
    # The operator is quick with images in channels_last, hence this one of a single column.
    image = wide.t()[None, :, :, None]
    mean, variance = torch.batch_norm_update_stats(image, None, None, 0.0)
    if groups == 1:
        return mean, variance
    means, variances = mean.view(groups, channels), variance.view(groups, channels)
    return means.mean(0), variances.mean(0) + means.var(0, correction=0)
