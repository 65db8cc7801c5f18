from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.data.preprocessing import to_input
from hwnas.training.batches import Batches, prefetch
from hwnas.training.train_config import TrainConfig
from tests.hwnas.supernet.helpers import images

CPU = torch.device("cpu")


def batches(split, size=8, *, rank=0, processes=1, **settings):
    """Without augmentation, but for what is set."""
    config = TrainConfig(
        epochs=1, batch_size=size, **{"flip": False, "crop_padding": 0, **settings}
    )
    return Batches(split, config, 10, rank=rank, processes=processes)


def numbered(count, resolution=4):
    """Every pixel of an image is its number."""
    split = images(count, resolution)
    split.images[:] = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return split


def test_every_epoch_takes_each_image_once_in_another_order():
    made = batches(numbered(20), 5)
    assert made.per_epoch == 4
    orders = [
        [
            int(number)
            for step in range(4)
            for number in made.pixels(epoch * 4 + step)[0][:, 0, 0, 0]
        ]
        for epoch in range(2)
    ]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(20))
    assert orders[0] != orders[1]


EVERYTHING = {"flip": True, "crop_padding": 2, "colour_jitter": 0.4, "mixup": 0.3, "cutmix": 1.0}


def test_a_batch_depends_on_seed_and_step_alone():
    split = images(20)
    made = batches(split, seed=3, **EVERYTHING)
    inputs, target = [made.inputs(step) for step in range(5)][4]
    again, target_again = batches(split, seed=3, **EVERYTHING).inputs(4)
    assert torch.equal(inputs, again)
    assert torch.equal(target, target_again)
    other, _ = batches(split, seed=4, **EVERYTHING).inputs(4)
    assert not torch.equal(inputs, other)


def test_batches_made_ahead_are_the_same_ones():
    split = images(20)
    one, other = (batches(split, **EVERYTHING) for _ in range(2))
    ahead = list(prefetch(one, range(3, 9), CPU))
    assert len(ahead) == 6
    for step, (inputs, target) in enumerate(ahead, start=3):
        expected, expected_target = other.inputs(step)
        assert torch.equal(inputs, expected)
        assert torch.equal(target, expected_target)


def test_a_batch_that_cannot_be_made_is_an_error_where_it_is_wanted():
    split = images(20)
    object.__setattr__(split, "labels", split.labels + 100)  # no such class
    with pytest.raises(RuntimeError, match="Class values"):
        list(prefetch(batches(split, mixup=1.0), range(2), CPU))


def test_labels_stay_with_their_images():
    split = images(30, 4)
    split.images[:] = split.labels[:, None, None, None]
    made = batches(split, 7, flip=True, crop_padding=1)
    for step in range(8):
        pixels, labels = made.pixels(step)
        assert (pixels == labels[:, None, None, None]).all()


def test_processes_share_every_batch_and_augment_their_parts_differently():
    split = numbered(20)
    whole = batches(split, 10).pixels(1)[0][:, 0, 0, 0]
    parts = [batches(split, 10, rank=rank, processes=2).pixels(1)[0] for rank in range(2)]
    assert [len(part) for part in parts] == [5, 5]
    assert sorted(np.concatenate(parts)[:, 0, 0, 0]) == sorted(whole)
    split.images[:] = images(1, 4).images
    parts = [
        batches(split, 10, rank=rank, processes=2, crop_padding=2).pixels(1)[0] for rank in range(2)
    ]
    assert (parts[0] != parts[1]).any()


@pytest.mark.parametrize(("size", "processes"), [(9, 2), (4, 3), (2, 2)])
def test_a_batch_that_processes_cannot_share_is_refused(size, processes):
    with pytest.raises(ConfigError, match=rf"a multiple of {processes}"):
        batches(images(20), size, processes=processes)


def test_augmentation_leaves_the_dataset_as_it_was():
    split = images(20)
    before = split.images.copy()
    for settings in ({}, EVERYTHING):
        batches(split, 20, **settings).inputs(0)
    assert (split.images == before).all()


def test_about_half_of_the_images_are_mirrored():
    split = images(400, 4)
    pixels, _ = batches(split, 400, flip=True).pixels(0)
    known = {image.tobytes() for image in split.images}
    kept = sum(image.tobytes() in known for image in pixels)
    assert 150 < kept < 250


def test_without_mixing_inputs_are_normalised_pixels_and_labels():
    split = images(12)
    made = batches(split, flip=True, crop_padding=1)
    pixels, labels = made.pixels(0)
    inputs, target = made.inputs(0)
    assert torch.equal(inputs, to_input(pixels))
    assert target.tolist() == labels.tolist()


def test_making_batches_ahead_changes_no_number_of_threads():
    def of_a_new_thread():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(torch.get_num_threads).result()

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        for _ in prefetch(batches(images(40)), range(3), CPU):
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == of_a_new_thread() == 3
    finally:
        torch.set_num_threads(before)
