"""What the run was made on, and what it cost."""

from hwnas.report.content import ReportContent
from hwnas.report.html import section, table, text


def costs_section(content: ReportContent) -> str:
    """Device, versions and the time of each stage; "" where nothing is known."""
    setting = content.setting
    if not setting.facts:
        return ""
    costs = table(["stage", "what it did", "time"], [list(row) for row in setting.costs], "stages")
    return section("setting", "Device, versions and cost", facts_list(setting.facts), costs)


def facts_list(facts: list[tuple[str, str]]) -> str:
    """Facts with their labels."""
    rows = "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in facts)
    return f"<dl class='facts'>{rows}</dl>"
