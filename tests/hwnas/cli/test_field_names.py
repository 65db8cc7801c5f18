"""Tables for people name fields in words; documents for machines keep their keys."""

import pytest

from hwnas.cli.field_names import field_name, field_value
from tests.hwnas.cli.conftest import Terminal


@pytest.mark.usefixtures("npu")
def test_where_a_table_comes_from_is_shown_in_words(terminal: Terminal) -> None:
    shown = terminal("table", "show", "table.sqlite").stdout
    assert "version of the runtime" in shown
    assert "runtime_version" not in shown
    provenance = terminal("table", "show", "table.sqlite", "--json").document["provenance"]
    assert "runtime_version" in provenance


@pytest.mark.parametrize(
    ("value", "text"), [(True, "yes"), (False, "no"), (None, "–"), ("", "–"), (3, "3")]
)
def test_a_value_is_shown_in_words(value: object, text: str) -> None:
    assert field_value(value) == text


def test_a_field_without_a_name_is_called_as_it_is() -> None:
    assert field_name("threads") == "threads"
