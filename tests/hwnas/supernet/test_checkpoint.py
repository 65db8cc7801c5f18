import errno
import os
import resource

import numpy as np
import pytest
import torch

from devices.errors import RunError
from hwnas.supernet.batches import Batches, shift
from hwnas.supernet.checkpoint import load_weights, save_weights
from tests.hwnas.supernet.helpers import images

STATE = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([7], dtype=torch.int64)}


def test_what_is_saved_is_loaded(tmp_path):
    path = tmp_path / "new folder" / "weights.safetensors"
    save_weights(path, STATE, {"step": "3"})
    state, texts = load_weights(path)
    assert texts == {"step": "3"}
    assert set(state) == set(STATE)
    assert all(torch.equal(state[name], STATE[name]) for name in STATE)
    assert [item.name for item in path.parent.iterdir()] == ["weights.safetensors"]


def test_loaded_tensors_outlive_their_file(tmp_path):
    path = tmp_path / "weights"
    save_weights(path, STATE, {})
    state, _ = load_weights(path)
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
    assert torch.equal(state["a"], STATE["a"])


def test_a_disk_that_fills_leaves_the_old_checkpoint_and_no_rest(tmp_path):
    path = tmp_path / "weights"
    save_weights(path, STATE, {"step": "1"})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(RunError, match=r"cannot write .*weights: .*; make room or choose"):
            save_weights(path, {"a": torch.zeros(100_000)}, {"step": "2"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_weights(path)[1] == {"step": "1"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_when_flushing_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    save_weights(path, STATE, {"step": "1"})

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left on device"):
        save_weights(path, STATE, {"step": "2"})
    assert load_weights(path)[1] == {"step": "1"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        save_weights(tmp_path / "file" / "weights", STATE, {})


def test_missing_weights_are_one_sentence(tmp_path):
    with pytest.raises(RunError, match=r"there are no weights at .*; train first"):
        load_weights(tmp_path / "weights")


@pytest.mark.parametrize("keep", [0, 4, 20, -1])
def test_a_file_cut_short_is_damaged(tmp_path, keep):
    path = tmp_path / "weights"
    save_weights(path, STATE, {})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RunError, match=r"is damaged .*; delete it and train again"):
        load_weights(path)


def test_a_file_of_another_kind_is_damaged(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"not weights at all, but quite long" * 10)
    with pytest.raises(RunError, match="is damaged"):
        load_weights(path)


def test_every_epoch_takes_each_image_once_in_another_order():
    split = images(20, 4)
    split.images[:] = np.arange(20, dtype=np.uint8)[:, None, None, None]
    batches = Batches(split, 5, seed=0, flip=False, crop_padding=0)
    orders = [
        [int(batches.get(epoch * 4 + step)[0][i, 0, 0, 0]) for step in range(4) for i in range(5)]
        for epoch in range(2)
    ]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(20))
    assert orders[0] != orders[1]


def test_a_batch_depends_on_seed_and_step_alone():
    split = images(20)
    steps = {"flip": True, "crop_padding": 2}
    batches = Batches(split, 8, seed=3, **steps)
    visited = [batches.get(step)[0] for step in range(5)]
    assert (Batches(split, 8, seed=3, **steps).get(4)[0] == visited[4]).all()
    assert (Batches(split, 8, seed=4, **steps).get(4)[0] != visited[4]).any()


def test_labels_stay_with_their_images():
    split = images(30, 4)
    split.images[:] = split.labels[:, None, None, None]
    batches = Batches(split, 7, seed=0, flip=True, crop_padding=1)
    for step in range(8):
        pixels, labels = batches.get(step)
        assert (pixels == labels[:, None, None, None]).all()


def test_a_shift_moves_an_image_and_repeats_its_border():
    pixels = images(200, 5).images
    moved = shift(pixels, 2, np.random.default_rng(0))
    assert moved.shape == pixels.shape
    seen = set()
    for before, after in zip(pixels, moved, strict=True):
        padded = np.pad(before, ((0, 0), (2, 2), (2, 2)), mode="edge")
        fits = [
            (y, x) for y in range(5) for x in range(5)
            if (padded[:, y : y + 5, x : x + 5] == after).all()
        ]  # fmt: skip
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 25


def test_augmentation_leaves_the_dataset_as_it_was():
    split = images(20)
    before = split.images.copy()
    for padding in (0, 2):
        Batches(split, 20, seed=0, flip=True, crop_padding=padding).get(0)
    assert (split.images == before).all()


def test_about_half_of_the_images_are_mirrored():
    split = images(400, 4)
    pixels, _ = Batches(split, 400, seed=0, flip=True, crop_padding=0).get(0)
    known = {image.tobytes() for image in split.images}
    kept = sum(image.tobytes() in known for image in pixels)
    assert 150 < kept < 250
