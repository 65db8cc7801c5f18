import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.core.errors import ConfigError
from hwnas.core.yaml_text import parse_yaml, to_yaml

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0224", 224),
        ("1:30", "1:30"),
        ("1e-3", 0.001),
        ("-.5", -0.5),
        ("0x1F", 31),
        ("no", "no"),
        ("true", True),
        ("2024-02-30", "2024-02-30"),
        ("~", None),
        ("", None),
        ("'7'", "7"),
    ],
)
def test_values_are_read_as_yaml_1_2(text: str, value: object) -> None:
    assert parse_yaml(text, "f.yaml") == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "train:\n  epochs: 1\nname: a\ntrain: {}\n",
            "f.yaml: the key 'train' stands on line 1 and again on line 4; keep one of them",
        ),
        ("a: {b: 1, b: 2}", "the key 'b' stands on line 1 and again on line 1"),
        ("a:\n- !!bool x", "f.yaml line 2 is not valid YAML: 'x' is not a valid bool"),
        ("a: !!set {x}", "the tag tag:yaml.org,2002:set is not known; leave it out"),
        ("a: " + "9" * 5_000, "a number of 5,000 digits is too long"),
        ("a: &x [*x]", "an alias stands inside what it names"),
        ("[" * 3_000, "f.yaml line 1 is nested more than 50 levels deep"),
        ('a: "\\0"', "f.yaml line 1 is not valid YAML: a value holds a NUL character"),
        ("a: 1\nb: \x1b", r"f.yaml line 2 is not valid YAML: it holds the character \x1b"),
        (BOMB, "more than 100,000 values"),
        ("# " + "x" * 1_000_000, "f.yaml has 1,000,002 characters, and 1,000,000 are the limit"),
        ("a: b: c", "f.yaml line 1 is not valid YAML: mapping values are not allowed here"),
        ("? [a]\n: b", "a key must be one word"),
    ],
)
def test_what_is_not_plain_yaml_is_one_sentence_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        parse_yaml(text, "f.yaml")
    assert str(caught.value).count("not valid YAML") <= 1
    assert "\n" not in str(caught.value)


def test_a_key_of_ones_own_beside_a_merged_one_is_not_twice() -> None:
    text = "base: &base {epochs: 1, flip: true}\ntrain: {<<: *base, epochs: 2}"
    assert parse_yaml(text, "f.yaml")["train"] == {"epochs": 2, "flip": True}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]))
    | st.sampled_from(["1e-3", "0o17", "0224", "1:30", "no", "yes", "~", ".5", "null", "0x1F"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_as_the_same(value: object) -> None:
    assert parse_yaml(to_yaml({"key": value}), "f.yaml") == {"key": value}


@given(st.text(max_size=60))
def test_whatever_stands_there_is_read_or_refused_with_one_sentence(text: str) -> None:
    sentence = "f.yaml"
    try:
        parse_yaml(text, "f.yaml")
    except ConfigError as error:
        sentence = str(error)
    assert sentence.startswith("f.yaml")
    assert len(sentence.splitlines()) == 1
