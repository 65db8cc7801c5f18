"""What people's folders really hold beside plain photos, each made as the real thing."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwnas.data import class_names, load_dataset
from hwnas.data.decoding import decode_image
from tests.hwnas.data.folders import make, picture, sizes


def png16(path: Path, colour_type: int, samples: list[int]) -> Path:
    """A PNG of 16 bits a channel, which Pillow cannot write but for grey."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    side = 12
    line = b"\0" + struct.pack(f">{len(samples)}H", *samples) * side
    header = struct.pack(">IIBBBBB", side, side, 16, colour_type, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(line * side)) + chunk(b"IEND", b"")
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("colour_type", "samples", "expected"),
    [
        (0, [200 * 256 + 9], (200, 200, 200)),
        (2, [200 * 256, 100 * 256, 50 * 256], (200, 100, 50)),
        (4, [100 * 256, 65535], (100, 100, 100)),
        (6, [200 * 256, 100 * 256, 50 * 256, 0], (255, 255, 255)),
    ],
    ids=["grey", "RGB", "grey and alpha", "transparent RGBA"],
)
def test_png_of_16_bits_keeps_its_colours(
    tmp_path: Path, colour_type: int, samples: list[int], expected: tuple[int, int, int]
) -> None:
    image = decode_image(png16(tmp_path / "deep.png", colour_type, samples), 8)
    assert np.abs(image[:, 4, 4].astype(int) - expected).max() <= 1


def test_a_cmyk_jpeg_has_its_colours_and_not_their_negative(tmp_path: Path) -> None:
    path = picture(tmp_path / "print.jpg", (250, 20, 20), mode="CMYK", quality=95)
    with Image.open(path) as opened:
        assert opened.mode == "CMYK"
    assert np.abs(decode_image(path, 8)[:, 4, 4].astype(int) - (250, 20, 20)).max() < 8


def test_transparent_colours_of_a_palette_are_white(tmp_path: Path) -> None:
    pixels = Image.new("P", (24, 24), 0)
    pixels.putpalette([255, 0, 0, 0, 0, 255])
    pixels.paste(1, (0, 0, 12, 24))
    pixels.save(tmp_path / "palette.png", transparency=0)
    image = decode_image(tmp_path / "palette.png", 8)
    assert image[:, 4, 1].tolist() == [0, 0, 255]
    assert image[:, 4, 6].tolist() == [255, 255, 255]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("white", "black", "black")]
    path = tmp_path / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with Image.open(path) as opened:
        assert opened.n_frames > 1
    assert decode_image(path, 8).min() > 250


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 500)])
def test_tiny_and_very_long_images_fill_the_square(tmp_path: Path, size: tuple[int, int]) -> None:
    path = picture(tmp_path / "odd.png", (10, 200, 30), size=size)
    assert (decode_image(path, 16).transpose(1, 2, 0) == (10, 200, 30)).all()


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_exif_orientation_shows_the_same_picture(tmp_path: Path, turn: int) -> None:
    upright = np.zeros((32, 32, 3), np.uint8)
    upright[:16, :16] = 255  # top left
    upright[:16, 16:] = (255, 0, 0)  # top right
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: np.rot90(upright),
        7: upright.transpose(1, 0, 2)[::-1, ::-1], 8: np.rot90(upright, -1),
    }[turn]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = turn
    path = tmp_path / "photo.jpg"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif, quality=100, subsampling=0)
    image = decode_image(path, 8).astype(int)
    assert image[:, 1, 1].min() > 230
    assert image[0, 1, 6] > 230 > 40 > image[1, 1, 6]
    assert image[:, 6, 6].max() < 25


def test_damaged_exif_around_good_pixels_does_not_matter(tmp_path: Path) -> None:
    make(tmp_path, cat=5, dog=5)
    for index, exif in enumerate([b"\xff" * 40, b"MM", b"MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03"]):
        picture(tmp_path / "dog" / f"exif{index}.jpg", exif=b"Exif\0\0" + exif)
    assert load_dataset(str(tmp_path), resolution=8).skipped == ()


def test_names_in_any_script_are_read_and_reported(tmp_path: Path) -> None:
    for label in ("кошка", "犬 😀"):
        for index in range(4):
            picture(tmp_path / label / f"bild {index} é’ä.jpg")
    (tmp_path / "кошка" / "разбит.jpg").write_text("no image")
    data = load_dataset(str(tmp_path), resolution=8)
    assert data.class_names == ("кошка", "犬 😀")
    assert data.skipped == ("кошка/разбит.jpg",)
    assert sum(sizes(data)) == 8


def test_a_file_name_that_is_no_text_is_read(tmp_path: Path) -> None:
    make(tmp_path, cat=3, dog=3)
    good = picture(tmp_path / "cat" / "x.png")
    good.rename(os.fsdecode(os.fsencode(tmp_path / "cat") + b"/\xff\xfe.png"))
    for _ in range(2):  # decoded, then from the cache
        data = load_dataset(str(tmp_path), resolution=8)
        assert (sum(sizes(data)), data.skipped) == (7, ())


def test_a_link_to_nothing_is_an_unreadable_image(tmp_path: Path) -> None:
    make(tmp_path, cat=4, dog=4)
    (tmp_path / "cat" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    for _ in range(2):
        assert load_dataset(str(tmp_path), resolution=8).skipped == ("cat/gone.jpg",)


def test_thousands_of_classes_are_read_and_each_is_in_every_split(tmp_path: Path) -> None:
    one = picture(tmp_path / "one.png", size=(4, 4))
    root = tmp_path / "many"
    for label in range(2000):
        folder = root / f"class {label:04d}"
        folder.mkdir(parents=True)
        for index in range(3):
            os.link(one, folder / f"{index}.png")
    data = load_dataset(str(root), resolution=8)
    assert class_names(str(root)) == data.class_names
    for part in (data.train, data.validation, data.test):
        assert part.labels.tolist() == list(range(2000))
