"""`hwnas profile` with several devices, and a search with a budget on each of them."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.latency import profile
from hwnas.latency.schedule import Schedule
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_accuracies_of_a_csv import CONFIG, write_csv
from tests.hwnas.search.problems import every_architecture


@pytest.fixture
def fleet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder; devices `one` and `two` of one's own, and a schedule of a second."""
    monkeypatch.setenv("HWNAS_CONFIG", str(folder / "config"))
    own = folder / "config/devices"
    own.mkdir(parents=True)
    (own / "one.yaml").write_text("name: one\n")
    (own / "two.yaml").write_text("name: two\nthreads: 2\n")
    (own / "gone.yaml").write_text("name: gone\npython: /nowhere/python3\n")
    quick = Schedule(sessions=2, most_sessions=2, rounds=1, least_runs=2, least_ms=0.0)
    monkeypatch.setattr(profile, "Schedule", lambda: quick)
    return folder


FLEET = ("--device", "one", "--device", "two")


@pytest.mark.usefixtures("little")
def test_a_search_has_a_budget_on_every_device_of_a_fleet(fleet: Path, terminal: Terminal) -> None:
    config = CONFIG.replace("npu.yaml", "one").replace("table: table.sqlite\n", "")
    (fleet / "known.yaml").write_text(config + "profile: {fit_networks: 5, check_networks: 5}\n")
    write_csv(fleet / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    search = ("search", "known.yaml", "--budget", "latency=1 s", "--budget")
    answer = terminal(*search, "latency@two=1 s")
    assert answer.code == 2
    assert "no latency table tables/one.sqlite; make one with 'hwnas profile" in answer.stderr
    assert terminal("profile", "known.yaml").code == 0
    answer = terminal(*search, "latency@two=1 s")
    assert answer.code == 2
    command = "hwnas profile --device two"
    assert f"no latency table tables/two.sqlite; make one with '{command}'" in answer.stderr

    answer = terminal("profile", "known.yaml", *FLEET)
    assert answer.code == 0, answer.stderr
    for words in ("tiny at 16 px on 2 devices", "tables/one.sqlite", "tables/two.sqlite"):
        assert words in answer.stdout
    assert "measuring tiny on two: 20 of 20 visits, networks" in answer.stderr
    found = terminal(*search, "latency@two=1 s", "--json")
    assert found.code == 0, found.stderr
    predicted = [point["predicted_ms@two"] for point in found.document["front"]]
    bound = float(np.median(predicted))
    found = terminal(*search, f"latency@two={bound} ms", "--json")
    assert found.code == 0, found.stderr
    assert max(point["predicted_ms@two"] for point in found.document["front"]) <= bound


def test_one_that_fails_does_not_stop_the_others(fleet: Path, terminal: Terminal) -> None:
    words = ("profile", "tiny.yaml", "--device", "gone", "--device", "one")
    answer = terminal(*words)
    assert answer.code == 2
    assert "gone failed, the others continue: gone has no /nowhere/python3" in answer.stderr
    assert answer.stdout.splitlines()[-1].startswith("gone: gone has no /nowhere/python3")
    assert "failed" in answer.stdout
    again = terminal(*words, "--json")
    assert again.code == 2
    gone, one = again.document
    assert (gone["device"], "gone has no /nowhere/python3" in gone["error"]) == ("gone", True)
    assert (one["device"], one["table"]) == ("one", "tables/one.sqlite")
    assert one["distinct_blocks"] == 14
    assert (fleet / "tables/one.sqlite").is_file()


def test_an_emulated_device_is_one_that_fails(fleet: Path, terminal: Terminal) -> None:
    (fleet / "config/devices/emulated.yaml").write_text("name: emulated\nemulated: true\n")
    words = ("--device", "emulated", "--device", "one", "--space", "tiny_space.yaml")
    # Without a config it is the default number of networks.
    answer = terminal("profile", *words, "--json")
    assert answer.code == 2
    emulated, one = answer.document
    assert "emulated is emulated, by an emulator" in emulated["error"]
    assert "blocks" in one


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--device one --device one", "--device one and one both measure into tables/one.sqlite"),
        ("--device one --device phone", "there is no device named 'phone'"),
        ("--device one --device two --table t.sqlite", "--table goes with one --device, and 2"),
        ("--device one --device npu.yaml", "npu.yaml cannot be measured: its timings are imp"),
    ],
)
def test_wrong_fleets_are_one_sentence(
    fleet: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    (fleet / "npu.yaml").write_text("name: npu\ntransport: imported\n")
    assert_refused(terminal, fleet, f"profile tiny.yaml {words}", sentence)


@pytest.mark.usefixtures("little")
def test_the_table_of_a_config_is_that_of_its_device(fleet: Path, terminal: Terminal) -> None:
    assert terminal("profile", "tiny.yaml", "--device", "two").code == 0
    assert (fleet / "tables/two.sqlite").is_file()
    assert not (fleet / "table.sqlite").exists()
