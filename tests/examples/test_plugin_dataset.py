"""The example of a dataset of one's own: known by its name, trained on, held to its contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hwnas.core.errors import DataError
from hwnas.data import class_names, load_dataset
from hwnas.data.entry_points import DATASETS
from hwnas.testing.datasets import DatasetContract
from tests.examples.plugins import install
from tests.hwnas.cli.conftest import Terminal
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install("dataset", tmp_path / "site", monkeypatch)


@pytest.mark.usefixtures("package", "folder")
def test_a_command_names_it_and_a_supernet_is_trained_on_it(terminal: Terminal) -> None:
    assert DATASETS.origin("stripes") == "hwnas_stripes:load of hwnas-stripes 0.1.0"
    settings = ("--set", "data.limit=60", "--set", "train.epochs=1")
    answer = terminal("train", "tiny.yaml", "--data", "stripes", "--json", *settings)
    assert answer.code == 0, answer.stderr
    assert "stripes: 3 classes; 40 images to train" in answer.stderr


@pytest.mark.usefixtures("package")
def test_an_object_is_taken_in_place_of_a_name() -> None:
    from hwnas_stripes import load

    assert class_names(load) == ("across", "down", "diagonal")
    found = load_dataset(load, resolution=8, limit=30)
    assert found.fingerprint == load_dataset("stripes", resolution=8, limit=30).fingerprint


class TestContract(DatasetContract):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def named(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as monkeypatch:
            install("dataset", tmp_path_factory.mktemp("installed") / "site", monkeypatch)
            cls.dataset = staticmethod(DATASETS.load("stripes"))
            yield


def test_what_is_wrong_with_a_dataset_of_one_s_own_is_one_sentence() -> None:
    def flowers(*, resolution: int, limit: int | None, strict: bool) -> None:
        del resolution, limit, strict

    with pytest.raises(DataError, match=r"^the dataset flowers returns NoneType .*; correct it$"):
        load_dataset(flowers, resolution=8)
