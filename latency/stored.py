"""Documents at rest as dataclasses: every value of its type, finite, and possible."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, create_model

from hwnas.core.configs import StrictModel
from hwnas.core.errors import TableError
from hwnas.core.foreign_text import shown
from hwnas.core.invalid import first_error
from hwnas.devices.answers import MOST_MJ

T = TypeVar("T")

# The bounds leave room for any network: milliseconds, millijoules, percents and shares alike.
Measured = Annotated[float, Field(gt=0, le=MOST_MJ)]
"""What was measured, or follows from what was: never 0."""
Least0 = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Tau = Annotated[float, Field(ge=-1, le=1)]
Count = Annotated[int, Field(ge=0)]


def read_stored(form: type[T], content: Mapping[str, Any], what: str) -> T:
    """A dataclass of the JSON object that it was stored as.

    Args:
        form: the dataclass; the types of its fields say what may be in it.
        content: as `json.loads` gives it.
        what: names it in messages, as in "a latency model".

    Raises:
        TableError: missing or unknown keys, values of other types, or impossible ones.
    """
    try:
        return validated(form, content)
    except ValidationError as error:
        raise TableError(f"{what} cannot be read: {first_error(error, skip=1)}") from error
    except (ValueError, RecursionError) as error:
        raise TableError(f"{what} cannot be read: {shown(error, longest=120)}") from error


def validated(form: type[T], content: Mapping[str, Any]) -> T:
    """The same, but it raises pydantic's ValidationError, whose places begin with "content"."""
    hashable: Any = form
    # From JSON: a list may be a tuple then, and strictly: no text is a number.
    whole = json.dumps({"content": content})
    read: Any = _model(hashable).model_validate_json(whole, strict=True)
    found: T = read.content
    return found


@cache
def _model(form: type[Any]) -> type[BaseModel]:
    return create_model(form.__name__, __base__=StrictModel, content=(form, ...))
