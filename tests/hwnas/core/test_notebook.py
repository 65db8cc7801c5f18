"""Tables and data frames for notebooks."""

import sys
from types import SimpleNamespace

import pytest

from hwnas.core.errors import HwnasError
from hwnas.core.notebook import data_frame, html_table


def test_what_a_table_shows_is_text_and_no_markup() -> None:
    text = html_table("<b>title</b>", ["<i>"], [["<script>\x1b"]])
    assert "&lt;b&gt;title&lt;/b&gt;" in text
    assert "<td>&lt;script&gt;\\x1b</td>" in text
    assert "<script>" not in text


def test_a_data_frame_without_pandas_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(HwnasError, match="needs pandas; run 'pip install pandas'"):
        data_frame([{"a": 1}])


def test_a_data_frame_has_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=list))
    assert list(data_frame([{"a": 1}, {"a": 2}])) == [{"a": 1}, {"a": 2}]
