import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from hwnas.core.foreign_text import LONGEST, shown, shown_lines


def test_what_moves_the_cursor_or_turns_the_text_is_escaped() -> None:
    assert shown("\x1b[2Jcat\x07\u202edog\x00") == r"\x1b[2Jcat\x07\u202edog\x00"


def test_bytes_of_a_name_that_is_no_utf8_are_escaped() -> None:
    assert shown("caf\udce9.jpg") == r"caf\udce9.jpg"


def test_letters_of_every_script_stay() -> None:
    text = "Katze 猫 قطة क्ष 👩‍🔬 — 16→24 é"
    assert shown(text) == text


def test_a_long_text_keeps_its_ends_and_says_what_is_missing() -> None:
    reported = shown("a" * 5_000 + "z")
    assert reported.startswith("aaa")
    assert reported.endswith("z")
    assert "(4,701 characters)" in reported
    assert len(reported) < LONGEST + 40


def test_lines_and_tabs_of_a_longer_text_stay() -> None:
    assert shown_lines("a\tb\x1b\nc") == "a\tb\\x1b\nc"


@given(st.text(st.characters(), max_size=1_000))
def test_every_text_becomes_one_line_that_can_be_encoded_and_seen(text: str) -> None:
    reported = shown(text)
    reported.encode("utf-8")
    assert len(reported.splitlines()) <= 1
    assert not {unicodedata.category(one) for one in reported} & {"Cc", "Cs", "Zl", "Zp"}
