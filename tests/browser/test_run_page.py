"""The page of a run, as a person uses it: with a pointer, with keys, on a phone, on paper."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.browser import PAINTED, window
from benchmarks.made_up_run import made_up
from hwnas.report.page import render_page
from hwnas.report.values import RunValues
from tests.browser.conftest import Window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "<img src=x onerror=alert(1)></script><b>&amp;'\""
# As far from a network as one on the chart's edge may be.
NEAR = 4


def data(page: "Page") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.locator("#data").text_content() or "")
    return found


def place_of(page: "Page", number: int) -> tuple[float, float]:
    """Where a network is in the window, in pixels."""
    page.locator("#front-chart .plot").scroll_into_view_if_needed()
    box = page.locator("#front-chart .plot").bounding_box()
    assert box is not None
    content = data(page)
    (left, right), (low, high) = content["axes"]["x"], content["axes"]["y"]
    x = (content["ms"][number] - left) / (right - left)
    y = (content["score"][number] - low) / (high - low)
    return box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]


def chosen(page: "Page") -> str:
    return page.locator("#network-card h3").inner_text().removeprefix("Network ")


def test_nothing_goes_wrong_and_nothing_is_asked_for(run_window: Window) -> None:
    with run_window() as opened:
        assert opened.errors == []
        assert opened.page.title() == "hwnas: mobilenet_v3_large on a small board"


def test_a_page_of_5000_trials_has_two_megabytes_at_most(run_page: Path) -> None:
    assert run_page.stat().st_size <= 2_000_000


def test_the_exported_winner_is_drawn_first_beside_the_reference(run_window: Window) -> None:
    with run_window() as opened:
        page, content = opened.page, data(opened.page)
        assert chosen(page) == content["id"][content["winner"]]
        rows = page.locator("#network-blocks li:not(.head)")
        assert rows.count() >= len(content["net"][content["winner"]])
        assert page.locator("#network-blocks .of-network").count() == len(
            content["net"][content["winner"]]
        )
        assert "mobilenet_v3_large" in page.locator("#network-total").inner_text()
        # The blocks' milliseconds are those of the sum.
        shown = page.locator("#network-blocks .of-network").all_inner_texts()
        total = sum(float(text.split()[0]) for text in shown)
        assert total == pytest.approx(content["ms"][content["winner"]] - 0.05, rel=1e-2)


def test_pointing_at_a_network_says_what_it_is(run_window: Window) -> None:
    with run_window() as opened:
        page, content = opened.page, data(opened.page)
        number = content["front"][0]
        page.mouse.move(*place_of(page, number))
        tip = page.locator(".tip")
        assert tip.is_visible()
        text = tip.inner_text()
        for said in (content["id"][number], "on the front", content["arch"][number], "MACs"):
            assert said in text
        page.mouse.move(2, 2)
        assert tip.is_hidden()


def test_a_click_selects_a_network_and_draws_its_blocks(run_window: Window) -> None:
    with run_window() as opened:
        page, content = opened.page, data(opened.page)
        number = content["front"][1]
        page.mouse.click(*place_of(page, number))
        name = content["id"][number]
        assert chosen(page) == name
        assert page.locator("#network-name").inner_text() == f"Network {name}, block by block"
        row = page.locator("tr.chosen")
        assert row.locator("button").get_attribute("data-front") == "1"
        drawn = page.locator("#network-blocks .own:not(.skipped)")
        assert drawn.count() == len(content["net"][number])
        command = page.locator("#network-card .command code").inner_text()
        assert command == f"hwnas export runs/made_up --pick {name}"


def test_arrow_keys_move_along_the_front(run_window: Window) -> None:
    with run_window() as opened:
        page, content = opened.page, data(opened.page)
        plot = page.locator("#front-chart [role=slider]")
        plot.focus()
        page.keyboard.press("Home")
        assert chosen(page) == content["id"][content["front"][0]]
        page.keyboard.press("ArrowRight")
        name = content["id"][content["front"][1]]
        assert chosen(page) == name
        # What a screen reader says.
        assert plot.get_attribute("aria-valuenow") == "1"
        assert name in (plot.get_attribute("aria-valuetext") or "")
        page.keyboard.press("End")
        assert chosen(page) == content["id"][content["front"][-1]]


def test_the_table_of_the_front_selects_by_keyboard_too(run_window: Window) -> None:
    with run_window() as opened:
        page, content = opened.page, data(opened.page)
        button = page.locator("button[data-front='2']")
        button.focus()
        page.keyboard.press("Enter")
        assert chosen(page) == content["id"][content["front"][2]]
        assert button.get_attribute("aria-pressed") == "true"


def test_a_searcher_is_hidden_and_not_pointed_at(run_window: Window) -> None:
    with run_window() as opened:
        page, content = opened.page, data(opened.page)
        dots = page.locator("#front-chart path.dots[data-group='2']").first
        button = page.get_by_role("button", name="random")
        assert dots.is_visible()
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        assert dots.is_hidden()
        # Only the front is left when every searcher is hidden.
        for name in ("layernas", "nsga2", "surrogate"):
            page.get_by_role("button", name=name).click()
        box = page.locator("#front-chart .plot").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"])
        assert page.locator(".tip").is_hidden()
        page.mouse.move(*place_of(page, content["front"][0]))
        assert page.locator(".tip").is_visible()
        button.click()
        assert dots.is_visible()


def test_networks_over_a_budget_are_hidden_by_one_button(run_window: Window) -> None:
    with run_window() as opened:
        page = opened.page
        over = page.locator("#front-chart path.dots[data-over]").first
        assert over.is_visible()
        page.get_by_role("button", name="over a budget").click()
        assert over.is_hidden()
        assert page.locator("#front-chart path.dots[data-group='0']:not([data-over])").is_visible()


@pytest.mark.parametrize("width", [400, 320])
def test_a_phone_shows_it_without_scrolling_sideways(run_window: Window, width: int) -> None:
    with run_window(width=width, height=800, has_touch=True) as opened:
        page = opened.page
        assert page.evaluate("document.documentElement.scrollWidth") == width
        # Text keeps its size: at least 12 px in the chart.
        size = page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('.tick')).fontSize)"
        )
        assert size >= 12
        content = data(page)
        page.touchscreen.tap(*place_of(page, content["front"][0]))
        assert chosen(page) == content["id"][content["front"][0]]
        assert page.evaluate("document.documentElement.scrollWidth") == width


def brightness(page: "Page", selector: str, what: str) -> float:
    """Of a colour, from 0 to 255."""
    color = page.evaluate(
        "([s, w]) => getComputedStyle(document.querySelector(s))[w]", [selector, what]
    )
    red, green, blue = map(float, re.findall(r"[\d.]+", color)[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_read_in_light_and_in_dark(run_window: Window, scheme: str) -> None:
    with run_window(color_scheme=scheme) as opened:
        page = opened.page
        ground = brightness(page, "section", "backgroundColor")
        assert ground < 60 if scheme == "dark" else ground > 200
        for selector in ("h2", ".tick", ".note", "#network-blocks .other"):
            assert abs(brightness(page, selector, "color") - ground) > 80
        assert abs(brightness(page, "path.line.front", "stroke") - ground) > 120


def test_it_prints_in_light_with_all_unfolded(run_window: Window) -> None:
    with run_window(color_scheme="dark") as opened:
        page = opened.page
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print", color_scheme="dark")
        assert brightness(page, "h2", "color") < 60
        assert page.locator("section#config pre").is_visible()
        assert page.locator("nav").is_hidden()
        assert page.pdf().startswith(b"%PDF")


def test_keys_move_through_what_choices_were_worth(run_window: Window) -> None:
    with run_window() as opened:
        page = opened.page
        sliders = page.locator("#values input[type=range]")
        assert sliders.count() == 1  # a fit has no history
        said = page.locator("#values output")
        cells = page.locator("#values-map-1 td")
        tone = "one => getComputedStyle(one).getPropertyValue('--cell')"
        assert said.inner_text() == "after epoch 60"
        values = cells.locator("span").all_inner_texts()
        strongest = max(range(len(values)), key=lambda place: abs(float(values[place])))
        colour = cells.nth(strongest).evaluate(tone)
        sliders.focus()
        page.keyboard.press("Home")
        assert said.inner_text() == "after epoch 1"
        # What a screen reader says.
        assert sliders.get_attribute("aria-valuetext") == "after epoch 1"
        page.keyboard.press("ArrowRight")
        assert said.inner_text() == "after epoch 2"
        early = cells.nth(strongest).locator("span").inner_text()
        assert float(early) == pytest.approx(2 / 60 * float(values[strongest]), abs=0.011)
        assert cells.nth(strongest).evaluate(tone) != colour
        assert f"{early}, after epoch 2" in (cells.nth(strongest).get_attribute("data-tip") or "")
        page.keyboard.press("End")
        assert cells.locator("span").all_inner_texts() == values
        assert cells.nth(strongest).evaluate(tone) == colour
        assert opened.errors == []


def test_the_best_network_is_framed_in_every_map_and_each_moment(run_window: Window) -> None:
    with run_window() as opened:
        page = opened.page
        rows = page.locator("#values-map-0 tr").count()
        for name in ("#values-map-0", "#values-map-1"):
            assert page.locator(f"{name} td.won").count() == rows
        page.locator("#values input[type=range]").focus()
        page.keyboard.press("Home")
        assert page.locator("#values-map-1 td.won").count() == rows
        assert "The best network of the front is framed." in page.locator("#values").inner_text()


def test_a_page_that_is_printed_shows_the_values_without_their_slider(run_window: Window) -> None:
    with run_window() as opened:
        page = opened.page
        assert page.locator("#values .moments").is_visible()
        page.emulate_media(media="print")
        assert page.locator("#values .moments").is_hidden()
        assert page.locator("#values-map-1").is_visible()


def test_names_with_markup_stay_names(chromium: "Browser", tmp_path: Path) -> None:
    content = made_up(40, title=HOSTILE, config_yaml=HOSTILE, warnings=[HOSTILE])
    assert content.drawn is not None
    object.__setattr__(content.drawn, "groups", [HOSTILE, *content.drawn.groups[1:]])
    assert content.values is not None
    drawn = content.values.maps[1]
    names = {"title": HOSTILE, "unit": HOSTILE, "moment": HOSTILE + " {}", "framed": HOSTILE}
    slots = {
        "slots": (HOSTILE,) * len(drawn.slots),
        "choices": tuple((HOSTILE,) * len(one) for one in drawn.choices),
    }
    hostile = RunValues([drawn, replace(drawn, **names, **slots)])
    content = replace(content, values=hostile)
    path = tmp_path / "report.html"
    path.write_text(render_page(content), encoding="utf-8")
    with window(chromium, path) as opened:
        page = opened.page
        assert opened.errors == []
        assert page.locator("h1").inner_text() == HOSTILE
        assert page.locator("#front-legend button").first.inner_text() == HOSTILE
        assert page.locator("img[src=x]").count() == 0
        page.locator("#front-chart [role=slider]").focus()
        for number in range(len(content.drawn.front)):
            page.keyboard.press("Home" if number == 0 else "ArrowRight")
        page.locator("#values input[type=range]").last.focus()
        page.keyboard.press("Home")
        assert page.locator("#values output").last.inner_text() == f"{HOSTILE} 1"
        page.locator("#values-map-1 td").first.hover()
        assert HOSTILE in page.locator(".tip").inner_text()
        assert page.locator("img[src=x]").count() == 0
        assert opened.errors == []


def test_every_part_has_a_name_for_screen_readers(run_window: Window) -> None:
    with run_window() as opened:
        page = opened.page
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("h1").count() == 1
        nameless = page.evaluate(
            """() => [...document.querySelectorAll(
                 "section, [role=img], [role=slider], [role=region], button, input, img")]
               .filter(one => !(one.getAttribute("aria-label") || one.textContent.trim()
                 || one.getAttribute("alt") || one.getAttribute("aria-labelledby")))
               .map(one => one.outerHTML)"""
        )
        assert nameless == []


def test_it_answers_before_a_tenth_of_a_second_of_processor_time(run_window: Window) -> None:
    with run_window() as opened:
        session = opened.page.context.new_cdp_session(opened.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = task_seconds(session)
        opened.until_shown("move", ".tip:not([hidden])")
        opened.page.evaluate(PAINTED)
        assert task_seconds(session) - before <= 0.1


def task_seconds(session: Any) -> float:
    """The processor time of the page's own thread."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))
