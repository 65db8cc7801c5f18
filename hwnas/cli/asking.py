"""A question on a terminal, asked until the answer can be."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from hwnas.core.errors import HwnasError
from hwnas.core.foreign_text import shown_lines

if TYPE_CHECKING:
    from rich.console import Console

Answer = TypeVar("Answer")


def ask_until(
    console: "Console", question: str, default: str, check: Callable[[str], Answer]
) -> Answer:
    """What `check` makes of the first answer that it takes.

    Args:
        console: of the terminal.
        question: as it is printed.
        default: the answer of someone who only presses Enter; shown where it is not empty.
        check: gets the answer; a `HwnasError` is told, and the question asked again.

    Raises:
        EOFError: the answers ended.
    """
    from rich.prompt import Prompt
    from rich.text import Text

    while True:
        text = Prompt.ask(
            Text(question), console=console, default=default, show_default=bool(default)
        )
        try:
            return check(text.strip())
        except HwnasError as error:
            console.print(shown_lines(str(error)), soft_wrap=True, markup=False)
