import subprocess
import sys

import numpy as np
import pytest
import torch

from hwnas.data import ImageDataset, Split, load_dataset
from hwnas.data.preprocessing import describe, to_input
from hwnas.networks.conventions import IMAGENET_MEAN, IMAGENET_STD


def test_digits_are_1797_images_of_ten_classes():
    data = load_dataset("digits", resolution=16)
    assert data.class_names == tuple("0123456789")
    assert (data.resolution, data.classes, data.skipped) == (16, 10, ())
    parts = (data.train, data.validation, data.test)
    assert sum(map(len, parts)) == 1797
    for part in parts:
        assert part.images.dtype == np.uint8
        assert part.labels.dtype == np.int64
        assert part.images.shape == (len(part), 3, 16, 16)
        assert set(part.labels) == set(range(10))
    assert 260 <= len(data.validation) <= 280


def test_a_digit_keeps_its_label_and_its_pixels():
    from sklearn.datasets import load_digits

    source = load_digits()
    known = {
        np.round(image * (255 / 16)).astype(np.uint8).tobytes(): label
        for image, label in zip(source.images, source.target, strict=True)
    }
    test = load_dataset("digits", resolution=8).test
    for image, label in zip(test.images, test.labels, strict=True):
        assert known[image[0].tobytes()] == label
        assert (image[0] == image[2]).all()


def test_digits_are_the_same_every_time():
    first, second = (load_dataset("digits", resolution=12) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != load_dataset("digits", resolution=13).fingerprint


def test_a_limit_takes_fewer_digits_of_every_class():
    data = load_dataset("digits", resolution=8, limit=100)
    parts = (data.train, data.validation, data.test)
    assert 90 <= sum(map(len, parts)) <= 100
    assert all(set(part.labels) == set(range(10)) for part in parts)


def test_a_fingerprint_changes_with_each_part_of_a_dataset():
    def dataset(names=("a", "b"), pixel=0, label=0, swap=False):
        images = np.zeros((2, 3, 4, 4), np.uint8)
        images[0, 0, 0, 0] = pixel
        first = Split(images, np.array([label, 1]))
        other = Split(np.ones((2, 3, 4, 4), np.uint8), np.array([0, 1]))
        train, test = (other, first) if swap else (first, other)
        return ImageDataset("x", names, train, other, test)

    variants = [
        dataset(),
        dataset(names=("a", "c")),
        dataset(pixel=1),
        dataset(label=1),
        dataset(swap=True),
    ]
    assert len({data.fingerprint for data in variants}) == len(variants)
    assert dataset().fingerprint == dataset().fingerprint


def test_input_is_normalised_as_described():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 5), dtype=np.uint8)
    before = images.copy()
    x = to_input(images)
    reported = describe(5)
    mean, std = (np.array(reported[key])[:, None, None] for key in ("mean", "std"))
    np.testing.assert_allclose(x.numpy(), (images / 255 - mean) / std, atol=1e-5)
    assert x.dtype == torch.float32
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert (images == before).all()
    assert (reported["mean"], reported["std"]) == (list(IMAGENET_MEAN), list(IMAGENET_STD))
    assert reported["resolution"] == 5


@pytest.mark.parametrize("heavy", ["torch", "sklearn", "PIL"])
def test_importing_the_room_does_not_import(heavy):
    code = f"import sys, hwnas.data; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
