from pathlib import Path
from typing import Any

from hwnas.api.run import Run
from hwnas.core import digests
from hwnas.runs import searching
from hwnas.runs.config import SearchConfig
from hwnas.runs.searching import search_digest
from tests.hwnas.search.problems import macro_problem

CONFIG = """
space: mobilenet_v3_small
resolution: 48
data: {source: digits, limit: 300}
train: {epochs: 2, batch_size: 32, learning_rate: 0.1}
fine_tune: {epochs: 1, batch_size: 32, learning_rate: 0.05}
search: {budgets: {latency: 5 ms}, evaluations: 12, searchers: [random]}
"""


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


def test_a_run_of_0_1_0_has_the_front_that_it_had_however_it_is_exported(tmp_path: Path) -> None:
    for more in ("", "export: {input: uint8, license: mit, weights_from: scratch}\n"):
        (tmp_path / "a.yaml").write_text(CONFIG + more)
        text = searching._text_without_paths(Run.open(str(tmp_path / "a.yaml")).experiment)
        assert digests.digest(text) == "bc33f042aa39f5fe"  # as 0.1.0 computes it


def test_a_run_that_learns_logits_has_the_front_that_it_had_before_there_were_selectors(
    tmp_path: Path,
) -> None:
    found = []
    for selector in ("", "argmax", "perturbation"):
        relaxation = f", relaxation: {{selector: {selector}}}" if selector else ""
        accuracy = f"accuracy: {{estimator: darts{relaxation}}}\n"
        (tmp_path / "a.yaml").write_text(CONFIG.replace(", searchers: [random]", "") + accuracy)
        text = searching._text_without_paths(Run.open(str(tmp_path / "a.yaml")).experiment)
        found.append(digests.digest(text))
    assert found[:2] == ["b1aae7dd0d1733f3"] * 2
    assert found[2] != found[0]


def test_a_run_that_learns_weights_of_choices_has_no_selector(tmp_path: Path) -> None:
    accuracy = "accuracy: {estimator: sparse}\n"
    (tmp_path / "a.yaml").write_text(CONFIG.replace(", searchers: [random]", "") + accuracy)
    text = searching._text_without_paths(Run.open(str(tmp_path / "a.yaml")).experiment)
    assert "estimator: sparse" in text
    assert "selector" not in text
