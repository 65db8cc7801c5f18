"""Registries: our parts, and those that installed packages bring."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hwnas.core.errors import AccuracyError, ConfigError
from hwnas.core.registry import Registry


def install(
    site: Path, package: str, points: str, module: str = "", group: str = "hwnas.colours"
) -> None:
    """Puts a package with entry points into a folder, as pip would."""
    info = site / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{points}\n")
    (site / f"{package}.py").write_text(module)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield tmp_path / "site"
    for module in ("paint", "dye"):
        sys.modules.pop(module, None)


def colours() -> Registry[object]:
    return Registry("colour", "hwnas.colours", {"red": "string:digits", "blue": 7})


def test_our_parts_are_imported_when_they_are_asked_for() -> None:
    registry = Registry[object]("colour", "hwnas.colours", {"red": "colorsys:rgb_to_hls"})
    sys.modules.pop("colorsys", None)
    assert "red" in registry
    assert "colorsys" not in sys.modules
    assert callable(registry.load("red"))
    assert "colorsys" in sys.modules


def test_a_part_may_be_the_object_itself() -> None:
    assert colours().load("blue") == 7


def test_an_installed_package_adds_a_part(site: Path) -> None:
    install(site, "paint", "green = paint:GREEN", "GREEN = 'g'\n")
    registry = colours()
    assert registry.names() == ["red", "blue", "green"]
    assert registry.load("green") == "g"
    assert registry.origin("green") == "paint:GREEN of paint 1.0"
    assert registry.ours == ["red", "blue"]


def test_ours_is_never_replaced_by_an_installed_one(site: Path) -> None:
    install(site, "paint", "blue = paint:BLUE", "BLUE = 'b'\n")
    assert colours().load("blue") == 7
    assert colours().names() == ["red", "blue"]


def test_an_installed_one_of_our_name_is_warned_of_once(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(site, "paint", "blue = paint:BLUE", "BLUE = 'b'\n")
    registry = colours()
    assert [registry.load("blue"), registry.load("blue"), registry.load("red")][:2] == [7, 7]
    assert [record.getMessage() for record in caplog.records] == [
        "warning: hwnas itself has a colour 'blue', and that of paint 1.0 is not used; give it "
        "another name in that package"
    ]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    sentence = "there is no colour 'bleu'; did you mean 'blue'? (known: red, blue)"
    with pytest.raises(ConfigError) as caught:
        colours().check("bleu")
    assert str(caught.value) == sentence


def test_the_error_is_of_the_registry_s_type() -> None:
    registry = Registry[object]("colour", "hwnas.colours", {}, AccuracyError)
    with pytest.raises(AccuracyError):
        registry.load("red")


def test_two_packages_with_one_name_are_refused(site: Path) -> None:
    install(site, "paint", "green = paint:GREEN", "GREEN = 1\n")
    install(site, "dye", "green = dye:GREEN", "GREEN = 2\n")
    with pytest.raises(ConfigError, match=r"dye 1\.0 and paint 1\.0 both bring a colour 'green'"):
        colours().load("green")


def test_a_package_that_cannot_be_imported_is_named(site: Path) -> None:
    install(site, "paint", "green = paint:GREEN", "raise RuntimeError('dried up')\n")
    with pytest.raises(ConfigError) as caught:
        colours().load("green")
    assert str(caught.value) == (
        "the colour 'green' (paint:GREEN of paint 1.0) cannot be imported: RuntimeError: dried up; "
        "correct that package or uninstall it"
    )


def test_an_object_is_known_by_a_name_in_this_process_alone() -> None:
    registry = colours()
    registry.add("pink", 9)
    assert registry.names() == ["red", "blue", "pink"]
    assert (registry.load("pink"), registry.origin("pink")) == (9, "this process")
    assert "pink" not in colours()


def test_an_object_cannot_take_the_name_of_one_of_ours() -> None:
    registry = colours()
    registry.add("blue", 7)
    with pytest.raises(ConfigError, match="hwnas itself has a colour 'blue'; give yours another"):
        registry.add("blue", 8)
    assert registry.load("blue") == 7
