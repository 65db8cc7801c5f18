"""The page of several runs in a browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.browser import window
from hwnas.report.comparison import compare
from hwnas.report.comparison_page import comparison_page
from hwnas.report.comparison_rows import comparison_rows
from hwnas.report.points import DrawnPoints
from tests.hwnas.report.drawn import two_networks
from tests.hwnas.report.test_comparison import FULL, POOR, run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("runs/<b>one</b>", "runs/other")


def drawn() -> DrawnPoints:
    """A network of each of two runs."""
    found = two_networks()
    references = [found.references[0], None]
    return two_networks(groups=list(NAMES), member=found.member * [1, 2], references=references)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("comparison") / "comparison.html"
    compared = compare([run(name, found) for name, found in zip(NAMES, (FULL, POOR), strict=True)])
    assert comparison_rows(compared)
    path.write_text(comparison_page(compared, drawn()), encoding="utf-8")
    return path


def test_a_network_of_each_run_is_drawn_beside_that_runs_reference(
    chromium: "Browser", page_file: Path
) -> None:
    with window(chromium, page_file) as opened:
        page = opened.page
        page.get_by_role("slider").focus()
        page.keyboard.press("Home")
        assert page.locator("#network-card dd").last.inner_text() == NAMES[0]
        assert "v3" in page.locator("#network-total").inner_text()
        page.keyboard.press("End")
        assert page.locator("#network-card dd").last.inner_text() == NAMES[1]
        assert page.locator("#network-blocks .other").count() == 0
        assert opened.errors == []


def test_a_run_is_hidden_with_its_front(chromium: "Browser", page_file: Path) -> None:
    with window(chromium, page_file) as opened:
        page = opened.page
        line = page.locator("path.line[data-group='1'], path.dots[data-group='1']").first
        page.get_by_role("button", name=NAMES[1]).click()
        assert line.evaluate("one => getComputedStyle(one).display") == "none"


def test_a_phone_shows_it_without_scrolling_sideways(chromium: "Browser", page_file: Path) -> None:
    with window(chromium, page_file, width=400) as opened:
        assert opened.page.evaluate("document.documentElement.scrollWidth") == 400
