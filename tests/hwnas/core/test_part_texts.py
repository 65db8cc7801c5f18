from typing import Any

import pytest

from hwnas.core.part_texts import named, one_part


def part(value: Any) -> Any:
    return one_part(value, "penalty", "penalty", "hinge", "warmup: 0.2")


@pytest.mark.parametrize("value", ["hinge", {"hinge": {}}, {"hinge": None}])
def test_a_part_without_settings_is_its_name(value: Any) -> None:
    assert part(value) == "hinge"
    assert named(part(value)) == ("hinge", {})


def test_a_part_with_settings_stays_as_it_is() -> None:
    assert part({"hinge": {"warmup": 0}}) == {"hinge": {"warmup": 0}}


@pytest.mark.parametrize("value", [0, 3, False, [], "", "warmup"])
def test_settings_that_are_none_are_refused_and_never_left_out(value: Any) -> None:
    sentence = "name one penalty, as in 'penalty: hinge', or one with settings"
    with pytest.raises(ValueError, match=sentence):
        part({"hinge": value})
