"""One Chromium for all tests of pages, and the pages that they open."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.browser import Opened, browser, window
from benchmarks.made_up_run import made_up
from hwnas.report.page import render_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Window = Callable[..., AbstractContextManager[Opened]]


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def run_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with 5,000 trials, every section in it."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_page(made_up(5000)), encoding="utf-8")
    return path


@pytest.fixture
def run_window(chromium: "Browser", run_page: Path) -> Window:
    """Opens that page in a window of its own, see `benchmarks.browser.window`."""
    return partial(window, chromium, run_page)
