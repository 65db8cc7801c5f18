"""Who follows long work."""

import pytest

from hwnas.cli.output import Output
from hwnas.core.listener import SILENT, Listener


@pytest.mark.parametrize("listener", [SILENT, Output(as_json=True)])
def test_the_terminal_and_the_silent_one_are_told_alike(
    listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    listener.say("a")
    listener.warn("b")
    with listener.progress("c", "steps") as update:
        update(1, 2)
        update(2, 2, "note")
    with listener.several("d", "e") as updates:
        for one in updates:
            one(1, 1)
    assert len(updates) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert ("warning: b" in err) == (listener is not SILENT)
    assert (err == "") == (listener is SILENT)
