"""What is printed arrives whole: piped, on narrow terminals, in other encodings, from strangers."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.cli.column_widths import column_widths
from hwnas.cli.output import Output
from hwnas.cli.progress_lines import EVERY, ProgressLines
from hwnas.core.durations import duration
from tests.hwnas.cli.conftest import Terminal

COLUMNS = ["block", "latency (ms)", "samples", "searchers that found it", "median", "p90"]
ROW = ["ir k5 s2 16→24 e48 hswish @12", "0.1234", "96", "surrogate+layernas+nsga2", "0.1", "0.2"]
WIDE = [["a" * 60, *ROW[1:]]]


def test_a_piped_table_is_never_cut_or_broken(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=False).table("t", COLUMNS, WIDE)
    lines = capsys.readouterr().out.splitlines()
    assert sum(all(cell in line for cell in WIDE[0]) for line in lines) == 1


def on_terminal(script: str, columns: str) -> str:
    """What a script of Python prints on a terminal of so many columns."""
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": columns, "TERM": "xterm"}
    command = [sys.executable, "-c", f"from hwnas.cli.output import Output; {script}"]
    root = Path(__file__).parents[3]
    process = subprocess.Popen(command, stdout=side, stderr=side, env=environment, cwd=root)
    os.close(side)
    found = b""
    while True:
        try:
            part = os.read(main, 65_536)
        except OSError:  # the other side has ended
            break
        if not part:
            break
        found += part
    os.close(main)
    assert process.wait() == 0
    return found.decode()


def test_on_a_narrow_terminal_columns_stack_and_none_is_lost() -> None:
    shown = on_terminal(f"Output(False).table('t', {COLUMNS}, {[ROW]})", "50")
    assert all(cell in shown for cell in (*COLUMNS, *ROW[1:]))
    assert ROW[0] in shown


@given(
    st.lists(st.lists(st.text("ab ", max_size=30), min_size=4, max_size=4), min_size=1, max_size=4),
    st.integers(1, 120),
)
def test_columns_fit_the_terminal_and_words_stay_whole(rows: list[list[str]], width: int) -> None:
    widths = column_widths(["name", "a b", "ms", ""], rows, width)
    if widths is None:
        words = [max((len(w) for row in rows for w in row[i].split()), default=0) for i in range(4)]
        assert sum(words) + 1 + 12 + 4 + 1 + 2 + 1 > width
        return
    assert 1 + sum(one + 3 for one in widths) <= width
    for index, one in enumerate(widths):
        assert all(len(word) <= one for row in rows for word in row[index].split())


def test_of_two_columns_the_second_is_folded() -> None:
    assert column_widths(["", "value"], [["path", "x" * 200]], 80) == [4, 69]


def test_a_terminal_that_says_it_has_no_columns_shows_the_table() -> None:
    assert "0.1234" in on_terminal(f"Output(False).table('t', {COLUMNS}, {[ROW]})", "0")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_a_result_is_printed_in_every_encoding(encoding: str) -> None:
    script = (
        "from hwnas.cli.streams import prepare_streams; prepare_streams()\n"
        "from hwnas.cli.output import Output\n"
        "o = Output(False); o.table('μ – t', ['≤'], [['16→24 猫 caf\\udce9']]); o.line('± 3 µs')\n"
        "Output(True).document({'name': '猫\\udce9\\u202e'})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    text = answer.stdout.decode(encoding)
    assert ("16→24" if encoding == "utf-8" else "16->24") in text
    assert json.loads(text[text.index("{") :]) == {"name": "猫\udce9\u202e"}


def test_a_closed_stdout_is_no_traceback() -> None:
    command = f"{sys.executable} -m hwnas devices list --json >&-"
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_what_a_stranger_wrote_cannot_move_the_cursor(
    folder: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Output(as_json=False)
    output.say("a\x1b[2Jb")
    output.table("\u202ename", ["c\x07"], [["\x1b]0;x\x07"]])
    with output.progress("d\x1b[2J"):
        pass
    answer = capsys.readouterr()
    assert not set("\x1b\x07\u202e") & {*answer.out, *answer.err}
    (folder / "odd.yaml").write_text('name: "\\e[2J"\n', encoding="utf-8")
    refused = terminal("devices", "show", "./odd.yaml", "--json")
    assert "\\x1b" in refused.document["error"]
    assert "\x1b" not in refused.stdout + refused.stderr


def test_a_warning_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.warn("poor")
    output.warn("poor")
    assert capsys.readouterr().err == "warning: poor\n"


def test_json_has_no_number_that_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).document({"a": [float("nan"), float("inf"), 1.5]})
    assert json.loads(capsys.readouterr().out) == {"a": [None, None, 1.5]}


def test_a_log_gets_a_line_now_and_then_with_the_time_left() -> None:
    now = [0.0]
    printed: list[str] = []
    task = ProgressLines("training", "steps", printed.append, lambda: now[0])
    for step in range(0, 101, 5):
        now[0] = step * 3.0
        task.update(step, 1_000, "loss 2.1")
    task.end()
    assert printed[0] == "training …"
    assert printed[1] == "training: 10 of 1,000 steps, loss 2.1, about 50 min left"
    assert printed[-1] == "training: 100 of 1,000 steps, loss 2.1, took 5 min"
    assert len(printed) == 2 + 300 // EVERY


def test_a_log_says_in_its_line_what_a_terminal_shows_below_the_bar() -> None:
    now = [0.0]
    printed: list[str] = []
    task = ProgressLines("judging", "networks", printed.append, lambda: now[0])
    for done in range(3):
        now[0] = done * EVERY
        task.update(done, 9, "random", ["240 an hour", "worker 1: waits"])
    task.end()
    assert printed[1] == "judging: 1 of 9 networks, random; 240 an hour; worker 1: waits"


def test_a_terminal_shows_below_the_bar_what_the_work_is_at() -> None:
    script = (
        "with Output(False).progress('judging', 'networks') as update:\n"
        "    update(3, 9, 'random', ['240 an hour', 'worker 1: \\x1b[2J'])"
    )
    shown = on_terminal(f"exec({script!r})", "70")
    assert "3/9" in shown
    assert "  240 an hour" in shown
    assert "  worker 1: \\x1b[2J" in shown
    assert "\x1b[2J" not in shown


def test_time_left_counts_what_this_command_does_only() -> None:
    now = [0.0]
    printed: list[str] = []
    task = ProgressLines("judging", "networks", printed.append, lambda: now[0])
    task.update(900, 1_000)
    now[0] = 50.0
    task.update(950, 1_000)
    assert "about 50 s left" in printed[-1]
    assert [duration(s) for s in (12, 600, 7_200)] == ["12 s", "10 min", "2.0 h"]


def test_work_that_goes_on_says_at_once_how_far_it_was() -> None:
    printed: list[str] = []
    task = ProgressLines("training", "steps", printed.append)
    task.update(401, 1_000)
    assert printed == ["training …", "training: 401 of 1,000 steps"]


def test_work_that_was_done_before_is_not_called_begun() -> None:
    printed: list[str] = []
    ProgressLines("training", "steps", printed.append).end()
    assert printed == []
    ProgressLines("building the engine", "", printed.append).end()
    assert printed == ["building the engine …"]
