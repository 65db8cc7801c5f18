"""The selected network, block by block, beside the reference's; the page's script draws it."""

from hwnas.report.content import ReportContent
from hwnas.report.html import section, text


def network_section(content: ReportContent) -> str:
    """The place that the script fills."""
    return "" if content.drawn is None else network_place("the reference")


def network_place(beside: str) -> str:
    """The same beside something, as in "the reference"."""
    note = (
        "The shape of a block is its channels on the way through, its colour the size of its "
        f"kernel. The bars are predicted milliseconds of each block, below them those of {beside}."
    )
    return (
        section(
            "network",
            "Network, block by block",
            "<p id='network-total' class='small'></p>",
            "<ul class='blocks' id='network-blocks'></ul>",
            f"<noscript><p>{text('The blocks are drawn by a script of this page.')}</p></noscript>",
            note=note,
        )
        .replace("<h2 id='network-title'>", "<h2 id='network-title'><span id='network-name'>", 1)
        .replace("</h2>", "</span></h2>", 1)
    )
