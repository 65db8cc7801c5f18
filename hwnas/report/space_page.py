"""The page of a search space: one self-contained HTML file."""

from hwnas.report.html import paragraphs, section, table, text
from hwnas.report.page import document, header
from hwnas.report.space_figures import SpaceFigures
from hwnas.report.space_picture import space_svg
from hwnas.spaces import Space
from hwnas.spaces.numbering import ORDER, SHORT_WORDS, SLOTS_HEADER, numbered_slots, slot_rows
from hwnas.spaces.space import size_text


def space_page(space: Space) -> str:
    """The HTML text, with its picture in it: it needs no network to be read."""
    figures = SpaceFigures.of(space)
    picture = space_svg(space)
    slots = numbered_slots(space)
    sections = [
        section(
            "space",
            "Networks",
            paragraphs(
                [
                    f"{size_text(figures.networks)} networks of {figures.blocks} distinct blocks",
                    *figures.sentences,
                ]
            ),
        ),
        section(
            "picture",
            "From the image to the classes",
            # Without the head of a file of its own.
            f"<div class='scroll'>{picture[picture.index('<svg') :]}</div>",
            note="Above: channels (bars) and pixels of the map (line) behind every block. Below: "
            "what each choice of a slot costs; a skip costs nothing. Stages alternate in shade.",
        ),
        section(
            "slots",
            "Slots and choices",
            table(SLOTS_HEADER, slot_rows(slots), "slots"),
            paragraphs([ORDER, SHORT_WORDS], "note"),
        ),
    ]
    links = [("space", "Networks"), ("picture", "Picture"), ("slots", "Slots")]
    title = f"{space.name} at {', '.join(map(str, space.resolutions))} px"
    return document(
        title=f"<title>hwnas space: {text(title)}</title>",
        head=header("hwnas space", title, links),
        body="".join(sections),
        data={},
    )
