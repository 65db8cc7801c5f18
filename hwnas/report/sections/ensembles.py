"""The ensembles of a run, each beside the best single network within its budget."""

from hwnas.report.content import ReportContent
from hwnas.report.ensemble_rows import (
    ENSEMBLE_HEADER,
    MEMBER_HEADER,
    ensemble_rows,
    ensemble_sentences,
    ensemble_title,
    member_rows,
)
from hwnas.report.html import details, paragraphs, section, table, text


def ensembles_section(content: ReportContent) -> str:
    """Their figures; nothing where there are none."""
    parts = []
    for one in content.ensembles:
        title = ensemble_title(one)
        members = table(MEMBER_HEADER, member_rows(one), f"members {title}")
        parts += [
            f"<h3>{text(title)}</h3>",
            table(ENSEMBLE_HEADER, ensemble_rows(one), title),
            paragraphs([f"{sentence}." for sentence in ensemble_sentences(one)], "note"),
            details("Members", members),
        ]
    if not parts:
        return ""
    note = (
        "Several networks in one file, whose probabilities are averaged; ensemble and single "
        "network were measured side by side."
    )
    return section("ensembles", "Ensembles", *parts, note=note)
