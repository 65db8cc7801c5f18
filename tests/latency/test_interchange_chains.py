"""Tables with chains in JSON and CSV."""

import json
from pathlib import Path

import pytest

from hwnas.core.errors import TableError
from hwnas.latency.interchange_csv import table_to_csv
from hwnas.latency.interchange_json import table_from_json
from hwnas.latency.profile import load_model
from hwnas.latency.table import LatencyTable
from tests.latency.test_fitting import MACRO, measured_with_chains
from tests.latency.test_interchange import blocks_from_csv, content, exported


def test_chains_come_back_from_json_and_are_no_rows_of_a_csv(tmp_path: Path) -> None:
    with measured_with_chains(tmp_path / "a.sqlite") as table:
        chains = table.chains()
        assert len(blocks_from_csv(table_to_csv(table), "a.csv")[0]) == len(table.blocks())
    text = exported(tmp_path / "a.sqlite")
    table_from_json(text, "a.json", tmp_path / "b.sqlite")
    assert content(tmp_path / "b.sqlite") == content(tmp_path / "a.sqlite")
    with LatencyTable.existing(tmp_path / "b.sqlite") as table:
        assert table.chains() == chains
        assert load_model(table, "macro", MACRO.blocks()).basis == "chain"
    assert exported(tmp_path / "b.sqlite") == text


def test_a_chain_of_other_blocks_than_its_key_says_is_refused(tmp_path: Path) -> None:
    measured_with_chains(tmp_path / "a.sqlite").close()
    document = json.loads(exported(tmp_path / "a.sqlite"))
    place, chain = next(
        (place, one)
        for place, one in enumerate(document["graphs"])
        if one["key"].startswith("chain ")
    )
    chain["blocks"].append(chain["blocks"][-1])
    sentence = rf"graphs\[{place}\]\.key is 'chain .*', but that of its blocks is 'chain "
    with pytest.raises(TableError, match=sentence):
        table_from_json(json.dumps(document), "a.json", tmp_path / "b.sqlite")
