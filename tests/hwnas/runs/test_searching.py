from typing import Any

from hwnas.runs.config import SearchConfig
from hwnas.runs.searching import search_digest
from tests.hwnas.search.problems import macro_problem


def digest(name: str, **settings: Any) -> str:
    searchers = ["layernas", "nsga2"]
    given = {"budgets": {}, "searchers": searchers, "settings": settings}
    config = SearchConfig.model_validate(given)
    return search_digest(macro_problem(), config, name)


def test_other_settings_of_a_searcher_make_another_search() -> None:
    assert digest("layernas", layernas={"keep": 5}) != digest("layernas")
    assert digest("layernas", layernas={"keep": 5}) != digest("layernas", layernas={"buckets": 5})


def test_settings_of_another_searcher_do_not() -> None:
    assert digest("layernas", nsga2={"population": 8}) == digest("layernas")


def test_defaults_written_out_do_not() -> None:
    assert digest("layernas", layernas={"keep": 3}) == digest("layernas")
