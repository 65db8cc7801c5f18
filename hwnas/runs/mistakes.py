"""Which classes an exported network confuses, and on which images it was most surely wrong."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwnas.core.errors import RunError
from hwnas.core.invalid import first_error
from hwnas.data import Split

if TYPE_CHECKING:  # which needs PyTorch
    from hwnas.export.verification import Answers

SHOWN = 24
"""So many wrong answers are kept, the surest first."""

Number = Annotated[int, Field(ge=0, le=10**12)]
Class = Annotated[int, Field(ge=0, lt=30_000)]
"""ImageNet-21k has 21,841 of them; a damaged number must not fill the memory."""
Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    """A part of the document; keys that a later version adds are left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class Wrong(_Part):
    """One image that the network was wrong on.

    Attributes:
        image: its number among the test images.
        label: the class that it is of, as its number.
        answer: the class that the network took it for.
        confidence: the probability that it gave that class.
    """

    image: Number
    label: Class
    answer: Class
    confidence: Share


class Mistakes(_Part):
    """What an exported file says of the test images.

    Attributes:
        images: the digest of these images, see `hwnas.data.Split`.
        counts: (label, answer, how many images) wherever there are any.
        wrong: the wrong answers that it was surest of, the surest first.
    """

    images: str
    counts: tuple[tuple[Class, Class, Number], ...]
    wrong: tuple[Wrong, ...]

    def to_dict(self) -> dict[str, Any]:
        """For `verification.json`."""
        return self.model_dump(mode="json")


def mistakes_of(answers: "Answers", split: Split) -> Mistakes:
    """Counts the answers of an exported file by the classes of the images.

    Args:
        answers: of the file, on every image of the split.
        split: the images with labels.
    """
    pairs, counts = np.unique(
        np.stack([answers.labels, answers.chosen]), axis=1, return_counts=True
    )
    wrong = np.flatnonzero(~answers.right)
    surest = wrong[np.argsort(-answers.confidence[wrong], kind="stable")][:SHOWN]
    return Mistakes(
        images=split.digest,
        counts=tuple(zip(*pairs.tolist(), counts.tolist(), strict=True)),
        wrong=tuple(
            Wrong(
                image=int(index),
                label=int(answers.labels[index]),
                answer=int(answers.chosen[index]),
                confidence=round(min(1.0, float(answers.confidence[index])), 4),
            )
            for index in surest
        ),
    )


def read_mistakes(path: Path) -> Mistakes | None:
    """What a `verification.json` says of mistakes; None where it says nothing or is not there.

    Raises:
        RunError: it is damaged; the message names the key.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError:
        return None
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is damaged ({error}); {_mend(path)}") from error
    if not isinstance(content, dict) or "mistakes" not in content:
        return None
    try:
        # Lists of JSON stand for tuples.
        return Mistakes.model_validate_json(json.dumps(content["mistakes"]))
    except ValidationError as error:
        raise RunError(
            f"{path} is damaged (mistakes: {first_error(error)}); {_mend(path)}"
        ) from error


def _mend(path: Path) -> str:
    return f"write a new one with 'hwnas export {path.parent.parent.parent}'"
