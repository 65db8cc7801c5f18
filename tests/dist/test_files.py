"""What the wheel and the sdist hold."""

import subprocess
from pathlib import Path

import pytest

import hwnas
from tests.dist.distribution import ROOT, Distribution
from tests.dist.pythons import PROMISED


def test_wheel_holds_one_top_level_name(distribution: Distribution) -> None:
    assert {name.partition("/")[0] for name in distribution.wheel_names()} == {"hwnas"}


def test_wheel_holds_every_shipped_config(distribution: Distribution) -> None:
    shipped = {str(path.relative_to(ROOT)) for path in (ROOT / "configs").rglob("*.yaml")}

    names = distribution.wheel_names()

    assert {f"hwnas/{name}" for name in shipped} <= names


@pytest.mark.parametrize("room", ["devices", "latency", "objectives"])
def test_wheel_holds_each_room_once(distribution: Distribution, room: str) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / room).rglob("*.py")}

    found = {name for name in distribution.wheel_names() if f"{room}/" in name}

    assert {name for name in found if name.endswith(".py")} == {f"hwnas/{name}" for name in modules}


def test_wheel_holds_no_file_that_git_does_not_track(distribution: Distribution) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nobody knows which files are tracked")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = {ROOT / name for name in listed.stdout.split("\0")}

    strangers = {
        name for name in distribution.wheel_names() if (ROOT / name).resolve() not in tracked
    }

    assert strangers == set()


def test_wheel_from_sdist_is_the_wheel_byte_for_byte(distribution: Distribution) -> None:
    assert distribution.sdist_wheel.name == distribution.wheel.name
    assert distribution.sdist_wheel.read_bytes() == distribution.wheel.read_bytes()


def test_sdist_holds_the_papers(distribution: Distribution) -> None:
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"} <= distribution.sdist_names()


def test_version_stands_in_one_place(distribution: Distribution) -> None:
    places = [path for path in (ROOT / "pyproject.toml", *_sources()) if _says_version(path)]

    assert places == [ROOT / "hwnas" / "core" / "version.py"]
    assert distribution.metadata()["Version"] == hwnas.__version__


def test_classifiers_name_the_pythons_that_are_tried(distribution: Distribution) -> None:
    printed = distribution.metadata().get_all("Classifier", [])

    begin = "Programming Language :: Python :: 3."
    assert [line.rpartition(" ")[2] for line in printed if line.startswith(begin)] == list(PROMISED)


def _sources() -> list[Path]:
    return sorted((ROOT / "hwnas").rglob("*.py"))


def _says_version(path: Path) -> bool:
    return f'"{hwnas.__version__}"' in path.read_text()
