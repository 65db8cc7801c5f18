import numpy as np
import pytest
import torch

from hwnas.training.augmentation import jitter_colours, mix, shift
from tests.hwnas.supernet.helpers import images


def random(seed=0):
    return np.random.default_rng(seed)


def test_a_shift_moves_an_image_and_repeats_its_border():
    pixels = images(200, 5).images
    moved = shift(pixels, 2, random())
    assert moved.shape == pixels.shape
    seen = set()
    for before, after in zip(pixels, moved, strict=True):
        padded = np.pad(before, ((0, 0), (2, 2), (2, 2)), mode="edge")
        fits = [
            (y, x)
            for y in range(5)
            for x in range(5)
            if (padded[:, y : y + 5, x : x + 5] == after).all()
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 25


def by_hand(image, brightness, contrast, saturation):
    """The three adjustments of torchvision, one after the other, on one float image (3, R, R)."""
    grey = np.array([0.299, 0.587, 0.114])
    image = image * brightness
    image = contrast * image + (1 - contrast) * np.tensordot(grey, image, 1).mean()
    return saturation * image + (1 - saturation) * np.tensordot(grey, image, 1)


def test_colours_are_adjusted_as_one_after_the_other():
    pixels = images(20).images // 2 + 64  # nothing is cut off
    generator = random(1)
    jittered = jitter_colours(pixels, 0.2, generator)
    drawn = random(1).uniform(0.8, 1.2, size=(3, 20, 1, 1))[..., 0, 0]
    assert jittered.dtype == np.uint8
    for number, (before, after) in enumerate(zip(pixels, jittered, strict=True)):
        expected = by_hand(before.astype(float), *drawn[:, number])
        assert np.abs(after - np.clip(expected, 0, 255)).max() <= 0.51


def test_colours_that_leave_the_range_are_cut_off():
    pixels = np.full((50, 3, 4, 4), 250, np.uint8)
    jittered = jitter_colours(pixels, 1.0, random())
    # Brightness 0 to 2 of a plain image: either the product, or 255.
    drawn = random().uniform(0, 2, size=(3, 50, 1, 1))[0, :, 0, 0]
    assert jittered[:, 0, 0, 0].tolist() == pytest.approx(np.minimum(250 * drawn, 255), abs=0.51)


def test_mixup_blends_images_and_labels_by_the_same_share():
    inputs, labels = torch.randn(6, 3, 4, 4), torch.arange(6)
    mixed, target = mix(inputs.clone(), labels, 6, mixup=1.0, cutmix=0.0, generator=random())
    share = random().beta(1.0, 1.0)
    torch.testing.assert_close(mixed, share * inputs + (1 - share) * inputs.flip(0))
    expected = share * torch.eye(6) + (1 - share) * torch.eye(6).flip(0)
    torch.testing.assert_close(target, expected)


def test_cutmix_puts_a_box_of_another_image_and_counts_its_pixels():
    inputs = torch.arange(6.0).view(6, 1, 1, 1).repeat(1, 3, 8, 8)
    labels, shares = torch.arange(6), set()
    for seed in range(30):
        mixed, target = mix(
            inputs.clone(), labels, 6, mixup=0.0, cutmix=1.0, generator=random(seed)
        )
        boxes = mixed != inputs
        for number in range(6):
            assert set(mixed[number].unique().tolist()) <= {number, 5 - number}
            rows, columns = torch.nonzero(boxes[number, 0], as_tuple=True)
            assert len(rows) == len(rows.unique()) * len(columns.unique()), "no rectangle"
            share = 1 - len(rows) / 64
            assert target[number, number] == pytest.approx(share)
            assert target[number].sum() == pytest.approx(1)
        shares.add(float(target[0, 0]))
    assert min(shares) < 0.3
    assert max(shares) > 0.9


def test_with_both_each_batch_is_blended_or_cut():
    kinds = set()
    for seed in range(20):
        inputs = torch.arange(4.0).view(4, 1, 1, 1).repeat(1, 3, 8, 8)
        mixed, _ = mix(inputs, torch.arange(4), 4, mixup=5.0, cutmix=1.0, generator=random(seed))
        kinds.add(bool((mixed == mixed.round()).all()))
    assert kinds == {True, False}


def test_without_mixing_labels_stay_labels():
    inputs, labels = torch.randn(4, 3, 4, 4), torch.arange(4)
    same, target = mix(inputs, labels, 4, mixup=0.0, cutmix=0.0, generator=random())
    assert same is inputs
    assert target is labels
