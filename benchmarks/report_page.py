"""The page of a run with thousands of trials: its size, and how fast Chromium opens and answers.

    python -m benchmarks.report_page [--trials 5000] [--repeats 5] [--out page.html]

The run is made up (benchmarks/made_up_run.py), since only its size counts. Needs Debian's Chromium
(tests/browser/install.sh). Times are the browser's own: from the navigation to the first frame
after the script has run, and from a pointer's move or a click to the frame that shows the answer.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.browser import browser, window
from benchmarks.made_up_run import made_up
from hwnas.report.page import render_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def main() -> None:
    """Prints the size of the page and its times, as JSON in the last line."""
    options = _options()
    content = made_up(options.trials)
    start = time.perf_counter()
    page = render_page(content)
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        path = options.out or Path(folder) / "report.html"
        path.write_text(page, encoding="utf-8")
        with browser() as chromium:
            found = [measured(chromium, path) for _ in range(options.repeats)]
    for one in found:
        print(json.dumps(one))
    median = {key: round(statistics.median(one[key] for one in found), 1) for key in found[0]}
    size = {"trials": options.trials, "bytes": len(page.encode()), "render_s": round(seconds, 2)}
    print(json.dumps(size | median))


def measured(chromium: "Browser", path: Path) -> dict[str, float]:
    """One opening of a page, in ms."""
    with window(chromium, path) as opened:
        return {
            "open_ms": opened.open_ms,
            "hover_ms": opened.until_shown("move", ".tip:not([hidden])"),
            "click_ms": opened.until_shown("click", ".ring.chosen:not([hidden])"),
        }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="keep the page")
    return parser.parse_args()


if __name__ == "__main__":
    main()
