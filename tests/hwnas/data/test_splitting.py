import pytest

from hwnas.core.errors import DataError
from hwnas.data.splitting import split_names


def folder(**sizes):
    return {name: [f"{name}/{i}.jpg" for i in range(size)] for name, size in sizes.items()}


def by_split(names):
    return {name: part for part, files in names._asdict().items() for name in files}


def count(files, label):
    return sum(name.startswith(f"{label}/") for name in files)


def test_every_image_is_in_one_split():
    classes = folder(cat=50, dog=31)
    names = split_names(classes)
    everything = [name for part in names for name in part]
    assert sorted(everything) == sorted(classes["cat"] + classes["dog"])


def test_validation_and_test_are_15_percent_of_each_class():
    names = split_names(folder(cat=100, dog=20))
    assert [count(part, "cat") for part in names] == [70, 15, 15]
    assert [count(part, "dog") for part in names] == [14, 3, 3]


@pytest.mark.parametrize("size", range(3, 12))
def test_every_split_has_an_image_of_every_class(size):
    names = split_names(folder(cat=size, dog=40))
    assert all(count(part, "cat") >= 1 for part in names)


def test_adding_files_hardly_moves_others():
    before = by_split(split_names(folder(cat=200)))
    after = by_split(split_names(folder(cat=210)))
    assert sum(before[name] != after[name] for name in before) <= 10


def test_the_order_of_the_listing_does_not_matter():
    classes = folder(cat=30, dog=30)
    backwards = {name: files[::-1] for name, files in classes.items()}
    assert split_names(classes) == split_names(backwards)


@pytest.mark.parametrize("limit", [6, 7, 30, 99, 110, 500])
def test_a_limit_keeps_images_in_their_splits_and_classes_in_proportion(limit):
    classes = folder(cat=90, dog=20)
    whole, part = by_split(split_names(classes)), by_split(split_names(classes, limit))
    assert min(limit, 110) - 2 <= len(part) <= limit
    assert all(whole[name] == split for name, split in part.items())
    dogs = count(part, "dog")
    assert dogs >= 3
    assert abs(dogs - max(3, len(part) * 20 / 110)) <= 2


def test_a_limit_below_three_images_a_class_is_refused():
    with pytest.raises(DataError, match=r"a limit of 5 images is too low for 2 classes; .* 6"):
        split_names(folder(cat=9, dog=9), 5)
