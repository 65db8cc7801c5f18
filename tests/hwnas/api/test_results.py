"""Results: fronts as tables, frames and pictures, and networks as files."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

import hwnas
from tests.hwnas.api.networks import channels, latency_of

SPACE = hwnas.load_space("nas_bench_macro", resolution=16)


@pytest.fixture(scope="module")
def result() -> hwnas.SearchResult:
    problem = hwnas.Problem(SPACE, latency_of(SPACE), budgets={"latency": "8 ms"})
    return hwnas.run_search(problem, channels, searcher="random", evaluations=30)


def test_a_front_is_a_sequence_from_the_cheapest_to_the_best(result: hwnas.SearchResult) -> None:
    costs = [one.costs["latency"] for one in result.front]
    assert costs == sorted(costs)
    assert result.front[-1] == result.best
    assert list(result.front[:1]) == [result.front[0]]


def test_a_front_shows_itself_as_text_and_as_html(result: hwnas.SearchResult) -> None:
    lines = repr(result.front).splitlines()
    assert len(lines) == 2 + len(result.front)
    assert lines[1].split()[:4] == ["id", "score", "latency", "(ms)"]
    assert lines[-1].split()[0] == result.best.id
    page = result.front._repr_html_()
    assert page.count("<tr>") == 1 + len(result.front)
    assert "<th>MACs</th>" in page


def test_a_result_says_how_much_was_judged(result: hwnas.SearchResult) -> None:
    assert repr(result).startswith("SearchResult(30 networks judged, ")


def test_rows_hold_score_costs_and_architecture(result: hwnas.SearchResult) -> None:
    row = result.front.to_dicts()[-1]
    assert list(row) == ["id", "score", "latency", "macs", "params", "architecture"]
    assert row["id"] == result.best.id
    assert row["architecture"] == list(result.best.architecture)


def test_a_frame_needs_pandas_and_says_so(
    result: hwnas.SearchResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(hwnas.HwnasError, match="pip install pandas"):
        result.front.to_frame()


def test_with_pandas_a_frame_has_a_row_per_network(result: hwnas.SearchResult) -> None:
    assert len(result.front.to_frame()) == len(result.front)
    assert len(result.to_frame()) == 30


def test_a_plot_is_a_figure_with_the_budget_in_it(
    result: hwnas.SearchResult, tmp_path: Path
) -> None:
    figure = result.front.plot()
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert {"front", "budget"} <= set(labels)
    figure.savefig(tmp_path / "front.png")
    assert (tmp_path / "front.png").stat().st_size > 1000


def test_a_plot_goes_into_axes_that_are_given(result: hwnas.SearchResult) -> None:
    first = result.front.plot()
    assert result.front.plot(first.axes[0]) is first


def test_a_trained_module_is_saved_with_its_weights(
    result: hwnas.SearchResult, tmp_path: Path
) -> None:
    module = result.best.to_torch(seed=3).eval()
    path = result.best.save_onnx(tmp_path / "best.onnx", module, batch=2)
    images = np.random.default_rng(0).standard_normal((2, 3, 16, 16)).astype(np.float32)
    found = ReferenceEvaluator(onnx.load(path)).run(None, {"input": images})[0]
    expected = module(torch.from_numpy(images)).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_module_of_another_network_is_refused(result: hwnas.SearchResult, tmp_path: Path) -> None:
    other = result.front[0].to_torch()
    with pytest.raises(hwnas.HwnasError, match="weights of another network"):
        result.best.save_onnx(tmp_path / "best.onnx", other)
    assert not (tmp_path / "best.onnx").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"batch": 0}, "batch must be a whole number from 1 on, and is 0"),
        ({"batch": -2}, "batch must be a whole number"),
        ({"module": torch.nn.Linear(2, 2)}, "'to_torch' of this network .* type Linear"),
    ],
)
def test_a_wrong_argument_of_save_onnx_is_one_sentence_and_no_file(
    result: hwnas.SearchResult, tmp_path: Path, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        result.best.save_onnx(tmp_path / "best.onnx", **arguments)
    assert not (tmp_path / "best.onnx").exists()


def test_found_networks_can_be_put_into_sets(result: hwnas.SearchResult) -> None:
    assert set(result.front) == {*result.front, result.best}


def test_without_a_network_within_the_budgets_the_best_is_one_sentence() -> None:
    dearest = SPACE.canonical([[2] * len(SPACE.slots)])
    problem = hwnas.Problem(SPACE, budgets={"macs": "3 M"})
    none = hwnas.SearchResult(problem, dearest, np.ones(1))
    with pytest.raises(hwnas.HwnasError, match="none of the 1 judged networks keeps every budget"):
        _ = none.best


def test_a_budget_far_beyond_every_network_is_left_out_of_the_plot(
    result: hwnas.SearchResult,
) -> None:
    far = hwnas.Problem(SPACE, latency_of(SPACE), budgets={"latency": "800 ms"})
    figure = hwnas.SearchResult(far, result.architectures, result.scores).front.plot()
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels[0] == "front"
    assert "budget" not in labels
