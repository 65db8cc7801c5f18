import re

import pytest

from hwnas.report.chart import Chart, axis


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0, 10.0], ["0", "2", "4", "6", "8", "10"]),
        ([0.0949, 0.1355], ["0.10", "0.11", "0.12", "0.13"]),
        ([1.0, 2.2], ["1.00", "1.25", "1.50", "1.75", "2.00", "2.25"]),
        ([0, 12_000], ["0", "2,500", "5,000", "7,500", "10,000", "12,500"]),
    ],
)
def test_ticks_are_round_numbers_with_the_digits_they_need(
    values: list[float], ticks: list[str]
) -> None:
    found = axis(values, "ms")
    assert [found.text(tick) for tick in found.ticks] == ticks
    assert found.low <= min(values) <= max(values) <= found.high


@pytest.mark.parametrize("values", [[], [3.0], [0.0, 0.0], [1e-7], [-5.0, -5.0]])
def test_any_values_have_an_axis(values: list[float]) -> None:
    found = axis(values, "ms")
    assert found.low < found.high
    assert all(0 <= found.share(value) <= 1 for value in values)
    assert len(found.ticks) > 1


def test_a_step_keeps_its_height_until_the_next_point() -> None:
    chart = Chart("c", "says", axis([0, 1], "x"), axis([0, 1], "y"))
    chart.line([(0, 0), (0.5, 1), (1, 1)], "front", steps=True)
    assert "d='M455 9545H5000V455H9545V455'" in chart.html


def test_texts_of_strangers_are_no_markup() -> None:
    x = axis([0, 1], "<b>")
    chart = Chart("c", "'<i>", x, x, tips=[(0.5, 0.5, "<u>\n'")])
    chart.rule(0.5, "<s>")
    assert not re.search(r"<[bus]>|<i>", chart.html)
