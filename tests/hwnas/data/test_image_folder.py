import numpy as np
import pytest
from PIL import Image

from hwnas.core.errors import DataError
from hwnas.data import load_dataset
from hwnas.data.decoding import decode_image
from tests.hwnas.data.folders import damaged, make, picture, sizes


def load(root, **options):
    return load_dataset(str(root), resolution=8, **options)


def test_folders_are_classes_in_the_order_of_their_names(tmp_path):
    data = load(make(tmp_path / "pets", dog=10, ant=20, cat=10))
    assert data.name == "pets"
    assert data.class_names == ("ant", "cat", "dog")
    assert sum(sizes(data)) == 40
    assert data.train.images.shape[1:] == (3, 8, 8)


def test_an_image_keeps_the_label_of_its_folder(tmp_path):
    for label, colour in {"blue": (0, 0, 250), "green": (0, 250, 0), "red": (250, 0, 0)}.items():
        for index in range(5):
            picture(tmp_path / label / f"{index}.png", colour)
    data = load(tmp_path)
    for part in (data.train, data.validation, data.test):
        # Red is channel 0 and label 2, blue the other way round.
        assert (part.images.mean((2, 3)).argmax(1) == 2 - part.labels).all()


def test_every_file_type_is_read_in_any_case(tmp_path):
    make(tmp_path, dog=3)
    for suffix in ("jpg", "JPEG", "Png", "bmp", "webp", "gif", "JPG"):
        picture(tmp_path / "cat" / f"{len(suffix)}{suffix}.{suffix}")
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    (tmp_path / "cat" / ".hidden.jpg").write_text("not an image")
    data = load(tmp_path)
    assert sum((part.labels == 0).sum() for part in (data.train, data.validation, data.test)) == 7
    assert data.skipped == ()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LA", "I;16"])
def test_every_colour_mode_becomes_rgb(tmp_path, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    path = tmp_path / f"image.{suffix}"
    if mode == "I;16":
        Image.fromarray(np.full((24, 24), 200 * 256, np.uint16)).save(path)
    else:
        picture(path, (200, 200, 200), mode=mode)
    image = decode_image(path, 8)
    assert image.shape == (3, 8, 8)
    assert abs(image.astype(int).mean() - 200) < (60 if mode == "1" else 4)


def test_transparent_parts_are_white(tmp_path):
    Image.new("RGBA", (24, 24), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (decode_image(tmp_path / "clear.png", 8) == 255).all()


def test_the_shorter_side_fits_and_the_centre_is_kept(tmp_path):
    pixels = np.zeros((30, 90, 3), np.uint8)
    pixels[:, :30, 0], pixels[:, 30:60, 1], pixels[:, 60:, 2] = 255, 255, 255
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    Image.fromarray(pixels.transpose(1, 0, 2)).save(tmp_path / "tall.png")
    for name in ("wide.png", "tall.png"):
        image = decode_image(tmp_path / name, 10)
        assert (image[1, 1:-1, 1:-1] > 250).all()
        assert (image[0, 1:-1, 1:-1] < 5).all()


def test_a_photo_is_turned_upright(tmp_path):
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :20] = 255  # white on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned: the left is to be the top
    Image.fromarray(pixels).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    image = decode_image(tmp_path / "photo.jpg", 8).astype(int)
    assert image[:, :3].mean() > 240
    assert image[:, 5:].mean() < 15


def test_a_large_jpeg_decoded_small_looks_like_the_whole_one(tmp_path):
    y, x = np.mgrid[0:640, 0:960]
    pixels = np.stack([x / 960, y / 640, (x + y) / 1600], axis=2) * 255
    picture = Image.fromarray(pixels.astype(np.uint8))
    picture.save(tmp_path / "large.jpg", quality=95)
    picture.save(tmp_path / "large.png")
    jpeg, png = (decode_image(tmp_path / f"large.{suffix}", 32) for suffix in ("jpg", "png"))
    assert np.abs(jpeg.astype(int) - png).max() <= 6


def test_unreadable_images_are_left_out_and_named(tmp_path):
    data = load(damaged(tmp_path))
    assert data.skipped == (
        "cat/empty.png",
        "cat/text.jpg",
        "dog/cut.gif",
        "dog/cut.jpg",
        "dog/cut.png",
        "dog/cut.webp",
    )
    assert sum(sizes(data)) == 24


def test_unreadable_images_do_not_change_the_split_of_others(tmp_path):
    whole = load(make(tmp_path / "whole", cat=12, dog=12))
    assert load(damaged(tmp_path / "damaged")).fingerprint == whole.fingerprint


def test_an_unreadable_image_is_refused_when_strict(tmp_path):
    with pytest.raises(
        DataError, match=r"cannot read the image .*empty\.png \(.*\); repair or del"
    ):
        load(damaged(tmp_path), strict=True)


def test_an_image_of_too_many_pixels_is_unreadable(tmp_path, monkeypatch):
    make(tmp_path, cat=5, dog=5)
    picture(tmp_path / "cat" / "bomb.png", size=(300, 300))
    picture(tmp_path / "dog" / "large.png", size=(120, 120))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    assert load(tmp_path).skipped == ("cat/bomb.png", "dog/large.png")


def test_too_few_readable_images_are_an_error(tmp_path):
    make(tmp_path, cat=5, dog=2)
    (tmp_path / "dog" / "broken.jpg").write_text("no image")
    with pytest.raises(DataError, match=r"'dog' .* has 2 readable images and needs 3; .*broken"):
        load(tmp_path)


def test_a_limit_is_filled_with_readable_images(tmp_path):
    data = load(damaged(tmp_path), limit=12)
    assert sum(sizes(data)) >= 10
    assert set(data.test.labels) == set(data.train.labels) == {0, 1}


def refusal(root):
    with pytest.raises(DataError) as caught:
        load(root)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_missing_folder_is_named(tmp_path):
    assert f"there is no folder {tmp_path / 'nowhere'}" in refusal(tmp_path / "nowhere")


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    assert "image.png is a file" in refusal(picture(tmp_path / "image.png"))


def test_an_empty_folder_is_refused(tmp_path):
    assert "holds no folders with images; give each class a folder" in refusal(tmp_path)


def test_images_without_class_folders_are_refused(tmp_path):
    picture(tmp_path / "a.jpg")
    picture(tmp_path / "b.jpg")
    assert "holds 2 images but no folders" in refusal(tmp_path)


def test_one_class_is_refused(tmp_path):
    assert "holds the one class 'cat'; at least 2" in refusal(make(tmp_path, cat=5))


def test_a_class_folder_without_images_is_named(tmp_path):
    make(tmp_path, cat=5, dog=5)
    (tmp_path / "eel").mkdir()
    assert f"the class folder {tmp_path / 'eel'} holds no images" in refusal(tmp_path)


def test_a_class_of_two_images_is_refused(tmp_path):
    assert "the class 'dog' in" in (message := refusal(make(tmp_path, cat=5, dog=2)))
    assert "has 2 images; each class needs at least 3" in message


def test_a_folder_inside_a_class_folder_is_named(tmp_path):
    make(tmp_path, cat=5, dog=5)
    picture(tmp_path / "dog" / "more" / "a.png")
    assert f"the class folder {tmp_path / 'dog'} holds the folder 'more'" in refusal(tmp_path)
