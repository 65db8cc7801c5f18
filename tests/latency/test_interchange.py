"""Tables as JSON and CSV and back, and what is said of files that are not of their form."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.core.errors import TableError
from hwnas.devices.device import Device
from hwnas.latency.csv_rows import COLUMNS
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.latency.interchange_csv import table_to_csv, timings_from_csv
from hwnas.latency.interchange_json import table_from_json, table_to_json
from hwnas.latency.new_table import new_table
from hwnas.latency.profile import fit_model, load_model
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import Visit
from hwnas.networks.blocks import ACTIVATIONS, Block, ConvBlock, Head, InvertedResidual, block_key
from hwnas.spaces import load_space
from tests.devices.test_device import FINGERPRINT
from tests.latency.test_compare import altered

NPU = Device(name="npu", transport="imported")
CONV = ConvBlock(3, 8, 3, 2, "relu", 16)
RESIDUAL = InvertedResidual(8, 16, 8, 5, 1, 4, "hard_swish", 8)
HEAD = Head(8, 32, 0, 10, "relu6", 8)
TIMINGS: dict[Block, float] = {CONV: 0.5, RESIDUAL: 1.25, HEAD: 0.125}
SPACE = load_space("nas_bench_macro", resolution=8, classes=4)
channels, sizes = st.integers(1, 2000), st.integers(1, 512)
kernels, activations = st.sampled_from([1, 3, 5, 7]), st.sampled_from(ACTIVATIONS)
blocks = st.one_of(
    st.builds(ConvBlock, channels, channels, kernels, sizes, activations, sizes),
    st.builds(
        InvertedResidual,
        channels,
        channels,
        channels,
        kernels,
        sizes,
        st.integers(0, 99),
        activations,
        sizes,
    ),
    st.builds(Head, channels, channels, st.integers(0, 99), channels, activations, sizes),
    st.builds(Head, channels, channels, channels, channels, activations, sizes, st.booleans()),
)
milliseconds = st.floats(1e-6, 1e7)
visits = st.dictionaries(
    st.tuples(st.integers(0, 12), st.integers(0, 8)),
    st.tuples(st.lists(milliseconds, min_size=1, max_size=5), st.just(0.0) | st.floats(1e-6, 1e6)),
    max_size=4,
)


def blocks_from_csv(text: str, source: str) -> tuple[dict[Block, float], float]:
    """The timings of a CSV of blocks alone, and the overhead."""
    found = timings_from_csv(text, source)
    assert not found.networks
    return found.block_ms, found.overhead


def profiled(path: Path) -> None:
    """A table of a small space, as profiling leaves it; the timings are made up."""
    networks = SPACE.networks(SPACE.sample(np.random.default_rng(0), 10))
    generator = np.random.default_rng(1)
    with LatencyTable(path) as table:
        table.bind(FINGERPRINT)
        graphs = register_all(table, SPACE.blocks(), networks)
        for session in range(2):
            table.add(
                [
                    Visit(key, session, 0, tuple(generator.uniform(1, 2, 3) * len(network)), 0.25)
                    for key, network in graphs.items()
                ]
            )
            table.add_conditions(session, 0, {"mhz": 2000.0 + session, "load": 0.5})
            table.add_uncontrolled(["governor"])
        table.finish(list(graphs)[:-1])
        keys = tuple(map(network_key, networks))
        table.save_model("macro", fit_model(table, keys[:5], keys[5:]))


def content(path: Path) -> tuple[Any, ...]:
    with LatencyTable.existing(path) as table:
        graphs = list(table.graphs())
        return (
            table.fingerprint,
            table.blocks(),
            table.networks(),
            table.unfinished(graphs),
            table.dated_visits(),
            table.summaries(),
            table.condition_rows(),
            table.models(),
            table.dates(),
            table.uncontrolled(),
        )


def exported(path: Path) -> str:
    with LatencyTable.existing(path) as table:
        return table_to_json(table)


def test_a_table_comes_back_from_json_as_it_was(tmp_path: Path) -> None:
    profiled(tmp_path / "a.sqlite")
    text = exported(tmp_path / "a.sqlite")
    table_from_json(text, "a.json", tmp_path / "deep/b.sqlite")
    assert content(tmp_path / "deep/b.sqlite") == content(tmp_path / "a.sqlite")
    assert exported(tmp_path / "deep/b.sqlite") == text
    assert list((tmp_path / "deep").iterdir()) == [tmp_path / "deep/b.sqlite"]
    with LatencyTable.existing(tmp_path / "deep/b.sqlite") as table:
        assert load_model(table, "macro", SPACE.blocks()).validation is not None


def test_a_table_without_anything_comes_back_too(tmp_path: Path) -> None:
    LatencyTable(tmp_path / "a.sqlite").close()
    table_from_json(exported(tmp_path / "a.sqlite"), "a.json", tmp_path / "b.sqlite")
    assert content(tmp_path / "b.sqlite") == content(tmp_path / "a.sqlite")


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(blocks, visits, max_size=4))
def test_any_visits_come_back_from_json(graphs: dict[Block, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a.sqlite", Path(folder) / "b.sqlite"
        with LatencyTable(first) as table:
            table.bind(FINGERPRINT)
            register_all(table, graphs, [])
            table.add(
                [
                    Visit(block_key(block), session, number, tuple(samples), reference)
                    for block, of_block in graphs.items()
                    for (session, number), (samples, reference) in of_block.items()
                ]
            )
        table_from_json(exported(first), "a.json", second)
        assert content(second) == content(first)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(blocks, milliseconds, min_size=1, max_size=8), st.just(0.0) | milliseconds)
def test_any_timings_come_back_from_csv(timings: dict[Block, float], overhead: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sqlite"
        import_timings(path, read_fingerprint(NPU), timings, overhead)
        with LatencyTable.existing(path) as table:
            assert blocks_from_csv(table_to_csv(table), "a.csv") == (timings, overhead)


def test_a_csv_has_a_row_for_each_measured_block_and_no_network(tmp_path: Path) -> None:
    profiled(tmp_path / "a.sqlite")
    with LatencyTable.existing(tmp_path / "a.sqlite") as table:
        register_all(table, [CONV], [])  # not measured
        lines = table_to_csv(table).splitlines()
        summaries = table.summaries()
    assert lines[0].split(",") == list(COLUMNS)
    assert len(lines) == 1 + len(SPACE.blocks())
    rows = [dict(zip(COLUMNS, line.split(","), strict=True)) for line in lines[1:]]
    for row, block in zip(rows, SPACE.blocks(), strict=True):
        summary = summaries[block_key(block)]
        assert row["kind"] == block.kind
        assert float(row["ms"]) == summary.ms
        assert [int(row[name]) for name in ("samples", "visits", "redone")] == [6, 2, 0]
        assert [float(row[name]) for name in ("p10", "median")] == [summary.p10, summary.median]
    assert blocks_from_csv("\n".join(lines), "a.csv")[0].keys() == set(SPACE.blocks())


def test_a_table_without_a_measured_block_has_no_csv(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "a.sqlite") as table:
        register_all(table, [CONV], [])
        with pytest.raises(TableError, match=r"a\.sqlite holds no measured block; measure some"):
            table_to_csv(table)


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.update(format="hwnas latency table 1"), "its format is 'hwnas latency table"),
        (lambda d: d.pop("format"), "is not a hwnas latency table 3 (its format is None)"),
        (lambda d: d.pop("visits"), "visits is missing"),
        (lambda d: d.update(notes=1), "notes is not known here"),
        (lambda d: d["fingerprint"].pop("cpu"), "fingerprint.cpu is missing"),
        (lambda d: d["fingerprint"].update(gpu="x"), "fingerprint.gpu is not known here"),
        (
            lambda d: d["fingerprint"].update(threads="1"),
            "threads is '1', but it should be a",
        ),
        (lambda d: d.update(fingerprint=None), "fingerprint is null, but there are visits"),
        (lambda d: d["graphs"][2].update(finished=1), "graphs[2].finished is 1, but"),
        (lambda d: d["graphs"][2].update(blocks=[]), "graphs[2].blocks is [], but list should"),
        (lambda d: d["graphs"][2]["blocks"].append({}), "graphs[2].blocks[1]: unknown block kind"),
        (
            lambda d: d["graphs"][2]["blocks"][0].update(kind=[]),
            "blocks[0].kind is not text",
        ),
        (
            lambda d: d["graphs"][2]["blocks"][0].update(stride=0),
            "graphs[2].blocks[0]: stride must",
        ),
        (lambda d: d["graphs"][2]["blocks"][0].update(stride=7), "graphs[2].key is 'inverted"),
        (lambda d: d["graphs"][0]["blocks"].extend(d["graphs"][0]["blocks"]), "has 2 entries, but"),
        (lambda d: d["graphs"][-1]["blocks"].pop(1), "].blocks: inverted_residual in_channels="),
        (lambda d: d["graphs"][-1]["blocks"].pop(), "].key is 'network"),
        (lambda d: d["graphs"].append(d["graphs"][3]), "] is the same as graphs[3]"),
        (lambda d: d["visits"][4].update(graph="x"), "visits[4].graph is 'x', which is not in"),
        (lambda d: d["visits"].append(d["visits"][3]), "] is the same as visits[3]"),
        (lambda d: d["visits"][12].update(samples=[]), "visits[12].samples is [], but list"),
        (lambda d: d["visits"][12]["samples"].append(0), "visits[12].samples[3] is 0"),
        (lambda d: d["visits"][12]["samples"].append("1"), "visits[12].samples[3] is '1', but"),
        (lambda d: d["visits"][12]["samples"].append(True), "visits[12].samples[3] is True"),
        (
            lambda d: d["visits"][12]["samples"].append(float("nan")),
            "visits[12].samples[3] is nan",
        ),
        (lambda d: d["visits"][12]["samples"].append(10**400), "visits[12].samples[3] is"),
        (lambda d: d["visits"][1].update(session=-1), "visits[1].session is -1, but"),
        (lambda d: d["visits"][1].update(round=2**70), "visits[1].round is"),
        (lambda d: d["visits"][1].update(round=1.0), "visits[1].round is 1.0, but"),
        (lambda d: d["visits"][1].update(reference_ms=-1.0), "visits[1].reference_ms is -1.0"),
        (
            lambda d: d["visits"][1].update(date="today"),
            "date is 'today', but it should be a",
        ),
        (lambda d: d["conditions"][0]["values"].update(mhz=None), "conditions[0].values.mhz is"),
        (lambda d: d["models"].append(d["models"][0]), "models[1] is the same as models[0]"),
        (lambda d: d["models"][0]["content"].pop("correction"), "models[0].content.correction is"),
        (lambda d: d["models"][0]["content"].update(x=1), "models[0].content.x is not known here"),
        (
            lambda d: d["models"][0]["content"]["correction"].update(overhead=float("inf")),
            "models[0].content.correction.overhead is inf, but",
        ),
        (
            lambda d: d["models"][0]["content"]["validation"].update(measured=["a"]),
            "models[0].content.validation.measured[0] is 'a', but",
        ),
    ],
)
def test_a_wrong_json_is_one_sentence_and_no_table(
    tmp_path: Path, change: Change, sentence: str
) -> None:
    profiled(tmp_path / "a.sqlite")
    document = json.loads(exported(tmp_path / "a.sqlite"))
    change(document)
    (tmp_path / "new").mkdir()
    with pytest.raises(TableError) as caught:
        table_from_json(json.dumps(document), "a.json", tmp_path / "new/b.sqlite")
    assert str(caught.value).startswith("a.json")
    assert sentence in str(caught.value)
    assert "correct that, or write the file again with" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not valid JSON: Expecting value"),
        ("{", "is not valid JSON"),
        ("[]", "is not a hwnas latency table 3 (its format is None)"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"format": "a", "format": "b"}', "the key 'format' is there twice in one object"),
        ('{"format": "hwnas latency table 3"}', "fingerprint is missing"),
    ],
)
def test_what_is_no_table_at_all_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(TableError) as caught:
        table_from_json(text, "a.json", tmp_path / "b.sqlite")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["b.sqlite", "b.sqlite-wal"])
def test_what_is_there_is_never_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(TableError, match=f"{name} is there already"):
        import_timings(tmp_path / "b.sqlite", FINGERPRINT, TIMINGS, 0.0)
    assert (tmp_path / name).read_text() == "precious"


def test_a_new_table_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="twice"), new_table(tmp_path / "b.sqlite") as table:
        table.add([Visit("a", 0, 0, (1.0,))] * 2)
    assert list(tmp_path.iterdir()) == []


def test_a_table_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        TableError, match=r"cannot write .*b\.sqlite: .*file is a file, not a folder"
    ):
        import_timings(tmp_path / "file/b.sqlite", FINGERPRINT, TIMINGS, 0.0)


def test_a_damaged_table_is_not_exported(tmp_path: Path) -> None:
    profiled(tmp_path / "a.sqlite")
    altered(tmp_path / "a.sqlite", "UPDATE visits SET samples = '[-1.0]' WHERE rowid = 1")
    with pytest.raises(TableError, match=r"a\.sqlite is damaged: visit .* \[-1\.0\]; .*copy"):
        exported(tmp_path / "a.sqlite")
