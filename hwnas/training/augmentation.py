"""Augmentation: images moved, coloured and mixed by random numbers that are given.

Written here because no library fits: torchvision does not import beside the CPU build of PyTorch.
kornia does, but draws from PyTorch's global generator (batches are made in threads, and must follow
from seed and step), its colour jitter took 34 ms for 128 images of 64 pixels where the one matrix
below takes 3.5, its CutMix 62 ms where ours takes 1, and it would be 7 MB and 0.3 s of import for
three functions of ten lines.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hwnas.data.dataset import Images

# Of red, green and blue in the brightness that an eye sees (ITU-R BT.601, as in torchvision).
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


def shift(images: Images, padding: int, generator: np.random.Generator) -> Images:
    """Each image moved by up to `padding` pixels; its border is repeated where it moved away."""
    if not padding:
        return images
    around = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(images, around, mode="edge")
    windows = sliding_window_view(padded, images.shape[2:], axis=(2, 3))
    down, right = generator.integers(0, 2 * padding + 1, size=(2, len(images)))
    return np.ascontiguousarray(windows[np.arange(len(images)), :, down, right])


def jitter_colours(images: Images, strength: float, generator: np.random.Generator) -> Images:
    """Brightness, contrast and saturation of each image times 1 ± `strength`, uniformly drawn.

    The three of torchvision's `ColorJitter` in this order. Each is linear, hence they are one
    matrix an image; pixels are cut off at 0 and 255 once, at the end.
    """
    if not strength:
        return images
    low, high = 1 - strength, 1 + strength
    drawn = generator.uniform(low, high, size=(3, len(images), 1, 1)).astype(np.float32)
    brightness, contrast, saturation = drawn
    pixels = images.reshape(*images.shape[:2], -1).astype(np.float32)
    mean = (_GREY @ pixels.mean(2, keepdims=True))[:, None]  # (B, 1, 1): the grey contrast is from
    colours = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * _GREY
    changed = (brightness * contrast * colours) @ pixels
    changed += brightness * (1 - contrast) * mean
    np.clip(np.rint(changed, out=changed), 0, 255, out=changed)
    jittered: Images = changed.astype(np.uint8).reshape(images.shape)
    return jittered


def mix(
    inputs: Tensor,
    labels: Tensor,
    classes: int,
    *,
    mixup: float,
    cutmix: float,
    generator: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Each image mixed with another of the batch, and the probabilities of its classes.

    Mixup (Zhang et al. 2018, arXiv 1710.09412) blends two images, CutMix (Yun et al. 2019, arXiv
    1905.04899) puts a box of one into the other; with both, each batch gets one or the other. The
    share is drawn once a batch, from Beta(alpha, alpha).

    Args:
        inputs: (B, 3, R, R) in random order, changed in place.
        labels: (B,)
        classes: how many there are.
        mixup: its alpha; 0 for none.
        cutmix: its alpha; 0 for none.
        generator: the random numbers.

    Returns:
        Inputs, and the labels (B,) as they were without mixing, else probabilities (B, classes).
    """
    if not mixup and not cutmix:
        return inputs, labels
    target = functional.one_hot(labels, classes).to(inputs.dtype)
    others = inputs.flip(0)  # the batch's order is random already
    if mixup and (not cutmix or generator.random() < 0.5):
        share = generator.beta(mixup, mixup)
        inputs.mul_(share).add_(others, alpha=1 - share)
    else:
        rows, columns = _box(inputs.shape[-1], generator.beta(cutmix, cutmix), generator)
        inputs[:, :, rows, columns] = others[:, :, rows, columns]
        area = (rows.stop - rows.start) * (columns.stop - columns.start)
        share = 1 - area / inputs.shape[-1] ** 2
    return inputs, share * target + (1 - share) * target.flip(0)


def _box(size: int, kept: float, generator: np.random.Generator) -> tuple[slice, slice]:
    """A square of a share 1 - kept of the image around a random pixel, cut off at the borders."""
    half = size * np.sqrt(1 - kept) / 2
    middle: NDArray[np.int64] = generator.integers(0, size, size=2)
    starts = np.clip(np.rint(middle - half), 0, size).astype(int)
    ends = np.clip(np.rint(middle + half), 0, size).astype(int)
    return slice(starts[0], ends[0]), slice(starts[1], ends[1])
