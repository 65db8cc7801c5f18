"""The example of a searcher of one's own: named in a config, held to the contract of searchers."""

from pathlib import Path

import pytest

from hwnas.search.searchers import SEARCHERS, searcher_class, searcher_settings
from hwnas.search.searchers.searcher import Searcher
from hwnas.testing.searchers import SearcherContract
from tests.examples.plugins import install
from tests.hwnas.cli.conftest import Terminal

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: params}
device: npu.yaml
table: table.sqlite
search:
  budgets: {latency: 1 s}
  searchers: [tabu, random]
  settings: {tabu: {batch: 4}}
  evaluations: 20
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install("searcher", tmp_path / "site", monkeypatch)


def test_a_config_names_it(npu: Path, terminal: Terminal) -> None:
    (npu / "known.yaml").write_text(CONFIG)
    answer = terminal("search", "known.yaml", "--json")
    assert answer.code == 0, answer.stderr
    (tabu,) = [one for one in answer.document["searchers"] if one["searcher"] == "tabu"]
    assert tabu["evaluations"] == 20
    assert terminal("search", "known.yaml", "--json").document == answer.document


def test_its_settings_are_checked(npu: Path, terminal: Terminal) -> None:
    (npu / "known.yaml").write_text(CONFIG.replace("batch: 4", "bach: 4"))
    answer = terminal("search", "known.yaml")
    assert answer.code == 2
    assert "tabu: unknown key 'bach'; did you mean 'batch'?" in answer.stderr


def test_it_is_among_the_searchers_by_its_name() -> None:
    assert SEARCHERS.names()[-1] == "tabu"
    assert SEARCHERS.origin("tabu") == "hwnas_tabu:TabuSearch of hwnas-tabu 0.1.0"
    assert searcher_class("tabu").name == "tabu"
    assert searcher_settings("tabu", {"patience": 2}).model_dump() == {"batch": 8, "patience": 2}


class TestTabu(SearcherContract):
    @pytest.fixture
    def searcher(self) -> type[Searcher]:
        return searcher_class("tabu")
