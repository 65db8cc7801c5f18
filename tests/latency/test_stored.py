"""What is at rest is read by its types; the sentence names the place."""

import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest

from hwnas.core.errors import TableError
from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.latency.validation import Agreement, Validation

GOOD = Agreement(2, 1.5, 1.0, 1.0, 0.93, 4.0)
MODEL = LatencyModel(
    {"a": 0.5, "b": 1.0},
    Correction("scale", 0.1, {"scale": 1.0}),
    Validation(GOOD, GOOD, (1.0, 2.0), (1.1, 2.1), (1.0, 2.2), (1.2, 2.0)),
    ("n",),
    ("m", "o"),
    "alone",
    {"alone": 2.0},
)


def stored() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(MODEL.to_dict()))
    return content


def test_a_model_is_read_as_it_was_stored() -> None:
    assert LatencyModel.from_dict(stored()) == MODEL
    once = replace(MODEL, validation=replace(MODEL.validation, replicate=None))  # type: ignore[type-var]
    assert LatencyModel.from_dict(json.loads(json.dumps(once.to_dict()))) == once
    assert asdict(once)["validation"]["replicate"] is None


@pytest.mark.parametrize("ms", [0, -1.0, math.nan, math.inf, "1", True, None, [1.0], 1e300])
def test_latencies_that_cannot_be_are_refused_by_name(ms: object) -> None:
    content = stored()
    content["blocks"]["b"] = ms
    with pytest.raises(TableError, match="the latency model cannot be read"):
        LatencyModel.from_dict(content)


def test_the_sentence_says_where_and_what() -> None:
    content = stored()
    content["blocks"]["b\x1b"] = -2.0
    with pytest.raises(
        TableError, match=r"blocks\.b\\x1b is -2\.0, but it should be greater than 0"
    ):
        LatencyModel.from_dict(content)


@pytest.mark.parametrize("key", ["blocks", "correction", "validation"])
def test_documents_of_another_shape_are_refused(key: str) -> None:
    with pytest.raises(TableError, match="cannot be read"):
        LatencyModel.from_dict(stored() | {key: [1]})
    with pytest.raises(TableError, match="invented"):
        LatencyModel.from_dict(stored() | {"invented": 1})


def test_lists_of_other_lengths_are_refused() -> None:
    content = stored()
    content["validation"]["predicted"].append(3.0)
    with pytest.raises(TableError, match="not of the same networks"):
        LatencyModel.from_dict(content)
