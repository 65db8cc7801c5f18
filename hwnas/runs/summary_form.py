"""The form of `summary.json`: read by types, since a person or a disk may have changed it."""

import json
import math
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hwnas.core.errors import RunError
from hwnas.core.foreign_text import shown
from hwnas.latency.stored import Count, Least0

Positive = Annotated[float, Field(gt=0)]
Percent = Annotated[float, Field(ge=0, le=100)]


class _Form(BaseModel):
    """What tables, page and sentences show; keys that are not named here hold what JSON holds."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)

    budgets: dict[str, Positive]
    test_images: Annotated[int, Field(gt=0)]
    front_digest: str
    model: str
    onnx_max_abs_diff: Least0
    predicted_ms: Positive | None = None
    measured_ms: Positive | None = None
    measured_median_ms: Positive | None = None
    accuracy: Percent
    weights_from: str
    macs: Count
    parameters: Count
    reference: str | None = None
    reference_predicted_ms: Positive | None = None
    reference_measured_ms: Positive | None = None
    reference_median_ms: Positive | None = None
    reference_accuracy: Percent | None = None
    reference_weights_from: str | None = None
    reference_macs: Count | None = None
    reference_parameters: Count | None = None
    precision: str = "fp32"
    engine: str | None = None
    predicted_mj: Positive | None = None
    measured_mj: Positive | None = None
    reference_predicted_mj: Positive | None = None
    reference_measured_mj: Positive | None = None
    fp32_measured_ms: Positive | None = None
    fp32_accuracy: Percent | None = None
    reference_fp32_measured_ms: Positive | None = None
    reference_fp32_accuracy: Percent | None = None
    reference_library: str | None = None
    doubtful: list[str] = Field(default_factory=list)
    verdict: str | None = None
    weights_chosen: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _further(cls, content: Any) -> Any:
        """Figures of further devices, whose keys end with a device's name."""
        if isinstance(content, dict):
            for key, value in content.items():
                what, at, name = key.partition("@")
                if at and not _possible(what, value):
                    raise ValueError(f"{shown(key, longest=60)} is {shown(value, longest=60)}")
                if at and what == "accuracy" and f"precision@{name}" not in content:
                    raise ValueError(f"there is no precision beside {shown(key, longest=60)}")
        return content


def _possible(what: str, value: Any) -> bool:
    """Whether a figure can be one in ms, an accuracy in percent, or a precision."""
    if what == "precision":
        return isinstance(value, str)
    if value is None:
        return True
    if type(value) not in (int, float) or not 0 <= value < math.inf:
        return False
    return bool(value <= 100 if what.endswith("accuracy") else value > 0)


def read_summary(path: Path) -> dict[str, Any] | None:
    """The content of a `summary.json`; None where there is none.

    Raises:
        RunError: it is damaged; the message names the key.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        _Form.model_validate(content)
    except OSError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        why = shown(first["msg"], longest=160)
        if key := ".".join(map(str, first["loc"])):
            why = f"{shown(key, longest=60)} is {shown(repr(first['input']), longest=60)}"
        raise _damaged(path, why) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"it is no JSON: {shown(error, longest=120)}") from error
    return content


def _damaged(path: Path, why: str) -> RunError:
    return RunError(
        f"{path} is damaged ({why}); write it anew with 'hwnas export {path.parent}', or delete it"
    )
