"""`hwnas profile --ray`: devices measured by their hosts in a real Ray cluster."""

import os
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

import hwnas
from hwnas.api import profiling
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.runs.profile_config import ProfileConfig
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.ray_cluster import RayCluster

HOST = f"the host {os.uname().nodename}"
# An agent that says that it begins, and the third time does not before it may.
WAITING = """#!/bin/sh
echo $$ >> {folder}/begun
while [ $(wc -l < {folder}/begun) -ge 3 ] && [ ! -e {folder}/go ]; do sleep 0.1; done
exec {python} "$@"
"""


@pytest.fixture
def fleet(folder: Path, few_visits: Schedule, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder; devices of one's own that are this machine, by the names of resources."""
    monkeypatch.setenv("HWNAS_CONFIG", str(folder / "config"))
    monkeypatch.setattr(profiling, "_QUICK", few_visits)
    counts = ProfileConfig(fit_networks=5, check_networks=5)
    monkeypatch.setattr(profiling, "_QUICK_COUNTS", counts)
    own = folder / "config/devices"
    own.mkdir(parents=True)
    for name in ("near", "far", "mine"):
        (own / f"{name}.yaml").write_text(f"name: {name}\n")
    python = folder / "python"
    python.write_text(WAITING.format(folder=folder, python=sys.executable))
    python.chmod(0o755)
    (own / "leaving.yaml").write_text(f"name: leaving\npython: {python}\n")
    return folder


def kept(table: Path) -> tuple[object, set[str], int]:
    """The fingerprint of a table, its graphs, and how many visits it has."""
    with LatencyTable.existing(table) as opened:
        visits = opened.visits()
        graphs = {*opened.blocks(), *opened.networks()}
        return opened.fingerprint, graphs, sum(len(visits.of(one)) for one in graphs)


def test_a_fleet_is_measured_by_its_hosts_and_from_here(
    fleet: Path, terminal: Terminal, ray_cluster: RayCluster
) -> None:
    devices = ("--device", "far", "--device", "mine")
    answer = terminal("profile", "tiny.yaml", *devices, "--ray", ray_cluster.address)
    assert answer.code == 0, answer.stderr
    assert f"{HOST} measures far; this machine measures mine" in answer.stderr
    far, mine = (kept(fleet / f"tables/{name}.sqlite") for name in ("far", "mine"))
    assert far == mine  # it is one machine: a host measures as this one does


def test_one_device_is_measured_by_its_host(
    fleet: Path, terminal: Terminal, ray_cluster: RayCluster
) -> None:
    words = ("--ray", ray_cluster.address, "--device", "far")
    answer = terminal("profile", "tiny.yaml", *words)
    assert answer.code == 0, answer.stderr
    assert f"{HOST} measures far" in answer.stderr
    space = load_space("tiny_space.yaml")
    table = fleet / "tables/far.sqlite"
    before = kept(table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of timings that are off: these are few
        hwnas.profile(space, "far", table=table, quick=True, ray=ray_cluster.address)
    assert kept(table) == before  # it is the table of the same device, and complete


def test_a_host_that_leaves_fails_alone_and_the_same_command_goes_on(
    fleet: Path, terminal: Terminal, ray_cluster: RayCluster
) -> None:
    words = ("profile", "tiny.yaml", "--device", "leaving", "--device", "near")
    words = (*words, "--ray", ray_cluster.address)
    with ray_cluster.node({"device:leaving": 1}) as node:

        def kill() -> None:
            begun = fleet / "begun"
            while not begun.exists() or len(begun.read_text().splitlines()) < 3:
                time.sleep(0.05)
            ray_cluster.kill(node)

        killer = threading.Thread(target=kill)
        killer.start()
        answer = terminal(*words, "--json")
        killer.join()
    (fleet / "go").touch()
    assert answer.code == 2
    leaving, near = answer.document
    assert f"{HOST}, which has leaving, " in leaving["error"]
    assert "what was measured is kept: run the same command again" in leaving["error"]
    assert "leaving failed, the others continue" in answer.stderr
    assert near["distinct_blocks"] == 14
    visits = kept(fleet / "tables/leaving.sqlite")[2]
    assert visits > 0
    with ray_cluster.node({"device:leaving": 1}):
        answer = terminal(*words)
    assert answer.code == 0, answer.stderr
    assert kept(fleet / "tables/leaving.sqlite")[1:] == kept(fleet / "tables/near.sqlite")[1:]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--device near --device phone", "there is no device named 'phone'"),
        ("--device near", "the Ray cluster '127.0.0.1:1' cannot be joined"),
        ("--device near --device far", "the Ray cluster '127.0.0.1:1' cannot be joined"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    fleet: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, fleet, f"profile tiny.yaml {words} --ray 127.0.0.1:1", sentence)


def test_a_file_is_timed_without_a_cluster(fleet: Path, terminal: Terminal) -> None:
    sentence = "and --ray goes with a search space"
    assert_refused(terminal, fleet, "profile --model a.onnx --ray auto", sentence)
