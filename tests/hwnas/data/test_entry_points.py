"""Datasets of installed packages: a real wheel, installed by pip into a folder of its own."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hwnas.core.errors import DataError
from hwnas.data import class_names, load_dataset
from hwnas.data.loading import is_name, one_spelling
from hwnas.runs.config import DataConfig
from tests.hwnas.cli.conftest import Terminal
from tests.hwnas.data.folders import make, sizes

MODULE = """
import numpy as np
from hwnas.core.errors import DataError
from hwnas.data import ImageDataset, Split

NAMES = ("daisy", "rose", "tulip")

def split(resolution, count=12, **changes):
    images = np.random.default_rng(count).integers(0, 256, (count, 3, resolution, resolution))
    parts = {"images": images.astype(np.uint8), "labels": np.arange(count) % 3} | changes
    return Split(**parts)

def good(resolution, limit, strict):
    good.calls.append((resolution, limit, strict))
    train = split(resolution, 12 if limit is None else limit - 24)
    return ImageDataset("flowers", NAMES, train, split(resolution), split(resolution))

good.calls = []

def quick(resolution, limit, strict):
    return good(resolution, limit, strict)

quick.class_names = NAMES

def with_test(test, names=NAMES):
    def load(resolution, limit, strict):
        whole = split(resolution)
        return ImageDataset("flowers", names, whole, whole, test(resolution))
    return load

nothing = lambda resolution, limit, strict: None
no_split = with_test(lambda r: None)
lists = with_test(lambda r: split(r, labels=[0] * 12))
floats = with_test(lambda r: split(r, images=np.zeros((12, 3, r, r), np.float32)))
small_labels = with_test(lambda r: split(r, labels=np.zeros(12, np.int32)))
large = with_test(lambda r: split(r + 1))
last = with_test(lambda r: split(r, images=np.zeros((12, r, r, 3), np.uint8)))
fewer = with_test(lambda r: split(r, labels=np.zeros(11, np.int64)))
empty = with_test(lambda r: split(r, 0))
beyond = with_test(lambda r: split(r, labels=np.full(12, 3)))
below = with_test(lambda r: split(r, labels=np.full(12, -1)))
one_class = with_test(lambda r: split(r, labels=np.zeros(12, np.int64)), ("daisy",))
twice = with_test(split, ("daisy", "rose", "rose"))
listed = with_test(split, ["daisy", "rose", "tulip"])
other = with_test(split)
other.class_names = ("daisy", "rose")
greedy = with_test(split)
no_function = 7

def breaks(resolution, limit, strict):
    raise ValueError("no\\nflowers")

def refuses(resolution, limit, strict):
    raise DataError("the disk with the flowers is not mounted; mount it")

def takes_nothing():
    return None
"""
WRONG = {
    "nothing": "returns NoneType instead of an ImageDataset",
    "no_split": "has a split 'test' that is NoneType instead of a Split",
    "lists": "has a split 'test' whose images and labels are not both numpy arrays",
    "floats": "with images of float32 and labels of int64 instead of uint8 and int64",
    "small_labels": "with images of uint8 and labels of int32 instead of uint8 and int64",
    "large": "with images (12, 3, 17, 17) and labels (12,) instead of (N, 3, 16, 16) and (N,)",
    "last": "with images (12, 16, 16, 3) and labels (12,) instead of (N, 3, 16, 16) and (N,)",
    "fewer": "with images (12, 3, 16, 16) and labels (11,) instead of",
    "empty": "has a split 'test' without any image",
    "beyond": "with labels from 3 to 3, of which 3 classes have 0 to 2",
    "below": "with labels from -1 to -1",
    "one_class": "has class_names that are not two different ones or more: ['daisy']",
    "twice": "not two different ones or more: ['daisy', 'rose', 'rose']",
    "listed": "has class_names that are not a tuple of texts",
    "other": "has 3 classes (daisy, rose, tulip, …), while its function declares 2 (daisy, rose, …",
    "greedy": "has 36 images where at most 30 were asked for (limit)",
    "breaks": "failed: ValueError: no; correct that package",
    "takes_nothing": "failed: TypeError: takes_nothing() got an unexpected keyword argument",
    "no_function": "is not a function; correct that package",
    "absent": "cannot be imported: AttributeError: module 'flowers_data' has no attribute 'absent'",
}


def install(folder: Path, name: str, module: str, points: dict[str, str]) -> None:
    """Makes a wheel and lets pip install it into a folder."""
    lines = "".join(f"{key} = {value}\n" for key, value in points.items())
    info = f"{name}-1.2.dist-info"
    files = {
        f"{name}.py": module,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[hwnas.datasets]\n{lines}",
        f"{info}/RECORD": "",
    }
    wheel = folder / f"{name}-1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    options = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", "--target"]
    command = [sys.executable, "-m", "pip", "install", *options, str(folder / name), str(wheel)]
    subprocess.run(command, check=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package `flowers_data`."""
    folder = tmp_path_factory.mktemp("packages")
    points = {name: f"flowers_data:{name}" for name in ("good", "quick", "refuses", *WRONG)}
    points |= {"digits": "flowers_data:nothing"}
    install(folder, "flowers_data", MODULE, points)
    return folder / "flowers_data"


@pytest.fixture(autouse=True)
def on_path(installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.chdir(tmp_path)


def test_an_installed_dataset_is_loaded_by_its_name() -> None:
    data = load_dataset("good", resolution=16)
    assert (data.resolution, data.class_names) == (16, ("daisy", "rose", "tulip"))
    assert sizes(data) == [12, 12, 12]
    assert sizes(load_dataset("good", resolution=16, limit=30, strict=True)) == [6, 12, 12]
    calls = sys.modules["flowers_data"].good.calls
    assert calls[-2:] == [(16, None, False), (16, 30, True)]


def test_declared_class_names_are_known_without_images() -> None:
    import flowers_data

    before = len(flowers_data.good.calls)
    assert class_names("quick") == ("daisy", "rose", "tulip")
    assert len(flowers_data.good.calls) == before
    assert class_names("good") == class_names("good") == ("daisy", "rose", "tulip")
    assert len(flowers_data.good.calls) == before + 1  # once a process


@pytest.mark.parametrize(("name", "sentence"), WRONG.items())
def test_what_is_wrong_is_one_sentence_that_names_the_package(name: str, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(name, resolution=16, limit=30 if name == "greedy" else None)
    text = str(caught.value)
    assert text.startswith(f"the dataset '{name}' (flowers_data:{name} of flowers_data 1.2) ")
    assert sentence in text
    assert "; correct that package" in text
    assert "\n" not in text


def test_an_error_of_the_dataset_for_its_user_is_passed_on() -> None:
    with pytest.raises(DataError, match=r"^the disk with the flowers is not mounted; mount it$"):
        load_dataset("refuses", resolution=16)


def test_a_name_of_two_packages_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "more_flowers", "", {"good": "more_flowers:load"})
    monkeypatch.syspath_prepend(str(tmp_path / "more_flowers"))
    with pytest.raises(DataError, match=r"^flowers_data 1.2 and more_flowers 1.2 both bring"):
        load_dataset("good", resolution=16)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    for ask in (class_names, lambda name: load_dataset(name, resolution=16)):
        with pytest.raises(DataError) as caught:
            ask("flowres")
        text = str(caught.value)
        assert text.startswith("there is no folder flowres and no dataset of that name (datasets:")
        assert ", good, " in text
        assert text.count("digits") == 1


def test_a_word_is_a_dataset_and_a_path_is_a_folder(tmp_path: Path) -> None:
    make(tmp_path / "good", cat=4, dog=4)
    make(tmp_path / "pets", cat=5, dog=5)
    named = load_dataset("good", resolution=16)
    assert named.class_names[0] == "daisy"
    assert named.notes == ("'good' is the dataset of that name; ./good would be the folder",)
    for path in ("./good", "good/", str(tmp_path / "good"), "pets", "./pets"):
        assert not is_name(path)
        assert load_dataset(path, resolution=16).class_names == ("cat", "dog")


def test_each_folder_has_one_spelling_and_none_is_that_of_a_dataset() -> None:
    for spelling in ("pets", "./pets", "pets/", "./pets/."):
        assert DataConfig(source=spelling).source == "pets"
    for spelling in ("./good", "good/", "./good//"):
        assert one_spelling(spelling) == "./good"
    assert [one_spelling(name) for name in ("good", "digits", "./digits", "a/./b/")] == [
        "good",
        "digits",
        "./digits",
        "a/b",
    ]


def test_digits_stay_the_built_in_ones() -> None:
    assert len(load_dataset("digits", resolution=8).train) > 1000


@pytest.mark.usefixtures("folder")
def test_a_verb_takes_an_installed_dataset(terminal: Terminal) -> None:
    answer = terminal(
        "train",
        "tiny.yaml",
        "--data",
        "quick",
        "--json",
        "--set",
        "data.limit=null",
        "--set",
        "train.batch_size=4",
        "--set",
        "train.epochs=1",
    )
    assert answer.code == 0, answer.stderr
    assert "flowers: 3 classes; 12 images to train" in answer.stderr
    assert "classes with fewer than 20 images: 3 of 3" in answer.stderr
    assert answer.document["balance"]["largest"] == "daisy"
    wrong = terminal("train", "tiny.yaml", "--data", "breaks", "--run", "runs/other")
    assert wrong.code == 2
    assert "failed: ValueError: no; correct that package" in wrong.stderr
    assert not Path("runs/other").exists()
