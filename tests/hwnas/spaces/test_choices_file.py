"""A file of kept choices is read against its space, and anything wrong in it is one sentence.

The example of docs/guides/shrinking.md is read, too.
"""

from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import ConfigError
from hwnas.core.yaml_text import to_yaml
from hwnas.spaces import load_space
from hwnas.spaces.choices_file import FORMAT
from hwnas.spaces.numbering import numbered_slots, read_architecture
from hwnas.spaces.shrunk import kept_of

CONTENT: dict[str, Any] = {
    "format": FORMAT,
    "space": "nas_bench_macro",
    "slots": [
        {"slot": 1, "kept": ["k5 e6"], "gone": [{"choice": "k3 e3", "stage": 1, "why": "rare"}]},
        {"slot": 8, "kept": ["skip", "k3 e3"]},
    ],
}


def written(folder: Path, **changes: Any) -> str:
    path = folder / "choices.yaml"
    path.write_text(to_yaml(CONTENT | changes))
    return str(path)


def test_slots_that_it_does_not_name_keep_all_their_choices(tmp_path: Path) -> None:
    space = load_space("nas_bench_macro", choices=written(tmp_path))
    assert kept_of(space) == ((2,), *[(0, 1, 2)] * 6, (0, 1))
    assert space.name.startswith("nas_bench_macro shrunk ")


def test_a_family_and_other_widths_take_the_same_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    for given in ({"resolution": [16, 32]}, {"width": 2.0}, {"width": [1.0, 2.0]}):
        space = load_space("nas_bench_macro", choices=path, **given)
        assert kept_of(space) == ((2,), *[(0, 1, 2)] * 6, (0, 1))


def test_numbers_are_those_of_the_whole_space(tmp_path: Path) -> None:
    space = load_space("nas_bench_macro", choices=written(tmp_path))
    assert numbered_slots(space)[0].numbers == (2,)
    assert read_architecture(space, "2 1 0 1 0 1 1 0") == [0, 1, 0, 1, 0, 1, 1, 0]
    with pytest.raises(ValueError, match="choice 1 of slot 1 is not among those left"):
        read_architecture(space, "1 1 0 1 0 1 1 0")
    with pytest.raises(ValueError, match="'3' is not a choice of slot 1"):
        read_architecture(space, "3 1 0 1 0 1 1 0")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"space": "tiny"}, "keeps choices of the space tiny, and this is nas_bench_macro"),
        ({"format": "runs 3"}, "is not a file of kept choices"),
        ({"slots": [{"slot": 9, "kept": ["skip"]}]}, "slot 9: nas_bench_macro has 8 slots"),
        ({"slots": [{"slot": 1, "kept": []}]}, "must name at least one"),
        ({"slots": [{"slot": 1, "kept": ["k5 e3"]}]}, "no choice 'k5 e3'.*it has: conv k1, k3 e3"),
        ({"slots": [{"slot": 1, "kept": ["k3 e3"]}] * 2}, "slot 1 is there twice"),
        ({"slots": [{"slot": 1, "kept": ["k3 e3"] * 2}]}, "slot 1 keeps the same choice twice"),
        (
            {"slots": [{"slot": 7, "kept": ["skip"]}, {"slot": 8, "kept": ["k3 e3"]}]},
            "no choice of slot 7 of nas_bench_macro is left: it is always skipped, and slot 8 "
            "behind it in its stage never; keep more choices",
        ),
        ({"slots": 5}, "'slots' is 5"),
        ({"more": 5}, "unknown key 'more'"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, changes: Any, why: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ConfigError, match=why) as error:
        load_space("nas_bench_macro", choices=path)
    assert "choices.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        load_space("nas_bench_macro", choices=str(tmp_path / "nothing.yaml"))


def test_the_example_of_the_guide_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/guides/shrinking.md").read_text()
    block = page.split('title="choices.yaml"\n')[1].split("```")[0]
    (tmp_path / "choices.yaml").write_text(block)
    space = load_space("nas_bench_macro", choices=str(tmp_path / "choices.yaml"))
    assert kept_of(space)[0] == (1, 2)
