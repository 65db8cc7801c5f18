"""What is damaged in the image cache is made again, without a word."""

import os
from pathlib import Path

import pytest

from hwnas.core.cache import FOLDER_VARIABLE
from tests.hwnas.data.caching import assert_same, entries, load, without_cache
from tests.hwnas.data.folders import make, picture


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.mark.parametrize("name", ["images.npy", "entry.json", "rows.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[[1]]", b"\x93NUMPY\x01\x00garbage"])
def test_a_damaged_entry_is_made_anew(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    root = make(tmp_path / "pets", cat=6, dog=6)
    load(root)
    [entry] = entries(cache)
    (cache / entry / name).write_bytes(content)
    data = load(root)
    assert data.notes == ()
    assert_same(data, without_cache(root, monkeypatch))
    picture(root / "cat/more.png")
    assert_same(load(root), without_cache(root, monkeypatch))


def test_a_cut_file_of_images_is_made_anew(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "pets", cat=6, dog=6)
    load(root)
    [entry] = entries(cache)
    os.truncate(cache / entry / "images.npy", 500)
    assert_same(load(root), without_cache(root, monkeypatch))


def entry_of(root: Path, cache: Path) -> Path:
    load(root)
    [entry] = entries(cache)
    return cache / entry


@pytest.mark.parametrize("change", [-1, 1, 192, 10**9])
def test_images_of_another_length_are_made_anew(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, change: int
) -> None:
    root = make(tmp_path / "pets", cat=6, dog=6)
    images = entry_of(root, cache) / "images.npy"
    os.truncate(images, images.stat().st_size + change)
    assert_same(load(root), without_cache(root, monkeypatch))


@pytest.mark.parametrize("place", [0, 8, 40, 60, 127, 128, 1000, -1])
def test_a_changed_byte_of_images_is_noticed(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    root = make(tmp_path / "pets", cat=6, dog=6)
    images = entry_of(root, cache) / "images.npy"
    content = bytearray(images.read_bytes())
    content[place] ^= 0xFF
    images.write_bytes(content)
    assert_same(load(root), without_cache(root, monkeypatch))


@pytest.mark.parametrize("name", ["rows.json", "entry.json"])
def test_a_document_that_was_edited_is_not_believed(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    root = make(tmp_path / "pets", cat=6, dog=6)
    for old, new in (("1.png", "2.png"), ('"digests": ["', '"digests": ["0')):
        path = entry_of(root, cache) / name
        path.write_text(path.read_text().replace(old, new))
        picture(root / "cat/more.png", (len(old), 0, 0))
        assert_same(load(root), without_cache(root, monkeypatch))


def test_left_out_files_that_are_not_listed_do_not_go_round_for_ever(
    tmp_path: Path, cache: Path
) -> None:
    from hwnas.data.cache import About, _read, _write

    root = make(tmp_path / "pets", cat=6, dog=6)
    path = entry_of(root, cache) / "entry.json"
    about = _read(path, About)
    key = path.parent.name.partition("-")[2]
    _write(path, about.model_dump() | {"rounds": {key: ["cat/nothing.png"]}})
    assert load(root).skipped == ()


def test_a_pipe_in_the_cache_is_not_waited_for(tmp_path: Path, cache: Path) -> None:
    root = make(tmp_path / "pets", cat=6, dog=6)
    for name in ("images.npy", "rows.json", "entry.json"):
        path = entry_of(root, cache) / name
        path.unlink()
        os.mkfifo(path)
    assert load(root).notes == ()
