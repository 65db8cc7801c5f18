"""How values show themselves in a notebook: tables in HTML, data frames."""

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hwnas.core.errors import HwnasError
from hwnas.core.foreign_text import shown

if TYPE_CHECKING:
    from pandas import DataFrame


def html_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a title above it, all texts escaped; a long one scrolls."""
    head = "".join(f"<th>{_escaped(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<div><p>{_escaped(title)}</p><div style='max-height: 30em; overflow: auto'>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
    )


def data_frame(rows: Sequence[Mapping[str, object]]) -> "DataFrame":
    """A pandas data frame of rows by the names of their columns.

    Raises:
        HwnasError: pandas is not installed.
    """
    try:
        from pandas import DataFrame  # here, because it is optional
    except ImportError as error:
        raise HwnasError("a data frame needs pandas; run 'pip install pandas'") from error
    return DataFrame([dict(row) for row in rows])


def _escaped(text: str) -> str:
    return html.escape(shown(text))
