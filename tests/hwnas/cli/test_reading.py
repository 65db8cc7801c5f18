"""Tables and runs of another user: everything that reads, works; what writes, says what to do."""

import shutil
from pathlib import Path

import pytest

from tests.hwnas.cli.conftest import Terminal
from tests.other_user import another_users, public_folder

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: params}
device: npu.yaml
table: table.sqlite
search: {budgets: {latency: 1 s}, evaluations: 8, searchers: [random]}
"""
READING = (
    "table show table.sqlite",
    "table diff table.sqlite table.sqlite",
    "table export table.sqlite OWN/table.json",
    "report runs/known --out OWN/page",
    "report runs/known runs/other --out OWN/both.svg",
    "search known.yaml --run OWN/run",
)


def test_all_that_reads_works_with_tables_and_runs_of_others(
    npu: Path, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (npu / "known.yaml").write_text(CONFIG)
    shutil.copy(npu / "table.sqlite", npu / "other.sqlite")
    for run in ("known", "other"):
        assert terminal("search", "known.yaml", "--run", f"runs/{run}").code == 0

    def typed(own: Path) -> list[str]:
        answers = [terminal(*words.replace("OWN", str(own)).split()) for words in READING]
        assert [answer.stderr for answer in answers if answer.code] == []
        return [answer.stdout.replace(str(own), "OWN") for answer in answers]

    expected = typed(tmp_path / "mine")
    with public_folder() as own:
        own.chmod(0o777)
        with another_users(npu) as theirs:
            monkeypatch.chdir(theirs)
            assert typed(own) == expected
            refused = terminal("report", "runs/known")
            assert (refused.code, refused.stderr.count("\n")) == (2, 1)
            assert "name a folder for the page: hwnas report runs/known --out" in refused.stderr
            refused = terminal("search", "known.yaml")
            assert (refused.code, refused.stderr.count("\n")) == (2, 1)
            assert "copy it to a folder of yours ('cp -r runs/known COPY') and" in refused.stderr


def test_the_page_of_a_run_replaces_no_other_page(npu: Path, terminal: Terminal) -> None:
    (npu / "known.yaml").write_text(CONFIG)
    assert terminal("search", "known.yaml").code == 0
    for _ in range(2):  # its own it does
        assert terminal("report", "runs/known", "--out", "page").code == 0
    (npu / "page/report.html").write_text("<title>mine</title>")
    refused = terminal("report", "runs/known", "--out", "page")
    assert (refused.code, "page/report.html exists and is not a report" in refused.stderr) == (
        2,
        True,
    )
    assert (npu / "page/report.html").read_text() == "<title>mine</title>"
    assert not (npu / "runs/known/report.html").exists()


def test_what_a_killed_process_left_in_a_run_goes_when_it_is_next_used(
    npu: Path, terminal: Terminal
) -> None:
    (npu / "known.yaml").write_text(CONFIG)
    run = npu / "runs/known"
    assert terminal("search", "known.yaml").code == 0
    (run / "export/winner").mkdir(parents=True)
    left = [run / ".report.html.tmp", run / "export/winner/.model.onnx.tmp"]
    kept = [run / ".hidden", run / "notes.tmp"]
    for path in (*left, *kept):
        path.write_text("half")
    assert terminal("report", "runs/known").code == 0
    assert [path.exists() for path in (*left, *kept)] == [False, False, True, True]
