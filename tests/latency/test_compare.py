"""Comparing and merging tables, some of them measured with the real ONNX Runtime."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.core.errors import TableError
from hwnas.devices.device import FieldDifference, Fingerprint
from hwnas.latency.compare import Comparison, diff
from hwnas.latency.correction import Correction
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.merge import merge
from hwnas.latency.model import LatencyModel
from hwnas.latency.profile import fit_model, load_model
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import FIRST_HALF, SECOND_HALF, Visit
from hwnas.networks.blocks import ConvBlock, Network, block_key
from tests.latency.test_fitting import measured_with_chains
from tests.latency.test_profile import SPACE, finished, profiled

FINGERPRINT = Fingerprint(
    machine="x86_64",
    cpu="a",
    cores=2,
    pinned="yes",
    runtime="onnxruntime",
    runtime_version="1",
    provider="CPU",
    precision="fp32",
    threads=1,
    batch=1,
    opset=17,
    graph_builder=1,
)
BLOCKS = [ConvBlock(3, channels, 3, 2, "relu", 16) for channels in (8, 16, 24)]
KEYS = [block_key(block) for block in BLOCKS]
NETWORK: Network = (BLOCKS[0], ConvBlock(8, 8, 3, 1, "relu", 8))


def filled(
    path: Path,
    visits: list[Visit],
    *,
    fingerprint: Fingerprint = FINGERPRINT,
    finished: tuple[str, ...] = (),
) -> Path:
    """A table of the blocks and the network above, with these visits."""
    with LatencyTable(path) as table:
        table.bind(fingerprint)
        visited = {visit.graph for visit in visits}
        register_all(
            table,
            [block for block in BLOCKS if block_key(block) in visited],
            [NETWORK] if network_key(NETWORK) in visited else [],
        )
        table.add(visits)
        table.finish(finished)
        table.add_conditions(0, 0, {"load": float(len(visits))})
        table.add_uncontrolled([f"{len(visits)} visits"])
    return path


def timed(
    path: Path, milliseconds: Mapping[str, float], *, fingerprint: Fingerprint = FINGERPRINT
) -> Path:
    """A table with one visit a graph, of one sample."""
    visits = [Visit(key, 0, 0, (ms,), 1.0) for key, ms in milliseconds.items()]
    return filled(path, visits, fingerprint=fingerprint)


def altered(path: Path, change: str) -> None:
    """Alters a table by a statement of SQL, as nothing in this project does."""
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()


def test_what_both_tables_hold_is_compared(tmp_path: Path) -> None:
    whole = network_key(NETWORK)
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0, KEYS[1]: 2.0, whole: 3.0})
    b = timed(tmp_path / "b.sqlite", {KEYS[1]: 2.2, KEYS[2]: 5.0, whole: 3.0})
    with LatencyTable(a) as first, LatencyTable(b) as second:
        found = diff(first, second)
    assert found.fields == ()
    assert [(pair.key, pair.a_ms, pair.b_ms) for pair in found.blocks.pairs] == [
        (KEYS[1], 2.0, 2.2)
    ]
    assert found.blocks.only_a == {KEYS[0]: 1.0}
    assert found.blocks.only_b == {KEYS[2]: 5.0}
    assert found.blocks.pairs[0].difference == pytest.approx(0.2 / 2.1)
    assert found.blocks.systematic == pytest.approx(0.1)
    assert found.networks.quantile(1.0) == found.networks.systematic == 0.0


def test_the_most_different_comes_first() -> None:
    found = Comparison.of({"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 1.1, "b": 0.5, "c": 1.0})
    assert [pair.key for pair in found.pairs] == ["b", "a", "c"]
    assert found.systematic == 0.0
    assert found.quantile(0.5) == pytest.approx(0.1 / 1.05)


def test_tables_without_a_common_graph_have_no_figures() -> None:
    found = Comparison.of({"a": 1.0}, {"b": 1.0}).to_dict()
    assert found["common"] == 0
    assert found["median_difference"] is found["systematic_difference"] is None


def test_tables_of_two_devices_are_compared_and_every_differing_field_is_named(
    tmp_path: Path,
) -> None:
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0})
    other = replace(FINGERPRINT, threads=2, cpu="b")
    b = timed(tmp_path / "b.sqlite", {KEYS[0]: 0.5}, fingerprint=other)
    with LatencyTable(a) as first, LatencyTable(b) as second:
        found = diff(first, second)
    assert found.fields == (FieldDifference("cpu", "a", "b"), FieldDifference("threads", 1, 2))
    assert found.blocks.systematic == -0.5


def test_a_table_without_timings_is_not_compared(tmp_path: Path) -> None:
    with (
        LatencyTable(tmp_path / "a.sqlite") as empty,
        pytest.raises(TableError, match=r"a\.sqlite holds no timings yet"),
    ):
        diff(empty, empty)


def test_a_merged_table_has_all_blocks_and_all_visits(tmp_path: Path) -> None:
    one = [Visit(KEYS[0], s, r, (1.0 + s + r / 8,), 1.0) for s in (0, 1, 2) for r in (0, 1)]
    two = [Visit(KEYS[0], s, 0, (2.1 + s,), 1.0) for s in (0, 1)]
    two += [Visit(KEYS[1], 1, 0, (5.0,), 1.0)]
    a = filled(tmp_path / "a.sqlite", one, finished=(KEYS[0],))
    b = filled(tmp_path / "b.sqlite", two)
    found = merge([a, b], tmp_path / "new" / "c.sqlite")
    assert (found.blocks, found.networks, found.visits) == (2, 0, len(one) + len(two))
    with LatencyTable.existing(tmp_path / "new" / "c.sqlite") as merged:
        assert merged.fingerprint == FINGERPRINT
        assert set(merged.blocks()) == set(KEYS[:2])
        assert merged.unfinished(KEYS[:2]) == [KEYS[1]]
        assert merged.conditions() == {"load": (3.0, 6.0)}
        assert merged.uncontrolled() == ["3 visits", "6 visits"]
        visits = merged.visits()
    # Sessions 0 to 2 are the first table's; the second's go on at the next multiple of four.
    assert [(v.session, v.samples) for v in visits.of(KEYS[0], range(3, 9))] == [
        (4, (2.1,)),
        (5, (3.1,)),
    ]
    assert [v.session for v in visits.of(KEYS[1])] == [1]
    assert len(visits.of(KEYS[0], FIRST_HALF)) == 3
    assert len(visits.of(KEYS[0], SECOND_HALF)) == 5


def test_visits_keep_their_dates(tmp_path: Path) -> None:
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0})
    b = timed(tmp_path / "b.sqlite", {KEYS[0]: 2.0})
    altered(a, "UPDATE visits SET date = '2020-01-01T00:00:00+00:00'")
    merge([a, b], tmp_path / "c.sqlite")
    with LatencyTable(tmp_path / "c.sqlite") as merged, LatencyTable(b) as second:
        dates = merged.dates()
        assert dates is not None
        assert second.dates() == (dates[1], dates[1])
        assert dates[0] == "2020-01-01T00:00:00+00:00"


Content = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 3), st.sampled_from([1.0, 1.5, 2.0])), max_size=12
)


@settings(max_examples=30, deadline=None)
@given(Content, Content)
def test_merging_is_the_union_of_multisets(
    tmp_path_factory: pytest.TempPathFactory,
    one: list[tuple[int, int, float]],
    two: list[tuple[int, int, float]],
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    stored, paths = [], []
    for name, content in (("a", one), ("b", two)):
        visits = [
            Visit(KEYS[graph], session, number, (ms,), 1.0)
            for number, (graph, session, ms) in enumerate(content)
        ]
        paths.append(filled(folder / f"{name}.sqlite", visits))
        # Visits of two dates are two visits, and these were made in the same second or not.
        altered(paths[-1], "UPDATE visits SET date = '2026-01-31T12:30:00+00:00'")
        stored.append([(v.graph, v.samples) for v in visits])
    merge(paths, folder / "c.sqlite")
    with LatencyTable(folder / "c.sqlite") as merged:
        found = [(v.graph, v.samples) for v in merged.visits()]
    for content in {*stored[0], *stored[1], *found}:
        assert found.count(content) == max(part.count(content) for part in stored)


def test_merging_profiled_tables_fits_their_models_to_all_visits(tmp_path: Path) -> None:
    a, b, c = (tmp_path / f"{name}.sqlite" for name in "abc")
    finished(a)
    profiled(b, fitted=5)
    profiled(b, scope="other", fitted=4)
    found = merge([a, b], c)
    assert list(found.models) == ["macro", "other"]
    with LatencyTable(a) as one, LatencyTable(b) as two, LatencyTable(c) as merged:
        assert found.visits == sum(len(list(table.visits())) for table in (one, two))
        model = load_model(merged, "macro", SPACE.blocks())
        first = load_model(one, "macro", SPACE.blocks())
        assert model.fit_networks == first.fit_networks
        assert model.check_networks == first.check_networks
        assert model == fit_model(merged, first.fit_networks, first.check_networks)
        assert len(load_model(merged, "other", SPACE.blocks()).fit_networks) == 4
        assert merged.unfinished(merged.networks()) == []


def test_merging_takes_chains_over_and_fits_with_them_again(tmp_path: Path) -> None:
    a, b, c = (tmp_path / f"{name}.sqlite" for name in "abc")
    with measured_with_chains(a) as one, measured_with_chains(b, noise=0.02):
        chains, blocks = one.chains(), one.blocks()
    found = merge([a, b], c)
    assert (found.blocks, found.chains) == (len(blocks), len(chains))
    assert found.networks == 20
    assert found.models["macro"].basis == "chain"
    with LatencyTable(c) as merged:
        assert merged.chains() == chains
        assert merged.unfinished(merged.graphs()) == []
        assert len(merged.visits().of(next(iter(chains)))) == 8
        compared = diff(merged, merged)
        assert len(compared.blocks.pairs) == len(blocks)
        assert len(compared.networks.pairs) == 20


def test_merging_a_table_with_its_copy_changes_no_summary(tmp_path: Path) -> None:
    a, c, d = (tmp_path / f"{name}.sqlite" for name in "acd")
    finished(a)
    merge([a, a, a], c)
    merge([c, a], d)
    with LatencyTable(a) as table, LatencyTable(c) as merged, LatencyTable(d) as again:
        assert merged.summaries() == table.summaries() == again.summaries()
        assert merged.dated_visits() == table.dated_visits() == again.dated_visits()
        assert merged.condition_rows() == table.condition_rows()
        assert merged.models() == table.models() == again.models()


def test_a_model_without_networks_is_taken_over_from_the_first_table(tmp_path: Path) -> None:
    paths = []
    for name, overhead in (("a", 1.0), ("b", 2.0)):
        paths.append(timed(tmp_path / f"{name}.sqlite", {KEYS[0]: overhead}))
        with LatencyTable(paths[-1]) as table:
            model = LatencyModel({}, Correction("imported", overhead))
            table.save_model("any", model)
    merge(paths, tmp_path / "c.sqlite")
    with LatencyTable(tmp_path / "c.sqlite") as merged:
        assert merged.models()["any"].correction.overhead == 1.0


def test_tables_of_two_devices_are_not_merged(tmp_path: Path) -> None:
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0})
    other = replace(FINGERPRINT, threads=2, batch=4)
    b = timed(tmp_path / "b.sqlite", {KEYS[0]: 1.0}, fingerprint=other)
    with pytest.raises(TableError, match=r"threads is 1 in .*a\.sqlite and 2 in .*b\.sqlite"):
        merge([a, b], tmp_path / "c.sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sqlite", "b.sqlite"]


def test_a_damaged_table_leaves_nothing_half_merged(tmp_path: Path) -> None:
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0})
    b = timed(tmp_path / "b.sqlite", {KEYS[1]: 1.0})
    altered(b, "UPDATE visits SET samples = 'many'")
    with pytest.raises(TableError, match=r"b\.sqlite is damaged: visit .* has the samples many"):
        merge([a, b], tmp_path / "c.sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sqlite", "b.sqlite"]


@pytest.mark.parametrize("name", ["c.sqlite", "c.sqlite-wal"])
def test_what_is_there_already_is_not_overwritten(tmp_path: Path, name: str) -> None:
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0})
    (tmp_path / name).write_text("precious")
    with pytest.raises(TableError, match=f"{name} is there already"):
        merge([a, a], tmp_path / "c.sqlite")
    assert (tmp_path / name).read_text() == "precious"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0})
    with pytest.raises(TableError, match="cannot write"):
        merge([a, a], a / "c.sqlite")


def test_a_table_is_not_merged_with_nothing_or_an_empty_one(tmp_path: Path) -> None:
    a = timed(tmp_path / "a.sqlite", {KEYS[0]: 1.0})
    with pytest.raises(TableError, match="needs two tables or more"):
        merge([a], tmp_path / "c.sqlite")
    with pytest.raises(TableError, match="there is no latency table"):
        merge([a, tmp_path / "b.sqlite"], tmp_path / "c.sqlite")
    LatencyTable(tmp_path / "b.sqlite").close()
    with pytest.raises(TableError, match=r"b\.sqlite holds no timings yet"):
        merge([a, tmp_path / "b.sqlite"], tmp_path / "c.sqlite")


def test_equal_visits_of_two_days_are_two_visits(tmp_path: Path) -> None:
    a, b = (timed(tmp_path / f"{name}.sqlite", {KEYS[0]: 1.0}) for name in "ab")
    altered(a, "UPDATE visits SET date = '2020-01-01T00:00:00+00:00'")
    with LatencyTable(a) as table:
        before = len(list(table.visits()))
    merge([a, b], tmp_path / "c.sqlite")
    with LatencyTable(tmp_path / "c.sqlite") as merged:
        assert len(list(merged.visits())) == 2 * before
