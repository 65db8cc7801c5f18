import errno
import os
import resource

import pytest
import torch
from safetensors.torch import save_file

from hwnas.core.errors import RunError
from hwnas.training.checkpoint import load_weights, save_weights

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
    with pytest.raises(RunError, match=r"is damaged .*; move it away and train again"):
        load_weights(path)


def test_a_file_of_another_kind_is_damaged(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"not weights at all, but quite long" * 10)
    with pytest.raises(RunError, match="is damaged"):
        load_weights(path)


def test_a_bit_that_a_disk_changed_is_found(tmp_path):
    path = tmp_path / "weights"
    save_weights(path, STATE, {"step": "1"})
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunError, match="its weights were changed after they were written"):
        load_weights(path)


def test_a_text_that_was_changed_is_found(tmp_path):
    path = tmp_path / "weights"
    save_weights(path, STATE, {"step": "1"})
    path.write_bytes(path.read_bytes().replace(b'"step":"1"', b'"step":"2"'))
    with pytest.raises(RunError, match="is damaged"):
        load_weights(path)


@pytest.mark.parametrize("texts", [{"step": "1"}, None])
def test_weights_of_another_program_are_refused_as_such(tmp_path, texts):
    save_file(STATE, tmp_path / "weights", texts)
    with pytest.raises(RunError, match="were not written by hwnas; name a file that 'hwnas train'"):
        load_weights(tmp_path / "weights")
