"""`hwnas space show`: what the numbers of an architecture stand for."""

import pytest

from hwnas.spaces import load_space
from hwnas.spaces.numbering import numbered_slots
from tests.hwnas.cli.conftest import Terminal


@pytest.mark.usefixtures("folder")
def test_a_space_shows_what_each_choice_stands_for(terminal: Terminal) -> None:
    answer = terminal("space", "show", "tiny_space.yaml")
    assert answer.code == 0, answer.stderr
    assert "tiny at 16 px: " in answer.stdout
    plain = answer.stdout.replace("\u00a0", " ")
    assert "0: k3 e2, 1: k3 e3, 2: k5 e2, 3: k5 e3" in plain
    assert "0: skip, 1: k3 e2 se, 2: k3 e4 se, 3: k5 e2 se, 4: k5 e4 se" in plain
    assert "of which the expansion varies fastest" in plain


@pytest.mark.usefixtures("folder")
def test_the_document_has_every_slot_in_order(terminal: Terminal) -> None:
    document = terminal("space", "show", "tiny_space.yaml", "--json").document
    space = load_space("tiny_space.yaml")
    assert document["networks"] == space.size
    counted = [
        len(one["choices"])
        for one in document["slots"]
        for _ in range(one["first"], one["last"] + 1)
    ]
    assert counted == space.choice_counts.tolist()


@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "mobilenet_v3_large", "nas_bench_macro", "once_for_all_mobilenet_v3"]
)
def test_the_choices_of_a_slot_differ_in_their_texts(name: str) -> None:
    space = load_space(name)
    for slot in space.slots:
        assert len({block.choice_name for block in slot.choices}) == len(slot.choices)
    slots = numbered_slots(space)
    assert (slots[0].first, slots[-1].last) == (1, len(space.slots))


@pytest.mark.usefixtures("folder")
def test_an_unknown_space_is_one_sentence(terminal: Terminal) -> None:
    answer = terminal("space", "show", "nothing")
    assert answer.code == 2
    assert answer.stderr.startswith("hwnas: ")
