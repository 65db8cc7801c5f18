"""StepProgress: how far a training is, step by step."""

from collections.abc import Callable
from typing import TypeAlias

from hwnas.core.listener import Update

StepProgress: TypeAlias = Callable[[int, int, float], None]
"""Called with the steps done, all steps, and the running loss."""


def with_loss(update: Update) -> StepProgress:
    """The progress of steps as that of a progress bar, the loss as its note."""

    def show(step: int, steps: int, loss: float) -> None:
        update(step, steps, f"loss {loss:.3f}")

    return show
