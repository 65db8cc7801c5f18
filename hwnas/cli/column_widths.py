"""How wide the columns of a table are, so that none is lost and lines break between words."""

from collections.abc import Sequence

# A border on the left of the first column, and a border and two blanks for each.
_LEFT, _BESIDE = 1, 3
# Words of a heading up to here are never broken.
_WORD = 12


def column_widths(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> list[int] | None:
    """The width of each column of a table in so many characters; None where they do not fit.

    Of two columns the second one is folded wherever it must be: it holds paths and sentences.
    """
    free = width - _LEFT - _BESIDE * len(columns)
    below = [[row[index] for row in rows] for index in range(len(columns))]
    natural = [
        max(_wide(line) for cell in (column, *cells) for line in cell.splitlines() or [""])
        for column, cells in zip(columns, below, strict=True)
    ]
    if sum(natural) <= free:
        return natural
    least = [_least(column, cells) for column, cells in zip(columns, below, strict=True)]
    if sum(least) <= free:
        return _filled(least, natural, free)
    if len(columns) != 2 or free < 2 * _WORD:
        return None
    first = min(natural[0], free // 2)
    return [first, free - first]


def _least(column: str, cells: Sequence[str]) -> int:
    """The longest word."""
    heading = [_wide(word) for word in column.split()]
    words = [_wide(word) for cell in cells for word in cell.split()]
    return max((*words, *(wide for wide in heading if wide <= _WORD), 1))


def _filled(least: list[int], natural: list[int], free: int) -> list[int]:
    """The least widths, with what is left over given where it completes most columns."""
    widths, left = list(least), free - sum(least)
    for index in sorted(range(len(least)), key=lambda one: natural[one] - least[one]):
        more = min(left, natural[index] - least[index])
        widths[index] += more
        left -= more
    return widths


def _wide(text: str) -> int:
    from rich.cells import cell_len  # some characters take two columns, or none

    return cell_len(text)
