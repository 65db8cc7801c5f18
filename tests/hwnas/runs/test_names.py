"""Names that are not UTF-8, as file systems may hold them."""

import os
import re
import tempfile
from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError, RunError
from hwnas.core.workspace import job_folder
from hwnas.latency.table import LatencyTable
from hwnas.runs.folder import RunFolder
from hwnas.runs.inputs import FORMAT, HeldImages, RunInputs
from hwnas.runs.sources import Sources

NAME = os.fsdecode(b"caf\xe9")


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder of such a name."""
    folder = tmp_path / NAME
    folder.mkdir()
    return folder


def test_a_run_folder_of_such_a_name_is_refused_at_the_start(odd: Path) -> None:
    for path in (odd, odd / "run", odd.parent / f"new-{NAME}"):
        with pytest.raises(RunError, match=r"caf\\udce9.* is not UTF-8; rename the run folder"):
            RunFolder(path).config()


def test_what_lies_above_a_relative_name_does_not_matter(
    odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(odd)
    with pytest.raises(RunError, match="runs/tiny is not a run folder"):
        RunFolder(Path("runs/tiny")).config()


def test_what_is_no_run_folder_names_the_run_that_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs/tiny/export/winner").mkdir(parents=True)
    for name in ("runs/tiny/config.yaml", "runs/tiny/inputs.json", "mine.yaml"):
        Path(name).write_text("")
    for named, meant in (
        ("runs/tiny/export/winner", "it is a part of the run runs/tiny; name that"),
        ("runs/tiny/config.yaml", "it is a part of the run runs/tiny; name that"),
        ("mine.yaml", "it is a config; name the folder of its run, usually runs/mine"),
        ("runs/tinny", "make one with 'hwnas train' and 'hwnas search'"),
    ):
        with pytest.raises(
            RunError, match=re.escape(f"{named} is not a run folder (it has no")
        ) as e:
            RunFolder(Path(named)).config()
        assert str(e.value).endswith(meant)


def test_a_temporary_folder_of_such_a_name_is_refused_at_the_start(
    odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    with pytest.raises(DeviceError, match=r"caf\\udce9 is not UTF-8; set TMPDIR"), job_folder():
        pass


def test_a_table_of_such_a_name_is_written_and_read(odd: Path) -> None:
    path = odd / f"{NAME}.sqlite"
    LatencyTable(path).close()
    with LatencyTable.existing(path) as table:
        assert table.blocks() == {}


def test_images_in_a_folder_of_such_a_name_are_found_again(
    odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(odd.parent)
    # A file of text cannot hold where they were.
    held = HeldImages(found="", classes=("a", "b"))
    inputs = RunInputs(
        format=FORMAT, made_in="", made_in_from_run="..", space=None, devices={}, images=held
    )
    sources = Sources(odd.parent / "run", inputs, (Path(),))
    assert sources.image_source(NAME) == NAME
