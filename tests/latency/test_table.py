import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from hwnas.core.errors import TableError
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import LatencySummary, Visit
from hwnas.networks.blocks import ConvBlock, block_key
from tests.devices.test_device import FINGERPRINT

BLOCK = ConvBlock(3, 8, 3, 2, "relu", 16)
KEY = block_key(BLOCK)
NETWORK = (BLOCK, ConvBlock(8, 8, 3, 1, "relu", 8))


def test_a_table_keeps_every_visit_and_sums_them_up(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        graphs = register_all(table, [BLOCK], [NETWORK])
        assert set(graphs) == {block_key(BLOCK), network_key(NETWORK)}
        table.add([Visit(KEY, 0, 0, (1.0, 2.0)), Visit(KEY, 1, 0, (3.0,))])
    with LatencyTable.existing(tmp_path / "t.sqlite") as table:
        assert [(v.session, v.samples) for v in table.visits()] == [(0, (1.0, 2.0)), (1, (3.0,))]
        assert table.summaries()[KEY] == LatencySummary(
            3, 2, 0, 1.5, 1.0, 1.2, 2.0, 2.8, 2.98, ("spread",)
        )
        assert table.visits().summaries([1])[KEY].median == 3.0
        assert table.networks() == {network_key(NETWORK): NETWORK}
        assert table.blocks() == {block_key(BLOCK): BLOCK}


def test_a_visit_is_stored_once(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        table.add([Visit("a", 0, 0, (1.0,))])
        with pytest.raises(TableError, match="cannot record twice"):
            table.add([Visit("a", 0, 1, (1.0,)), Visit("a", 0, 0, (1.0,))])
        assert len(list(table.visits())) == 1  # all of them or none


def test_a_table_knows_what_was_measured_to_the_end(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        graphs = register_all(table, [BLOCK], [NETWORK])
        assert table.unfinished(graphs) == list(graphs)
        table.finish([KEY])
        assert table.unfinished(graphs) == [network_key(NETWORK)]
        register_all(table, [BLOCK], [])  # a second time changes nothing
        assert table.unfinished([KEY]) == []


def test_a_table_says_what_the_machine_was_like(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        table.add_conditions(0, 0, {"mhz": 2000.0, "load": 1.0})
        table.add_conditions(0, 1, {"mhz": 1000.0})
        assert table.conditions() == {"mhz": (1000.0, 2000.0), "load": (1.0, 1.0)}


def test_a_table_says_what_was_left_to_chance_in_any_session(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        assert table.uncontrolled() == []
        table.add_uncontrolled(["governor", "clock"])
        table.add_uncontrolled(["clock", "temperature"])
        assert table.uncontrolled() == ["clock", "governor", "temperature"]


def test_a_single_block_network_is_not_the_block(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        register_all(table, [BLOCK], [(BLOCK,)])
        assert len(table.blocks()) == len(table.networks()) == 1


def test_a_table_belongs_to_one_fingerprint(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        table.bind(FINGERPRINT)
        table.bind(FINGERPRINT)
        with pytest.raises(TableError, match="another device: runtime_version is '1' there and"):
            table.bind(replace(FINGERPRINT, runtime_version="2"))
        assert table.fingerprint == FINGERPRINT


def test_a_missing_table_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="make one with 'hwnas profile'"):
        LatencyTable.existing(tmp_path / "t.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_table_keeps_one_cache_and_knows_its_hash(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        assert (table.cache(), table.cache_hash()) == (b"", None)
        table.keep_cache(b"first")
        table.keep_cache(b"second")
    with LatencyTable.existing(tmp_path / "t.sqlite") as table:
        assert table.cache() == b"second"
        assert table.cache_hash() == hashlib.sha256(b"second").hexdigest()
