"""`hwnas profile --no-blocks`: from whole networks alone to a search, on the real ONNX Runtime."""

from pathlib import Path

import pytest

from hwnas.latency import revalidate
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from tests.hwnas.cli.conftest import Terminal, assert_refused

FEW = ("--set", "profile.fit_networks=8", "--set", "profile.check_networks=3")


def test_a_table_of_whole_networks_says_so_and_is_searched(
    folder: Path, terminal: Terminal, little: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revalidate, "Schedule", lambda: little)
    answer = terminal("profile", "tiny.yaml", "--no-blocks", *FEW)
    assert answer.code == 0, answer.stderr
    assert "estimated from 9 whole networks alone" in answer.stdout  # the reference among them
    assert "(from whole networks and shapes) on 3 unseen networks" in answer.stdout
    with LatencyTable.existing(folder / "table.sqlite") as table:
        assert (len(table.blocks()), len(table.networks())) == (0, 12)
    shown = terminal("table", "show", "table.sqlite", "--blocks")
    assert "no block was timed by itself" in shown.stdout
    assert "0 blocks and 12 networks measured" in shown.stdout
    validated = terminal("table", "validate", "table.sqlite", "--json")
    assert validated.code in (0, 1, 2), validated.stderr
    assert set(validated.document["agreement"]) == {"predicted", "networks"}
    words = ("--set", "accuracy.estimator=macs", "--budget", "latency=1 s", "--run", "runs/found")
    found = terminal("search", "tiny.yaml", *words, "--json")
    assert found.code == 0, found.stderr
    assert found.document["front"]
    assert terminal("report", "runs/found").code == 0
    page = (folder / "runs/found/report.html").read_text()
    assert "What each block adds is estimated from 9 whole networks." in page


@pytest.mark.usefixtures("folder")
def test_options_that_contradict_it_are_refused(folder: Path, terminal: Terminal) -> None:
    few = "profile tiny.yaml --no-blocks --set profile.fit_networks=5"
    assert_refused(terminal, folder, few, "from 8 whole networks or more")
    chains = "profile tiny.yaml --no-blocks --set profile.fit_networks=9 --set profile.chains="
    assert_refused(terminal, folder, f"{chains}always", "leave one of them out")
    model = "profile --model some.onnx --no-blocks"
    assert_refused(terminal, folder, model, "--no-blocks")
