"""What people's folders really hold beside plain photos, each made as the real thing."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwnas.core.errors import DataError
from hwnas.data import ImageDataset, class_names, decoding, load_dataset
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
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(line * side))
        + chunk(b"IEND", b"")
    )
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
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[turn]
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


def deep(path: Path, brightest: int, **options: object) -> Path:
    """A grey ramp of 16 bits up to a value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.linspace(0, brightest, 24).astype(np.uint16)
    Image.fromarray(np.repeat(ramp[None], 24, axis=0)).save(path, **options)
    return path


def every(data: ImageDataset) -> np.ndarray:
    return np.concatenate([data.train.images, data.validation.images, data.test.images])


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(("brightest", "bits"), [(4095, 12), (1023, 10), (65535, 16)])
def test_deep_images_are_scaled_by_the_bits_that_all_of_them_use(
    tmp_path: Path, suffix: str, brightest: int, bits: int
) -> None:
    for label in ("cat", "dog"):
        for index in range(3):
            deep(tmp_path / label / f"deep{index}.{suffix}", brightest // (1 + index))
    make(tmp_path, cat=4, dog=4)  # ordinary images stay as they are
    for _ in range(2):  # decoded, then from the cache
        data = load_dataset(str(tmp_path), resolution=8)
        grey = every(data)[(every(data).std(axis=1) == 0).all((1, 2))]
        tops = sorted(int(image.max()) for image in grey if image.max() > 20)
        assert len(tops) == 6
        assert tops[-1] > 230
        assert abs(tops[0] - tops[-1] / 3) < 3  # what was a third as bright still is
        assert data.deep_bits == bits
        printed = [note for note in data.notes if "more than 8 bits a channel: 6" in note]
        assert len(printed) == (bits < 16)
        assert all(f"uses {bits} bits" in note for note in printed)


def test_a_brighter_deep_image_is_met_as_if_all_were_decoded_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label in ("cat", "dog"):
        for index in range(4):
            deep(tmp_path / label / f"{index}.png", 4095 // (1 + index))
    load_dataset(str(tmp_path), resolution=8)
    deep(tmp_path / "cat" / "bright.png", 40_000)
    again = load_dataset(str(tmp_path), resolution=8)
    monkeypatch.setenv("HWNAS_CACHE_GB", "0")
    anew = load_dataset(str(tmp_path), resolution=8)
    assert again.fingerprint == anew.fingerprint
    assert again.notes == anew.notes == ()  # 16 bits are in use


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.full((9, 9), 0.5, np.float32), "decimal numbers"),
        (np.full((9, 9), -5, np.int32), "negative pixels"),
    ],
)
def test_pixels_of_an_unknown_range_are_unreadable(
    tmp_path: Path, pixels: np.ndarray, reason: str
) -> None:
    make(tmp_path, cat=3, dog=3)
    Image.fromarray(pixels).save(tmp_path / "cat/odd.tif")
    assert load_dataset(str(tmp_path), resolution=8).skipped == ("cat/odd.tif",)
    with pytest.raises(DataError, match=reason):
        load_dataset(str(tmp_path), resolution=8, strict=True)


def test_colours_of_16_bits_that_are_nearly_black_are_refused_and_not_trained(
    tmp_path: Path,
) -> None:
    make(tmp_path, cat=3, dog=3)
    png16(tmp_path / "cat/camera.png", 2, [4000, 2000, 1000])
    with pytest.raises(DataError, match="16 bits a colour, of which it uses 12 or fewer"):
        load_dataset(str(tmp_path), resolution=8, strict=True)
    assert load_dataset(str(tmp_path), resolution=8).skipped == ("cat/camera.png",)


def bomb(kind: str) -> bytes:
    """A small image between a million pieces of nothing."""
    if kind == "jpeg":
        stream = io.BytesIO()
        Image.new("RGB", (24, 24)).save(stream, "JPEG")
        start = stream.getvalue()
        return start[:2] + b"\xff\xfe\0\x02" * 1_000_000 + start[2:]
    stream = io.BytesIO()
    Image.new("RGB", (24, 24)).save(stream, "PNG")
    whole = stream.getvalue()
    text = struct.pack(">I", 3) + b"tEXta\0b" + struct.pack(">I", zlib.crc32(b"tEXta\0b"))
    place = 33 if kind == "before the pixels" else len(whole) - 12
    return whole[:place] + text * 1_000_000 + whole[place:]


@pytest.mark.parametrize("kind", ["jpeg", "before the pixels", "behind the pixels"])
def test_an_image_of_a_million_pieces_is_unreadable(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(kind))
    with pytest.raises(ValueError, match="made of more than 100,000 pieces"):
        decode_image(path, 8)


@pytest.mark.parametrize("kind", [MemoryError(), RuntimeError("can't start new thread")])
def test_memory_that_runs_out_is_no_fault_of_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Exception
) -> None:
    def fails(*_: object) -> None:
        raise kind

    make(tmp_path, cat=3, dog=3)
    name = "decode_file" if isinstance(kind, MemoryError) else "ThreadPoolExecutor"
    with monkeypatch.context() as context:
        context.setattr(decoding, name, fails)
        with pytest.raises(DataError, match=r"memory ran out while the images of .* were decoded"):
            load_dataset(str(tmp_path), resolution=8)
    assert load_dataset(str(tmp_path), resolution=8).skipped == ()


def test_images_that_memory_refuses_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> None:
        raise MemoryError

    make(tmp_path, cat=3, dog=3)
    monkeypatch.setenv("HWNAS_CACHE_GB", "0")
    monkeypatch.setattr("hwnas.data.rows.np.empty", none_left)
    with pytest.raises(DataError, match=r"neither memory nor the cache has so much; .* resolution"):
        load_dataset(str(tmp_path), resolution=8)
