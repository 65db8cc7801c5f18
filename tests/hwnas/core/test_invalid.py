"""The first error of a document, in words."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from hwnas.core.configs import StrictModel
from hwnas.core.invalid import first_error


class Inner(StrictModel):
    count: int = Field(ge=0)


class Document(StrictModel):
    inner: tuple[Inner, ...] = ()
    word: str = ""

    @field_validator("word")
    @classmethod
    def _known(cls, text: str) -> str:
        if text == "wrong":
            raise ValueError("It should be a known word")
        return text


def sentence(content: object, form: type[BaseModel] = Document, **place: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        form.model_validate_json(json.dumps(content), strict=True)
    return first_error(caught.value, **place)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"inner": [{"count": 1}, {}]}, "inner[1].count is missing"),
        ({"inner": [{"count": 1, "x": 2}]}, "inner[0].x is not known here"),
        (
            {"inner": [{"count": -1}]},
            "inner[0].count is -1, but it should be greater than or equal to 0",
        ),
        ({"word": "wrong"}, "word is 'wrong', but it should be a known word"),
        ([], "the document is [], but it should be an object"),
        ({"w\x1b": 1}, "w\\x1b is not known here"),
    ],
)
def test_the_first_error_is_a_sentence_with_its_place(content: object, expected: str) -> None:
    assert sentence(content) == expected


def test_a_part_of_a_larger_document_is_named_by_its_place_there() -> None:
    found = sentence({"inner": [{}]}, place="models[3].content", skip=1)
    assert found == "models[3].content[0].count is missing"


def test_a_long_value_is_cut() -> None:
    assert len(sentence({"word": ["a" * 10_000]})) < 250
