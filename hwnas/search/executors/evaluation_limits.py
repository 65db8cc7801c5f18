"""EvaluationLimits: what the evaluation of one network may take."""

from typing import Annotated

from pydantic import Field

from hwnas.core.configs import StrictModel


class EvaluationLimits(StrictModel):
    """What one evaluation may take before it is ended and counts as failed.

    Only what runs in another process can be ended: limits need workers.

    Attributes:
        seconds: of time.
        memory_mb: of memory that its process has, in MB (10⁶ bytes), with all that it had before:
            Python, PyTorch, the images, the weights.
    """

    seconds: Annotated[float, Field(gt=0)] | None = None
    memory_mb: Annotated[float, Field(gt=0)] | None = None

    def __bool__(self) -> bool:
        return self != EvaluationLimits()
