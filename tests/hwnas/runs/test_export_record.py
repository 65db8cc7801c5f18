"""What a run has exported of its present front: who is done, and who makes way for whom."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hwnas.core.listener import SILENT
from hwnas.export.layout import STALE
from hwnas.networks.blocks import block_to_dict
from hwnas.networks.ids import network_id
from hwnas.runs.export_config import ExportConfig
from hwnas.runs.export_record import ExportRecord, exported_id
from hwnas.runs.folder import RunFolder
from hwnas.runs.picks import Pick
from hwnas.runs.summary_form import Picked, Summary, read_export, read_summary
from tests.hwnas.report.results import FIGURES, summary_of
from tests.hwnas.search.problems import macro

NETWORKS = [macro().network(np.full(8, choice)) for choice in (0, 1, 2)]
ONE, TWO, THREE = map(network_id, NETWORKS)


def pick_of(name: str) -> Pick:
    return Pick(name, (0,), (0,), (), 1.0, ("id",))


def row_of(name: str, folder: str, **changed: Any) -> Picked:
    content: dict[str, Any] = {
        "id": name,
        "asked": ("knee",),
        "architecture": (0,),
        "folder": folder,
        "score": 1.0,
        "onnx_max_abs_diff": 1e-6,
        "figures": FIGURES | {"id": name},
    }
    return Picked(**content | changed)


def record_of(
    folder: Path, summary: Summary | None, settings: ExportConfig | None = None
) -> ExportRecord:
    """That of a run whose winner is ONE and whose exported pick is TWO, both whole."""
    if summary is not None:
        (folder / "summary.json").write_text(summary.to_json())
    result: Any = SimpleNamespace(digest="d")
    return ExportRecord(RunFolder(folder), result, SILENT, settings)


def write(folder: Path, name: str, **config: Any) -> Path:
    place = folder / "export" / name
    place.mkdir(parents=True)
    (place / "config.json").write_text(json.dumps(config))
    (place / "verification.json").write_text("{}")
    return place


def winning(*picks: Picked, **changed: Any) -> Summary:
    return summary_of({"id": ONE}, {}, picks=picks, **changed)


def test_a_pick_is_done_where_its_folder_is_whole(tmp_path: Path) -> None:
    write(tmp_path, "winner", id=ONE)
    kept = write(tmp_path, TWO, id=TWO)
    summary = winning(row_of(TWO, TWO), row_of(THREE, THREE))
    record = record_of(tmp_path, summary)
    assert record.row(pick_of(TWO)) == row_of(TWO, TWO)
    assert record.row(pick_of(THREE)) is None  # its folder is gone
    found = record.row(pick_of(ONE))
    assert found is not None
    assert (found.folder, found.figures) == ("winner", summary.winner)
    (kept / "verification.json").unlink()
    assert record_of(tmp_path, summary).row(pick_of(TWO)) is None


def test_a_doubtful_pick_is_not_done(tmp_path: Path) -> None:
    write(tmp_path, "winner", id=ONE)
    write(tmp_path, TWO, id=TWO)
    record = record_of(tmp_path, winning(row_of(TWO, TWO, doubtful=("it is doubtful",))))
    assert record.row(pick_of(TWO)) is None


def test_what_was_made_by_other_settings_is_not_done(tmp_path: Path) -> None:
    write(tmp_path, "winner", id=ONE)
    write(tmp_path, TWO, id=TWO)
    bytes_in, licensed = ExportConfig(input="uint8"), ExportConfig(license="mit")
    made = row_of(TWO, TWO, figures=FIGURES | {"id": TWO, "settings": bytes_in.digest})
    record = record_of(tmp_path, winning(made))  # whose winner is of an earlier version
    assert (record.has_winner, record.row(pick_of(TWO))) == (True, None)
    record = record_of(tmp_path, winning(made), bytes_in)
    assert (record.has_winner, record.row(pick_of(TWO))) == (False, made)
    assert record.row(pick_of(ONE)) is None
    assert record_of(tmp_path, winning(made), licensed).has_winner  # a licence makes no other file


def test_nothing_is_done_of_another_front_or_by_a_damaged_file(tmp_path: Path) -> None:
    write(tmp_path, "winner", id=ONE)
    assert record_of(tmp_path, winning(front_digest="other")).summary is None
    (tmp_path / "summary.json").write_text("{")
    assert record_of(tmp_path, None).summary is None


def test_the_files_of_another_winner_move_and_are_no_longer_marked(tmp_path: Path) -> None:
    winner = write(tmp_path, "winner", id=ONE)
    (winner / STALE).write_text("of an earlier front")
    write(tmp_path, TWO, id=TWO)
    record = record_of(tmp_path, winning(row_of(ONE, "winner"), row_of(TWO, TWO)))
    record.make_way(THREE)
    assert not winner.exists()
    assert {path.name for path in (tmp_path / "export" / ONE).iterdir()} == {
        "config.json",
        "verification.json",
    }
    left = read_export(tmp_path / "summary.json")
    assert left is not None
    assert left.winner is None
    assert [row.folder for row in left.picks] == [ONE, TWO]


def test_the_same_winner_stays_where_it_is_and_its_row_has_the_new_figures(tmp_path: Path) -> None:
    winner = write(tmp_path, "winner", id=ONE)
    record = record_of(tmp_path, winning(row_of(ONE, "winner")))
    record.make_way(ONE)
    assert winner.is_dir()
    assert not (tmp_path / "summary.json").exists()
    record.put_winner(summary_of({"id": ONE, "accuracy": 80.0}))
    found = read_summary(tmp_path / "summary.json")
    assert found is not None
    assert [row.figures.accuracy for row in found.picks] == [80.0]


def test_a_winner_that_is_kept_already_is_not_kept_twice(tmp_path: Path) -> None:
    winner, kept = write(tmp_path, "winner", id=ONE), write(tmp_path, ONE, id=ONE, first=True)
    record_of(tmp_path, winning()).make_way(TWO)
    assert winner.is_dir()  # its files are replaced
    assert "first" in (kept / "config.json").read_text()


def test_the_remains_of_a_killed_export_make_way(tmp_path: Path) -> None:
    write(tmp_path, "winner", id=ONE)
    (write(tmp_path, ONE, id=ONE) / "verification.json").unlink()
    record_of(tmp_path, winning()).make_way(TWO)
    assert exported_id(tmp_path / "export" / ONE) == ONE


def test_the_winner_of_an_earlier_version_is_known_by_its_blocks(tmp_path: Path) -> None:
    place = write(tmp_path, "winner", blocks=list(map(block_to_dict, NETWORKS[0])))
    assert exported_id(place) == ONE


@pytest.mark.parametrize("name", ["../../x", "winner", "", 7, None, "B234567"])
def test_an_id_that_cannot_be_names_no_folder(tmp_path: Path, name: Any) -> None:
    assert exported_id(write(tmp_path, "winner", id=name)) is None


def test_a_summary_of_an_earlier_version_is_read_and_its_winner_known(tmp_path: Path) -> None:
    content = json.loads(winning().to_json())
    del content["picks"], content["winner"]["id"], content["reference"]["id"]
    (tmp_path / "summary.json").write_text(json.dumps(content))
    found = read_summary(tmp_path / "summary.json")
    assert found is not None
    assert (found.picks, found.winner.id) == ((), "")
    write(tmp_path, "winner", blocks=list(map(block_to_dict, NETWORKS[0])))
    row = record_of(tmp_path, None).row(pick_of(ONE))
    assert row is not None
    assert (row.folder, row.figures.id) == ("winner", ONE)
