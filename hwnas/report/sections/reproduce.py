"""How to make the run again: its commands and its config."""

from hwnas.report.content import ReportContent
from hwnas.report.html import details, section, text


def reproduce_section(content: ReportContent) -> str:
    """The commands, and the config that they read."""
    commands = "".join(
        f"<div class='command'><code>{text(one)}</code><button type='button'>copy</button></div>"
        for one in content.setting.commands
    )
    config = details("config.yaml", f"<pre tabindex='0'>{text(content.config_yaml)}</pre>")
    note = "With the config below as config.yaml; every stage resumes where it was interrupted."
    return section("config", "Make it again", commands, config, note=note if commands else "")
