"""What is taken for a class and for an image, and that nothing is left out without a word."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from hwnas.core.errors import DataError
from hwnas.data import ImageDataset, class_names, load_dataset
from tests.hwnas.data.folders import make, picture, sizes


def load(root: Path, **options: object) -> ImageDataset:
    return load_dataset(str(root), resolution=8, **options)


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("a.tif", "TIFF"),
        ("a.TIFF", "TIFF"),
        ("a.jfif", "JPEG"),
        ("a.jpe", "JPEG"),
        ("a.ppm", "PPM"),
        ("a.pgm", "PPM"),
        ("a.pnm", "PPM"),
        ("a.tga", "TGA"),
        ("a.dib", "BMP"),
        ("a.jp2", "JPEG2000"),
        ("a.avif", "AVIF"),
        ("without", "JPEG"),
        ("img_0.2021", "PNG"),
        ("without_too", "WEBP"),
        ("bitmap", "BMP"),
        ("anim", "GIF"),
        ("tiff", "TIFF"),
        ("avif", "AVIF"),
        ("j2k", "JPEG2000"),
        ("portable", "PPM"),
    ],
)
def test_images_are_known_by_suffix_or_by_their_first_bytes(
    tmp_path: Path, name: str, format_: str
) -> None:
    make(tmp_path, cat=3, dog=3)
    Image.new("RGB", (16, 16), (0, 0, 250)).save(tmp_path / "cat" / name, format=format_)
    data = load(tmp_path)
    assert (sum(sizes(data)), data.skipped, data.notes) == (7, (), ())


def test_what_is_no_image_is_counted_by_its_suffix(tmp_path: Path) -> None:
    make(tmp_path, cat=3, dog=3)
    for name in ("a.heic", "b.HEIC", "notes.txt", "README", "BMWs", "P5", "RIFF"):
        (tmp_path / "cat" / name).write_bytes(name.encode())
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / "cat" / name).write_text("of a program")
    [note] = load(tmp_path).notes
    assert note == ("files that are not readable images: 7 (without a suffix 4, .heic 2, .txt 1)")


def test_an_eps_in_an_image_s_clothes_starts_no_other_program(tmp_path: Path) -> None:
    make(tmp_path, cat=3, dog=3)
    Image.new("RGB", (16, 16)).save(tmp_path / "cat/draw.png", format="EPS")
    assert load(tmp_path).skipped == ("cat/draw.png",)


@pytest.mark.parametrize("name", ["@eaDir", "lost+found", "#recycle", "$RECYCLE.BIN", "__MACOSX"])
def test_folders_of_file_systems_are_no_classes(tmp_path: Path, name: str) -> None:
    make(tmp_path, cat=3, dog=3)
    for place in (tmp_path, tmp_path / "cat"):
        picture(place / name / "thumb.jpg")
    data = load(tmp_path)
    assert (data.class_names, data.notes) == (("cat", "dog"), ())


def fifo(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("special", [fifo, unix_socket, endless])
@pytest.mark.parametrize("name", ["cat/pipe.jpg", "cat/pipe", "pipe.jpg", "pipe"])
def test_pipes_sockets_and_devices_are_not_opened_and_are_counted(
    tmp_path: Path, special: Callable[[Path], None], name: str
) -> None:
    make(tmp_path, cat=3, dog=3)
    special(tmp_path / name)
    data = load(tmp_path)
    assert sum(sizes(data)) == 6
    [note] = data.notes
    assert note.endswith(f"not files and are left out: 1, such as {name}")
    with pytest.raises(DataError, match=r"holds pipes, sockets and devices, .* --strict"):
        load(tmp_path, strict=True)


def test_a_pipe_that_takes_the_place_of_an_image_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwnas.data import image_folder

    make(tmp_path, cat=4, dog=4)
    real = image_folder.Listing

    def listed(*args: object, **options: object) -> object:
        listing = real(*args, **options)
        (tmp_path / "cat/0.png").unlink()
        os.mkfifo(tmp_path / "cat/0.png")
        monkeypatch.setattr(image_folder, "Listing", real)
        return listing

    monkeypatch.setattr(image_folder, "Listing", listed)
    assert load(tmp_path).skipped == ("cat/0.png",)


@pytest.mark.parametrize("target", ["nowhere", "eel"])
def test_a_link_to_nothing_or_to_itself_in_place_of_a_class_is_said(
    tmp_path: Path, target: str
) -> None:
    make(tmp_path, cat=3, dog=3)
    (tmp_path / "eel").symlink_to(target)
    data = load(tmp_path)
    assert data.class_names == ("cat", "dog")
    [note] = data.notes
    assert "links that lead nowhere and are left out: 1, such as eel; where one is a class" in note
    with pytest.raises(DataError, match="holds links that lead nowhere"):
        load(tmp_path, strict=True)


def test_a_looped_link_in_place_of_an_image_is_unreadable(tmp_path: Path) -> None:
    make(tmp_path, cat=3, dog=3)
    (tmp_path / "cat/loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "cat/loop").symlink_to("loop")
    data = load(tmp_path)
    assert data.skipped == ("cat/loop.jpg",)
    assert "lead nowhere and are left out: 1, such as cat/loop" in data.notes[0]


def test_a_linked_class_folder_is_a_class(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", eel=3)
    root = make(tmp_path / "pets", cat=3)
    (root / "eel").symlink_to(tmp_path / "elsewhere/eel")
    data = load(root)
    assert (data.class_names, sum(sizes(data))) == (("cat", "eel"), 6)


def test_classes_that_look_alike_are_refused(tmp_path: Path) -> None:
    make(tmp_path, **{"caf\u00e9": 3, "cafe\u0301": 3, "tea": 3})
    with pytest.raises(DataError, match=r"differ only in how accents .*e\\u0301 and caf\\xe9"):
        load(tmp_path)


def divided(root: Path, **parts: dict[str, int]) -> Path:
    for part, classes in parts.items():
        make(root / part, **classes)
    return root


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "valid", "TESTING")])
def test_own_parts_are_used_as_they_are(tmp_path: Path, names: tuple[str, str, str]) -> None:
    counts = ({"cat": 9, "dog": 7}, {"cat": 2, "dog": 1}, {"cat": 4, "dog": 3})
    root = divided(tmp_path, **dict(zip(names, counts, strict=True)))
    data = load(root)
    assert (data.class_names, sizes(data)) == (("cat", "dog"), [16, 3, 7])
    assert data.test.labels.tolist() == [0] * 4 + [1] * 3
    assert class_names(str(root)) == ("cat", "dog")
    assert data.notes == (f"split by its own folders: {', '.join(names)}",)
    assert load(root).test.digest == data.test.digest  # of the cache
    assert load(root, limit=8).class_names == ("cat", "dog")
    few = load(root, limit=8)
    assert sum(sizes(few)) == 8
    assert min(sizes(few)) >= 2


@pytest.mark.parametrize(
    ("part", "expected"), [("val", [17, 4, 3]), ("test", [17, 3, 4])], ids=["val", "test"]
)
def test_a_part_without_a_folder_is_taken_from_the_images_for_training(
    tmp_path: Path, part: str, expected: list[int]
) -> None:
    root = divided(tmp_path, train={"cat": 12, "dog": 8}, **{part: {"cat": 2, "dog": 2}})
    (root / "annotations").mkdir()
    data = load(root)
    assert sizes(data) == expected
    missing = "test" if part == "val" else "validation"
    assert f"there is no folder for {missing}: 15 % of train are taken" in data.notes
    assert "not read: annotations beside those folders" in data.notes


def test_parts_of_other_classes_are_refused_with_the_way_out(tmp_path: Path) -> None:
    root = divided(tmp_path, train={"cat": 5, "dog": 5}, test={"cat": 2, "eel": 2})
    with pytest.raises(DataError, match=rf"holds the class 'dog' and test does .*--data {root}/tr"):
        load(root)


def test_a_flat_folder_beside_train_is_no_part(tmp_path: Path) -> None:
    root = divided(tmp_path, train={"cat": 5, "dog": 5})
    picture(root / "test" / "1.jpg")
    with pytest.raises(DataError, match=rf"holds class folders, .*: --data {root}/train"):
        load(root)


def test_train_and_test_may_be_classes(tmp_path: Path) -> None:
    data = load(make(tmp_path, train=4, test=4, val=4))
    assert data.class_names == ("test", "train", "val")


def test_unreadable_images_of_own_parts_are_left_out_where_enough_are_left(tmp_path: Path) -> None:
    root = divided(
        tmp_path, train={"cat": 5, "dog": 5}, val={"cat": 2, "dog": 2}, test={"cat": 2, "dog": 2}
    )
    (root / "val/cat/0.png").write_text("no image")
    data = load(root)
    assert (data.skipped, sizes(data)) == (("val/cat/0.png",), [10, 3, 4])
    (root / "val/cat/1.png").write_text("no image")
    with pytest.raises(DataError, match=r"'cat' .* 0 readable images for validation and needs 1"):
        load(root)
    shutil.rmtree(root / "val/cat")
    with pytest.raises(DataError, match="holds the class 'cat' and val does not"):
        load(root)
