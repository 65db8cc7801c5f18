"""Chromium without a screen, as the measurements and the tests of pages use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
# Without a sandbox it runs as root; the others keep it from asking hosts of its makers.
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# Resolves when the frame that shows the present state of the page was painted.
PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))"


@contextmanager
def browser() -> Iterator["Browser"]:
    """A browser of its own, with an empty profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield found
        finally:
            found.close()


@dataclass
class Opened:
    """A page in a window.

    Attributes:
        page: as Playwright drives it.
        open_ms: from the start of the navigation to the first frame with all that scripts drew.
        errors: what went wrong in its scripts, and what it asked the network for.
    """

    page: "Page"
    open_ms: float = 0.0
    errors: list[str] = field(default_factory=list)

    def until_shown(self, what: str, selector: str) -> float:
        """How many ms after a "move" or "click" amid the front's chart an element is painted."""
        script = """
            ([what, selector]) => new Promise((done) => {
              const plot = document.querySelector("#front-chart .plot");
              plot.scrollIntoView({block: "center"});
              requestAnimationFrame(() => {
                const box = plot.getBoundingClientRect();
                const at = {bubbles: true, clientX: box.left + box.width / 2,
                            clientY: box.top + box.height / 2};
                const start = performance.now();
                plot.dispatchEvent(new PointerEvent(what === "move" ? "pointermove" : "click", at));
                const shown = document.querySelector(selector) !== null;
                requestAnimationFrame(() => setTimeout(
                  () => done(shown ? performance.now() - start : -1), 0));
              });
            })"""
        found = float(self.page.evaluate(script, [what, selector]))
        if found < 0:
            raise AssertionError(f"a {what} shows no {selector}")
        return found


@contextmanager
def window(
    found: "Browser", path: Path, *, width: int = 1280, height: int = 900, **context: Any
) -> Iterator[Opened]:
    """A page of a file in a window of its own; `context` is Playwright's, as `color_scheme`."""
    around = found.new_context(viewport={"width": width, "height": height}, **context)
    try:
        page = around.new_page()
        opened = Opened(page)
        page.on("pageerror", lambda error: opened.errors.append(str(error)))
        page.on("console", lambda said: _note(opened, said.type, said.text))
        page.on("request", lambda asked: _note_request(opened, asked.url))
        page.goto(path.resolve().as_uri())
        opened.open_ms = float(page.evaluate(f"{PAINTED}.then(() => performance.now())"))
        yield opened
    finally:
        around.close()


def _note(opened: Opened, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        opened.errors.append(text)


def _note_request(opened: Opened, url: str) -> None:
    if not url.startswith(("file:", "data:")):
        opened.errors.append(f"asked for {url}")
