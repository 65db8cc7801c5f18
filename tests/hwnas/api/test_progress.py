"""Progress bars in Python: where they are shown."""

import os
import pty
import subprocess
import sys
from types import ModuleType

import pytest

from hwnas.api import progress
from hwnas.api.progress import PythonListener, show_progress

SCRIPT = """
from hwnas.api.progress import PythonListener, show_progress
{before}
with PythonListener().progress("measuring", "visits") as update:
    update(1, 2)
"""


def on_terminal(before: str = "") -> str:
    main, side = pty.openpty()
    command = [sys.executable, "-c", SCRIPT.format(before=before)]
    done = subprocess.run(
        command, stdout=side, stderr=side, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    )
    os.close(side)
    assert done.returncode == 0
    try:
        return os.read(main, 65_536).decode()
    except OSError:  # nothing was written
        return ""
    finally:
        os.close(main)


def test_a_terminal_has_a_bar_unless_silence_is_asked_for() -> None:
    assert "measuring" in on_terminal()
    assert on_terminal("show_progress(False)") == ""


def test_a_pipe_has_none_unless_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with PythonListener().progress("measuring") as update:
        update(1, 2)
    assert capsys.readouterr().out == ""
    show_progress(True)
    try:
        with PythonListener().progress("measuring", "visits") as update:
            update(2, 2)
    finally:
        show_progress(None)
    assert "measuring" in capsys.readouterr().out


@pytest.mark.parametrize("installed", [True, False])
def test_a_notebook_has_one_where_ipywidgets_can_draw_it(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = type("ZMQInteractiveShell", (), {})()
    notebook = ModuleType("IPython")
    notebook.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setattr(progress, "find_spec", lambda _: object() if installed else None)
    assert progress.is_shown() == installed
