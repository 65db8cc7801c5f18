"""`hwnas space show`: what the numbers of an architecture stand for."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.report.space_figures import columns, short
from hwnas.spaces import load_space
from hwnas.spaces.numbering import numbered_slots
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.search.problems import every_architecture


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


@pytest.mark.usefixtures("folder")
def test_a_space_shows_what_its_networks_cost_at_least_and_at_most(terminal: Terminal) -> None:
    document = terminal("space", "show", "tiny_space.yaml", "--json").document
    space = load_space("tiny_space.yaml")
    rows = space.canonical(every_architecture(space))
    for name, cost in (("macs", MACS), ("params", PARAMETERS)):
        values = cost.evaluate(space.networks(rows))
        assert document[name] == {"least": values.min(), "most": values.max()}
    answer = terminal("space", "show", "tiny_space.yaml")
    least, most = (short(document["params"][end]) for end in ("least", "most"))
    assert f"parameters: {least} to {most} a network" in answer.stdout


@pytest.mark.usefixtures("folder")
def test_a_picture_and_a_page_are_written_where_they_are_asked_for(terminal: Terminal) -> None:
    words = ("space", "show", "tiny_space.yaml", "--resolution", "8,16", "--svg", "a.svg")
    document = terminal(*words, "--html", "a.html", "--json").document
    assert (document["svg"], document["html"]) == ("a.svg", "a.html")
    texts = [one.text for one in ElementTree.parse("a.svg").iter() if one.text]
    assert {"stem", "2", "6", "head", "channels", "MACs of a choice (M)"} <= set(texts)
    page = Path("a.html").read_text()
    assert "<svg" in page
    assert "<?xml" not in page
    assert "k5 e4 se" in page.replace("\u00a0", " ")
    refused = terminal(*words)
    assert refused.code == 2
    assert "a.svg exists already; add --force to replace it" in refused.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--svg a.png", "--svg a.png must end with .svg"),
        ("--html page", "--html page must end with .html"),
        ("--svg folder.svg", "--svg folder.svg is a folder; name a file"),
    ],
)
def test_what_is_no_place_for_a_picture_is_refused(
    terminal: Terminal, folder: Path, words: str, sentence: str
) -> None:
    (folder / "folder.svg").mkdir()
    assert_refused(terminal, folder, f"space show tiny_space.yaml {words}", sentence)


@pytest.mark.parametrize("name", ["mobilenet_v2", "nas_bench_macro"])
def test_every_place_of_a_space_is_in_its_picture(name: str) -> None:
    space = load_space(name)
    places = columns(space)
    assert len(places) == len(space.prefix) + len(space.slots) + len(space.suffix)
    assert [one.label for one in places if one.stage] == [
        str(number) for number in range(1, len(space.slots) + 1)
    ]
    for one, slot in zip([one for one in places if one.stage], space.slots, strict=True):
        assert len(one.macs) == len(slot.choices)
        assert (min(one.macs) == 0) == slot.can_skip
