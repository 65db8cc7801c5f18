"""The stages that pages show in Python, on a tiny experiment that measures and trains for real.

docs/tutorial.md, docs/guides/python.md
"""

from pathlib import Path

import pytest

from hwnas.latency.schedule import Schedule
from tests.docs.blocks import ROOT, blocks_of
from tests.hwnas.cli.conftest import CONFIG, few_visits, folder, little  # noqa: F401
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

SMALLER = {
    "epochs: 2": "epochs: 1",
    "limit: 300": "limit: 120",
    "evaluations: 12": "evaluations: 6",
    "[surrogate, layernas, nsga2, random]": "[random]",
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # so little is measured, on a busy machine
def test_the_stages_of_a_page_lead_to_a_report_and_may_be_called_again(
    folder: Path,  # noqa: F811
    little: Schedule,  # noqa: F811
) -> None:
    del little
    config = CONFIG
    for old, new in SMALLER.items():
        config = config.replace(old, new)
    (folder / "mine.yaml").write_text(config)
    for page in ("docs/tutorial.md", "docs/guides/python.md"):
        blocks = blocks_of(ROOT / page)
        [block] = (one for one in blocks if Path(__file__).name in "".join(one.notes))
        # Our own documentation.
        exec(compile(f"import hwnas\n{block.text}", block.place, "exec"), {})
        assert (folder / "runs/mine/export/winner/model.onnx").is_file()
        assert (folder / "runs/mine/report.html").is_file()
