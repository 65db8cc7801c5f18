"""A device that hwnas cannot reach, from files that are timed by hand to a search."""

import csv
import json
import shlex
from pathlib import Path

import onnx
import onnxruntime
import pytest

from hwnas.latency.network_file import network_of_file
from hwnas.networks.blocks import Network
from hwnas.objectives.costs import block_macs
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, assert_refused, imported

IMPORT = ("table", "import", "to_time/networks.csv", "npu2.sqlite", "--device", "npu2.yaml")
WITH_CONFIG = (*IMPORT, "--config", "tiny.yaml")


def takes(network: Network) -> float:
    """Milliseconds of a network on a made-up device."""
    return 0.2 + sum(0.02 + block_macs(block) / 1e6 for block in network)


@pytest.fixture
def exported(folder: Path, terminal: Terminal) -> Path:
    """The working folder with twelve networks to time in `to_time`."""
    (folder / "npu2.yaml").write_text("name: npu2\ntransport: imported\nbatch: 2\n")
    words = ("tiny.yaml", "to_time", "--device", "npu2.yaml", "--count", "12")
    answer = terminal("table", "export-networks", *words)
    assert answer.code == 0, answer.stderr
    assert "to_time: 12 networks, from the smallest to the largest, in fp32, for a batch of 2" in (
        answer.stdout
    )
    assert "next: hwnas table import to_time/networks.csv tables/npu2.sqlite --device npu2" in (
        answer.stderr
    )
    return folder


def fill_in(folder: Path, rows: int) -> None:
    """Writes times of the first rows into the CSV, as a person does who runs each file."""
    path = folder / "to_time/networks.csv"
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines[:rows]:
        line["ms"] = f"{1000 * takes(network_of_file(folder / 'to_time' / line['file'])):.1f} us"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), delimiter=";")
        file.write("sep=;\n")
        writer.writeheader()
        writer.writerows(lines)


def test_the_files_run_and_are_of_the_architectures_beside_them(exported: Path) -> None:
    space = load_space("tiny_space.yaml", classes=10)
    with (exported / "to_time/networks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["file"] for row in rows} | {"networks.csv"}
    assert names == {path.name for path in (exported / "to_time").iterdir()}
    for row in rows:
        path = exported / "to_time" / row["file"]
        assert (row["kind"], row["ms"]) == ("network", "")
        architecture = list(map(int, row["architecture"].split()))
        assert space.architecture(network_of_file(path)).tolist() == architecture
        onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == [2, 3, 16, 16]


def test_a_device_that_is_timed_by_hand_is_searched_for(exported: Path, terminal: Terminal) -> None:
    fill_in(exported, 11)
    imported_ = terminal(*WITH_CONFIG)
    assert imported_.code == 0, imported_.stderr
    assert "note: 1 rows of networks have no time yet and are left out; 11 networks are timed" in (
        imported_.stderr
    )
    assert "11 networks that take 0.3" in imported_.stdout
    assert "(from whole networks and shapes) on 11 unseen" in imported_.stdout
    assert "0 blocks and 11 networks of 11 visits\n" in imported_.stdout
    assert "next: hwnas search tiny.yaml --device npu2.yaml" in imported_.stderr
    shown = terminal("table", "show", "npu2.sqlite", "--json")
    (model,) = shown.document["models"].values()
    assert (model["basis"], model["validation"]["prediction"]["networks"]) == ("networks", 11)
    assert "measured twice" not in terminal("table", "show", "npu2.sqlite").stdout

    assert terminal("train", "tiny.yaml").code == 0
    words = ("tiny.yaml", "--device", "npu2.yaml", "--table", "npu2.sqlite")
    searched = terminal("search", *words, "--budget", "latency=80 % of reference", "--json")
    assert searched.code == 0, searched.stderr
    space = load_space("tiny_space.yaml", classes=10)
    for point in searched.document["front"]:
        (network,) = space.networks([point["architecture"]])
        assert point["latency_ms"] == pytest.approx(takes(network), rel=0.1)
    written = terminal("export", "runs/tiny", "--json")
    assert written.code == 0, written.stderr
    assert "not measured: the timings of npu2 were imported" in written.stderr
    verification = exported / "runs/tiny/export/winner/verification.json"
    assert json.loads(verification.read_text())["latency"]["measured_ms"] is None
    assert terminal("report", "runs/tiny").code == 0


def test_a_table_of_another_device_tells_more_of_its_blocks(
    exported: Path, terminal: Terminal
) -> None:
    imported(exported, "npu", "here.sqlite")
    fill_in(exported, 12)
    answer = terminal(*WITH_CONFIG, "--prior", "here.sqlite", "--json")
    assert answer.code == 0, answer.stderr
    assert set(answer.document["compared"]) == {
        "here.sqlite",
        "here.sqlite, scaled",
        "shapes",
    }
    assert answer.document["validation"]["prediction"]["mape"] < 5


def test_a_folder_that_may_hold_timings_is_not_written_into(
    exported: Path, terminal: Terminal
) -> None:
    words = "table export-networks tiny.yaml to_time --device npu2.yaml"
    assert_refused(terminal, exported, words, "to_time exists already and may hold timings")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (".", ". cannot be replaced; name a new folder in it, such as to_time"),
        ("../npu2.yaml/to_time", "npu2.yaml is a file, not a folder; make room or choose another"),
        ("/proc/to_time", "no room for a temporary folder in /proc: "),
    ],
)
def test_a_folder_that_cannot_be_made_is_one_sentence(
    folder: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    (folder / "npu2.yaml").write_text("name: npu2\ntransport: imported\n")
    config = (folder / "tiny.yaml").read_text()
    (folder / "tiny.yaml").write_text(config.replace("tiny_space", f"{folder}/tiny_space"))
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder / "empty")
    words = f"table export-networks ../tiny.yaml {name} --device ../npu2.yaml --count 8"
    answer = assert_refused(terminal, folder, words, sentence)
    assert "TMPDIR" not in answer.stderr


def test_the_next_command_has_the_options_of_this_one(folder: Path, terminal: Terminal) -> None:
    (folder / "the npu.yaml").write_text("name: npu2\ntransport: imported\n")
    same = ("--device", "the npu.yaml", "--resolution", "24")
    answer = terminal("table", "export-networks", "tiny.yaml", "to_time", *same, "--count", "12")
    command = answer.stderr.rsplit("next: hwnas ", 1)[1]
    fill_in(folder, 12)
    assert terminal(*shlex.split(command, comments=True)).code == 0
    assert (folder / "tables/npu2.sqlite").exists()


def test_files_of_another_precision_or_batch_are_refused(
    exported: Path, terminal: Terminal
) -> None:
    fill_in(exported, 12)
    (exported / "npu1.yaml").write_text("name: npu1\ntransport: imported\nprecision: int8\n")
    words = " ".join(WITH_CONFIG).replace("npu2.yaml", "npu1.yaml")
    sentence = (
        "line 3, column file: to_time/network_01.onnx is in fp32 for a batch of 2, but the device "
        "npu1 is in int8 for a batch of 1; name the device that the networks were exported for"
    )
    assert_refused(terminal, exported, words, sentence)


def test_a_table_of_timings_taken_once_tells_no_differences(
    exported: Path, terminal: Terminal
) -> None:
    fill_in(exported, 8)
    answer = terminal(*WITH_CONFIG)
    assert "warning: the timed networks have" in answer.stderr
    shown = terminal("table", "show", "npu2.sqlite", "--blocks")
    assert "sessions of one graph differ" not in shown.stdout
    assert "no block was timed by itself" in shown.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (IMPORT, "networks.csv line 3 is of a whole network; name the config that you search with"),
        ((*WITH_CONFIG, "--prior", "none.sqlite"), "there is no latency table none.sqlite"),
        ((*IMPORT, "--prior", "none.sqlite"), "--prior, --data and --resolution go with --config"),
        (
            (*WITH_CONFIG, "--resolution", "24"),
            "column space: it is of 'tiny at 16 px, 10 classes'",
        ),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    exported: Path, terminal: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    fill_in(exported, 12)
    assert_refused(terminal, exported, " ".join(words), sentence)


def test_too_few_filled_rows_make_no_table(exported: Path, terminal: Terminal) -> None:
    sentence = "networks.csv has no timed row of a block or a network (12 rows have no time yet)"
    assert_refused(terminal, exported, " ".join(WITH_CONFIG), sentence)
    fill_in(exported, 5)
    answer = terminal(*WITH_CONFIG)
    assert answer.code == 2
    assert "times only 5 different networks; at least 8 are needed" in answer.stderr
    assert not (exported / "npu2.sqlite").exists()
