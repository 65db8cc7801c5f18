"""Tables as files through the commands, and a whole search with timings from elsewhere."""

import csv
import json
import re
from pathlib import Path

import onnx
import pytest

from hwnas.latency.csv_rows import COLUMNS
from hwnas.latency.interchange_json import table_to_json
from hwnas.latency.profile import load_model
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Block, block_to_dict
from hwnas.objectives.costs import block_macs
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.latency.test_fitting import measured_with_chains
from tests.latency.test_interchange import blocks_from_csv, profiled

DOCS = Path(__file__).parents[3] / "docs"
OVERHEAD_MS = 0.1


def timing(block: Block) -> float:
    return block_macs(block) / 1e6


@pytest.fixture
def npu(folder: Path) -> Path:
    """The working folder with `npu.yaml` and `timings.csv`, made-up ones of the tiny space."""
    (folder / "npu.yaml").write_text("name: npu\ntransport: imported\n")
    with (folder / "timings.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow({"kind": "overhead", "ms": OVERHEAD_MS})
        for block in load_space("tiny_space.yaml").blocks():
            writer.writerow({**block_to_dict(block), "ms": timing(block)})
    return folder


def test_a_search_with_timings_from_elsewhere_ends_in_files_and_measures_nothing(
    npu: Path, terminal: Terminal
) -> None:
    imported = terminal("table", "import", "timings.csv", "t/npu.sqlite", "--device", "npu.yaml")
    assert imported.code == 0, imported.stderr
    assert "14 blocks and 0 networks of 14 visits\n" in imported.stdout
    following = "next: hwnas search CONFIG --device npu.yaml --table t/npu.sqlite"
    assert following in imported.stderr
    assert "never checked against whole networks" in imported.stderr

    assert terminal("train", "tiny.yaml").code == 0
    words = ("tiny.yaml", "--device", "npu.yaml", "--table", "t/npu.sqlite")
    searched = terminal("search", *words, "--budget", "latency=0.6 ms", "--json")
    assert searched.code == 0, searched.stderr
    assert "never checked against whole networks" in searched.stderr
    front = searched.document["front"]
    space = load_space("tiny_space.yaml")
    for point in front:
        (network,) = space.networks([point["architecture"]])
        blocks = [block for block in network if block.kind != "skip"]
        assert point["latency_ms"] == pytest.approx(OVERHEAD_MS + sum(map(timing, blocks)))
        assert point["latency_ms"] <= 0.6

    exported = terminal("export", "runs/tiny", "--json")
    assert exported.code == 0, exported.stderr
    assert "not measured: the timings of npu were imported" in exported.stderr
    summary = exported.document
    best = max(front, key=lambda point: point["accuracy"])
    assert summary["winner"]["predicted_ms"] == pytest.approx(best["latency_ms"])
    assert summary["reference"]["predicted_ms"] is None  # its blocks have no row
    for one in (summary["winner"], summary["reference"]):
        assert one["measured_ms"] is one["median_ms"] is None
    assert summary["rejected"] == []
    for name in ("winner", "reference"):
        written = npu / "runs/tiny/export" / name
        latency = json.loads((written / "verification.json").read_text())["latency"]
        assert latency["device"] == "npu"
        assert latency["measured_ms"] is latency["measured"] is None
        assert (written / "model.onnx").is_file()

    shown = terminal("export", "runs/tiny")
    assert re.search(r"latency, measured *│ *– │ *– │", shown.stdout)
    reported = terminal("report", "runs/tiny", "--json").document
    assert "<td>–</td>" in Path(reported["report"]).read_text()
    refused = terminal("profile", *words)
    assert refused.code == 2
    assert "npu cannot be measured: its timings were imported" in refused.stderr


def test_a_space_whose_blocks_are_not_all_in_the_csv_is_not_searched(
    npu: Path, terminal: Terminal
) -> None:
    lines = (npu / "timings.csv").read_text().splitlines()
    (npu / "timings.csv").write_text("\n".join(lines[:-1]))
    words = ("--device", "npu.yaml", "--table", "npu.sqlite")
    assert terminal("table", "import", "timings.csv", "npu.sqlite", *words[:2]).code == 0
    assert terminal("train", "tiny.yaml").code == 0
    answer = terminal("search", "tiny.yaml", *words)
    assert answer.code == 2
    assert "lacks the latencies of 1 of 14 blocks of tiny" in answer.stderr
    assert "such as 'head in_channels=16" in answer.stderr
    assert "add their rows to the CSV and import it into a new table" in answer.stderr


def test_another_imported_device_does_not_use_the_table(npu: Path, terminal: Terminal) -> None:
    assert terminal("table", "import", "timings.csv", "t.sqlite", "--device", "npu.yaml").code == 0
    assert terminal("train", "tiny.yaml").code == 0
    (npu / "other.yaml").write_text("name: other\ntransport: imported\n")
    answer = terminal("search", "tiny.yaml", "--device", "other.yaml", "--table", "t.sqlite")
    assert answer.code == 2
    assert "another device: cpu is 'npu' there and 'other' here" in answer.stderr


def test_a_table_goes_to_json_and_back(folder: Path, terminal: Terminal) -> None:
    profiled(folder / "a.sqlite")
    answer = terminal("table", "export", "a.sqlite", "new/a.json", "--json")
    held = {"blocks": 17, "chains": 0, "networks": 10, "visits": 54}
    assert answer.document == {"file": "new/a.json", **held}
    answer = terminal("table", "import", "new/a.json", "b.sqlite", "--json")
    assert answer.document == {"table": "b.sqlite", **held}
    with LatencyTable.existing(folder / "b.sqlite") as table:
        assert table_to_json(table) == (folder / "new/a.json").read_text()
    printed = terminal("table", "export", "b.sqlite", "b.JSON").stdout
    assert printed == "b.JSON: 17 blocks and 10 networks of 54 visits\n"


def test_chains_are_told_apart_from_networks(folder: Path, terminal: Terminal) -> None:
    measured_with_chains(folder / "a.sqlite").close()
    answer = terminal("table", "export", "a.sqlite", "a.json")
    assert answer.stdout == "a.json: 17 blocks, 20 chains and 20 networks of 228 visits\n"
    shown = terminal("table", "show", "a.sqlite")
    assert "17 blocks, 20 chains and 20 networks measured" in shown.stdout
    assert re.search(r"latency model \(chains: [^)]+\)\s+on\s+10\s+unseen", shown.stdout)
    document = terminal("table", "show", "a.sqlite", "--json").document
    assert (len(document["blocks"]), document["chains"], document["networks"]) == (17, 20, 20)
    assert document["models"]["macro"]["basis"] == "chain"
    answer = terminal("table", "merge", "a.sqlite", "a.sqlite", "--into", "b.sqlite", "--json")
    counts = [answer.document[name] for name in ("blocks", "chains", "networks", "visits")]
    assert counts == [17, 20, 20, 228]


def test_a_table_goes_to_csv_and_its_timings_to_another_device(
    npu: Path, terminal: Terminal
) -> None:
    profiled(npu / "a.sqlite")
    answer = terminal("table", "export", "a.sqlite", "a.csv", "--json")
    held = {"blocks": 17, "chains": 0, "networks": 0}
    assert answer.document == {"file": "a.csv", **held, "visits": 34}
    answer = terminal("table", "import", "a.csv", "b.sqlite", "--device", "npu.yaml", "--json")
    assert answer.document == {"table": "b.sqlite", **held, "visits": 17, "notes": []}
    assert terminal("table", "export", "b.sqlite", "b.csv").code == 0
    first, second = ((npu / name).read_text() for name in ("a.csv", "b.csv"))
    assert blocks_from_csv(first, "a") == blocks_from_csv(second, "b")


def test_the_example_of_the_documentation_works(folder: Path, terminal: Terminal) -> None:
    text = (DOCS / "guides/timings.md").read_text()
    space, device = (
        re.search(rf'```yaml title="{name}"\n(.*?)```', text, re.DOTALL)[1]
        for name in ("small.yaml", "npu.yaml")
    )
    (folder / "small.yaml").write_text(space)
    (folder / "npu.yaml").write_text(device)
    (folder / "timings.csv").write_text(
        re.search(r'```csv title="timings.csv"\n(.*?)```', text, re.DOTALL)[1]
    )
    answer = terminal("table", "import", "timings.csv", "t.sqlite", "--device", "npu.yaml")
    assert answer.code == 0, answer.stderr
    small = load_space("small.yaml")
    with LatencyTable.existing(folder / "t.sqlite") as table:
        model = load_model(table, "small", small.blocks())
    assert (small.size, len(small.blocks()), model.correction.overhead) == (12, 6, 0.21)


def test_the_documentation_names_every_column() -> None:
    text = (DOCS / "reference/csv.md").read_text()
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("export nothing.sqlite a.json", "there is no latency table nothing.sqlite"),
        ("export a.sqlite a.xlsx", "a.xlsx must end with .json (a whole table) or .csv"),
        ("export a.sqlite table", "table must end with .json"),
        ("export empty.sqlite empty.csv", "empty.sqlite holds no measured block"),
        ("import a.xlsx b.sqlite", "a.xlsx must end with .json (a whole table) or .csv"),
        ("import nothing.json b.sqlite", "nothing.json does not exist; name a .json or .csv"),
        ("import folder.json b.sqlite", "folder.json is a folder; name a"),
        ("export a.sqlite a.json", "a.json exists already; add --force to replace it"),
        ("import a.json a.sqlite", "a.sqlite is there already; move it away or name another file"),
        ("import a.json b.sqlite --device npu.yaml", "contains all of that; leave out --device"),
        ("import wrong.json b.sqlite", "wrong.json is not valid JSON"),
        ("import timings.csv b.sqlite", "name the device of the timings with --device: a"),
        ("import timings.csv b.sqlite --device local_cpu", "local_cpu is measured (transport: loc"),
        ("import timings.csv b.sqlite --device phone", "there is no device named 'phone'"),
        ("import timings.csv a.sqlite --device npu.yaml", "a.sqlite is there already"),
        ("import nothing.csv b.sqlite --device npu.yaml", "nothing.csv does not exist"),
        ("import latin.csv b.sqlite --device npu.yaml", "latin.csv is not UTF-8 (byte 1); save it"),
        ("import wrong.csv b.sqlite --device npu.yaml", "wrong.csv line 1: unknown column 'knd'"),
    ],
)
def test_wrong_input_is_one_sentence_and_writes_nothing(
    npu: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    profiled(npu / "a.sqlite")
    assert terminal("table", "export", "a.sqlite", "a.json").code == 0
    LatencyTable(npu / "empty.sqlite").close()
    (npu / "folder.json").mkdir()
    (npu / "wrong.json").write_text("{")
    (npu / "wrong.csv").write_text("knd,ms\n")
    (npu / "latin.csv").write_bytes("é,ms\n".encode("latin-1"))
    answer = assert_refused(terminal, npu, f"table {words}", sentence)
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["export", "import", "export-networks"])
def test_the_commands_explain_themselves(terminal: Terminal, command: str) -> None:
    answer = terminal("table", command, "--help")
    assert answer.code == 0
    assert f": hwnas table {command} " in answer.stdout  # an example


def test_a_run_for_an_fp16_device_ends_with_an_fp16_file(npu: Path, terminal: Terminal) -> None:
    (npu / "npu.yaml").write_text(
        "name: npu\ntransport: imported\nruntime: tensorrt\nprecision: fp16\n"
    )
    words = ("tiny.yaml", "--device", "npu.yaml", "--table", "t/npu.sqlite")
    for command in (
        ("table", "import", "timings.csv", "t/npu.sqlite", "--device", "npu.yaml"),
        ("train", "tiny.yaml"),
        ("search", *words, "--budget", "latency=0.6 ms"),
        ("export", "runs/tiny"),
    ):
        answer = terminal(*command)
        assert answer.code == 0, answer.stderr
    export = npu / "runs/tiny/export/winner"
    model = onnx.load(export / "model.onnx")
    types = {tensor.data_type for tensor in model.graph.initializer}
    assert onnx.TensorProto.FLOAT16 in types
    assert onnx.TensorProto.FLOAT not in types
    ends = [*model.graph.input, *model.graph.output]
    assert {one.type.tensor_type.elem_type for one in ends} == {onnx.TensorProto.FLOAT}
    verification = json.loads((export / "verification.json").read_text())
    assert verification["precision"] == "fp16"
    assert verification["accuracy"]["test_onnx"] == pytest.approx(
        verification["accuracy"]["test"], abs=3
    )
