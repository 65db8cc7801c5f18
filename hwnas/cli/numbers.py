"""Options that take one number, or several with commas between them."""

from collections.abc import Callable
from typing import TypeVar

import typer

Number = TypeVar("Number", int, float)

NUMBERS = "NUMBER[,NUMBER…]"
"""What stands for such a value in help."""


def several_numbers(
    kind: type[Number], least: Number, most: Number
) -> Callable[[str], Number | list[Number]]:
    """Reads "96" as 96, and "96,128" as [96, 128].

    Args:
        kind: of the numbers.
        least: of each.
        most: of each.
    """
    name = "a whole number" if kind is int else "a number"

    def read(text: str) -> Number | list[Number]:
        numbers = []
        for part in text.split(","):
            try:
                number = kind(part)
            except ValueError:
                number = None
            if number is None or not least <= number <= most:
                problem = f"must be {name} from {least:g} to {most:g}, or several with commas"
                raise typer.BadParameter(f"{problem} between them, and '{part.strip()}' is not")
            numbers.append(number)
        return numbers[0] if len(numbers) == 1 else numbers

    return read
