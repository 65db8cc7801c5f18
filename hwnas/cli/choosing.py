"""What `hwnas export --choose` asks on a terminal: which networks of the front to export."""

import sys
from typing import TYPE_CHECKING

from hwnas.cli.asking import ask_until
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError

if TYPE_CHECKING:
    from hwnas.api.run import Run

_QUESTION = (
    "which to export: numbers or ids with commas between, or best, knee, fastest, all (empty: best)"
)


def check_terminal(output: Output) -> None:
    """Refuses to ask where nobody answers.

    Raises:
        ConfigError: says what to do instead.
    """
    if output.as_json or not (sys.stdin.isatty() and output.stderr.is_terminal):
        raise ConfigError(
            "--choose asks on a terminal, and there is none; name networks with --pick, as in "
            "--pick knee or --pick ID (front.csv and 'hwnas search' show the ids)"
        )


def ask_picks(output: Output, opened: "Run") -> str:
    """Shows the front with numbers and asks until the answer names networks.

    Raises:
        ConfigError: the answers ended before that.
        BudgetError: the front is empty.
    """
    from hwnas.report.rows import front_header, front_rows
    from hwnas.runs.front_points import front_points
    from hwnas.runs.picks import ALL, choose, read_picks
    from hwnas.search.front import knee

    result, space = opened.result(), opened.experiment.space
    front_file = opened.folder.front_file
    choose([ALL], result, space, front_file)
    points = front_points(result, space)
    rows = front_rows(points, knee(result.front), result.score_info)
    output.table(
        "the front, the quickest first",
        ["", *front_header(result)],
        [[str(number), *row] for number, row in enumerate(rows, start=1)],
    )

    def picks_of(answer: str) -> str:
        named = answer_of(answer, [point.id for point in points])
        choose(read_picks(named), result, space, front_file)
        return named

    try:
        return ask_until(output.stderr, _QUESTION, "", picks_of)
    except EOFError as error:
        raise ConfigError("nothing was chosen, and nothing exported") from error


def answer_of(answer: str, ids: list[str]) -> str:
    """Picks with commas between, with ids in place of the numbers of a list.

    Raises:
        ConfigError: the list has no such number.
    """
    parts = []
    for part in answer.replace(",", " ").split() or ["best"]:
        if not part.isdecimal():
            parts.append(part)
        elif 1 <= int(part) <= len(ids):
            parts.append(ids[int(part) - 1])
        else:
            raise ConfigError(f"there is no number {part} in the list; it ends with {len(ids)}")
    return ",".join(parts)
