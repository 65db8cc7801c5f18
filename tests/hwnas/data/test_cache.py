"""Images are decoded once, whatever happens meanwhile, and always come out as if decoded now."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections import Counter, namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.core.errors import ConfigError, DataError
from hwnas.data import decoding, filling, load_dataset, to_input
from hwnas.data.cache import SIZE_VARIABLE
from hwnas.data.rows import FileRows
from tests.hwnas.data.caching import assert_same, entries, is_mapped, load, without_cache
from tests.hwnas.data.folders import damaged, make, picture, sizes


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each file was decoded."""
    names: Counter[str] = Counter()
    real = decoding.decode_file

    def count(path: Path, resolution: int) -> np.ndarray:
        names[path.name] += 1
        return real(path, resolution)

    monkeypatch.setattr(decoding, "decode_file", count)
    return names


def test_a_second_start_decodes_nothing_and_gives_the_same(
    tmp_path: Path, decoded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "pets", cat=30, dog=20)
    first = load(root)
    assert decoded.total() == 50
    second = load(root)
    assert decoded.total() == 50
    assert is_mapped(second)
    assert second.train.stored_digest is not None
    assert_same(first, second)
    assert_same(second, without_cache(root, monkeypatch))


def test_cached_images_are_taken_by_pytorch_and_are_not_changed_by_it(tmp_path: Path) -> None:
    root = make(tmp_path / "pets", cat=9, dog=9)
    images = load(root).train.images
    before = images.copy()
    to_input(images)  # warns of an array that may not be written to
    images[:] = 7
    assert (load(root).train.images == before).all()


def test_only_what_was_changed_or_added_is_decoded_again(
    tmp_path: Path, decoded: Counter[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "pets", cat=30, dog=20)
    load(root)
    decoded.clear()
    status = (root / "cat/3.png").stat()
    picture(root / "cat/3.png", (1, 2, 3))
    os.utime(root / "cat/3.png", ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
    picture(root / "cat/new.png")
    (root / "dog/5.png").unlink()
    data = load(root)
    assert decoded == {"3.png": 1, "new.png": 1}
    assert len(entries(cache)) == 1  # the old one is gone
    assert_same(data, without_cache(root, monkeypatch))


def test_a_limit_takes_from_what_was_decoded_without(
    tmp_path: Path, decoded: Counter[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "pets", cat=30, dog=20)
    load(root)
    decoded.clear()
    few = load(root, limit=12)
    assert not decoded
    assert len(entries(cache)) == 2  # neither stands in for the other
    assert_same(few, without_cache(root, monkeypatch, limit=12))


def test_resolutions_and_folders_are_kept_apart(tmp_path: Path) -> None:
    one, two = (make(tmp_path / name, cat=5, dog=5) for name in ("one", "two"))
    for path in two.rglob("*.png"):  # the same names, sizes and times, another picture
        same = one / path.relative_to(two)
        path.write_bytes(same.read_bytes()[:-20] + b"\0" * 20)
        os.utime(path, ns=(same.stat().st_atime_ns, same.stat().st_mtime_ns))
    load(one)
    with pytest.raises(DataError, match="0 readable images"):
        load(two)
    assert load_dataset(str(one), resolution=12).resolution == 12
    assert load(one).resolution == 8


@pytest.mark.parametrize("limit", [None, 12])
def test_unreadable_files_are_left_out_from_the_cache_as_without_it(
    tmp_path: Path, decoded: Counter[str], monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    root = damaged(tmp_path / "pets")
    first = load(root, limit=limit)
    decoded.clear()
    second = load(root, limit=limit)
    assert sorted(f"{'cat' if n[0] in 'te' else 'dog'}/{n}" for n in decoded) == list(first.skipped)
    assert_same(first, second)
    assert_same(second, without_cache(root, monkeypatch, limit=limit))
    if limit is None:
        with pytest.raises(DataError, match=r"cannot read the image .*empty\.png"):
            load(root, strict=True)


def test_a_file_that_becomes_readable_with_its_old_time_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "pets", cat=5, dog=5)
    real = decoding.decode_file

    def denied(path: Path, resolution: int) -> np.ndarray:
        if path.name == "0.png":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, resolution)

    with monkeypatch.context() as context:
        context.setattr(decoding, "decode_file", denied)
        assert load(root).skipped == ("cat/0.png", "dog/0.png")
    assert load(root).skipped == ()


SLOW = """
import sys, time
from hwnas.data import decoding, filling, load_dataset
real = decoding.decode_file
def slow(path, resolution):
    time.sleep(0.004)
    return real(path, resolution)
decoding.decode_file = slow
filling.SAVE_SECONDS = 0.0
print("begin", flush=True)
load_dataset(sys.argv[1], resolution=8)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_start_that_was_killed_is_continued(
    tmp_path: Path,
    decoded: Counter[str],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: signal.Signals,
) -> None:
    root = make(tmp_path / "pets", cat=300, dog=300)
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(root)],
        stderr=subprocess.DEVNULL,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    while process.poll() is None and not list(cache.glob("*.partial/rows.json")):
        time.sleep(0.005)
    process.send_signal(ending)
    assert process.wait(600) != 0
    # What is left has its room already, and so needs none.
    free = namedtuple("usage", "free")(filling._LEFT_FREE)
    monkeypatch.setattr(filling.shutil, "disk_usage", lambda _path: free)
    data = load(root)
    assert data.notes == ()
    assert 0 < decoded.total() < 600
    assert [name.count(".") for name in entries(cache)] == [0]  # nothing unfinished is left
    assert_same(data, without_cache(root, monkeypatch))


def test_two_processes_at_once_decode_every_image_once(
    tmp_path: Path, decoded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = damaged(make(tmp_path / "pets", cat=100, dog=100))
    with ThreadPoolExecutor(3) as pool:  # a lock is a file's, so threads stand for processes
        one, two, three = pool.map(load, [root] * 3)
    assert decoded["50.png"] == 2  # cat/50 and dog/50
    for other in (two, three, without_cache(root, monkeypatch)):
        assert_same(one, other)


def assert_in_memory(root: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    data = load(root)
    assert not is_mapped(data)
    [note] = data.notes
    assert "held in memory and not kept for the next time" in note
    assert why in note
    assert "\n" not in note
    assert_same(data, without_cache(root, monkeypatch))


def test_on_a_full_disk_images_are_held_in_memory_and_nothing_stays_behind(
    tmp_path: Path, cache: Path, decoded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "pets", cat=100, dog=100)
    real, puts = FileRows.put, []

    def full(self: FileRows, row: int, image: np.ndarray) -> None:
        puts.append(row)
        if len(puts) > 120:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, row, image)

    monkeypatch.setattr(FileRows, "put", full)
    assert_in_memory(root, monkeypatch, "No space left on device")
    assert entries(cache) == []
    in_memory_alone = 200
    # What was in the file was not decoded again.
    assert decoded.total() - in_memory_alone < 120 + 200


def test_a_file_system_without_room_says_so_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "pets", cat=5, dog=5)
    monkeypatch.setattr("hwnas.data.filling._LEFT_FREE", 10**18)
    assert_in_memory(root, monkeypatch, "has no room for")


def test_a_cache_that_cannot_be_made_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file"))
    assert_in_memory(make(tmp_path / "pets", cat=5, dog=5), monkeypatch, "cannot use")


def test_more_images_than_disk_and_memory_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "pets", cat=5, dog=5)
    monkeypatch.setenv(SIZE_VARIABLE, "0")
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("", (), {"available": 1000}))
    with pytest.raises(DataError, match=r"at 8 pixels, of which neither memory .* nor the cache"):
        load(tmp_path / "pets")


def test_the_least_recently_used_folder_makes_room(
    tmp_path: Path, cache: Path, decoded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (make(tmp_path / name, cat=30, dog=30) for name in ("1", "2", "3"))
    for root in (one, two, one):  # one was used last
        load(root)
        time.sleep(0.01)
    size = max(sum(f.stat().st_size for f in (cache / e).iterdir()) for e in entries(cache))
    monkeypatch.setenv(SIZE_VARIABLE, str(2.5 * size / 1e9))
    load(three)
    decoded.clear()
    load(one)
    load(three)
    assert not decoded
    load(two)
    assert decoded.total() == 60


@pytest.mark.parametrize("text", ["-1", "much", "nan", "inf"])
def test_a_size_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(SIZE_VARIABLE, text)
    with pytest.raises(ConfigError, match=rf"HWNAS_CACHE_GB is '{text}'; give a number of GB"):
        load(make(tmp_path / "pets", cat=5, dog=5))


def test_a_size_of_zero_keeps_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = without_cache(make(tmp_path / "pets", cat=5, dog=5), monkeypatch)
    assert (data.notes, cache.exists(), sum(sizes(data))) == ((), False, 10)


def test_progress_counts_what_is_decoded_and_is_silent_when_nothing_is(tmp_path: Path) -> None:
    root = make(tmp_path / "pets", cat=50, dog=50)
    seen: list[tuple[int, int]] = []
    load(root, progress=lambda *counts: seen.append(counts))
    assert seen[-1] == (100, 100)
    assert seen == sorted(seen)
    seen.clear()
    load(root, progress=lambda *counts: seen.append(counts))
    assert seen == []
