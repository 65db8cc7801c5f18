import pytest

from hwnas.core.errors import BudgetError
from hwnas.runs.budgets import parse_budget


@pytest.mark.parametrize(
    ("objective", "text", "bound"),
    [
        ("latency", "12 ms", 12.0),
        ("latency", "12ms", 12.0),
        ("latency", "250 us", 0.25),
        ("latency", "500 \u00b5s", 0.5),
        ("latency", "500 \u03bcs", 0.5),
        ("latency", "0.5 s", 500.0),
        ("energy", "40 mJ", 40.0),
        ("energy", "0.5 J", 500.0),
        ("macs", "60 M", 60e6),
        ("macs", 60_000_000, 60e6),
        ("macs", "6e7", 60e6),
        ("params", "2.5M", 2.5e6),
        ("file_size", "4 MB", 4e6),
        ("peak_memory", "900 KB", 9e5),
        ("latency@pi", "30 ms", 30.0),
        ("latency@my/pi.yaml", "0.5 s", 500.0),
    ],
)
def test_a_budget_is_read_in_its_objectives_unit(
    objective: str, text: str | float, bound: float
) -> None:
    assert parse_budget(objective, text).bound(None) == pytest.approx(bound)


def test_a_share_of_the_reference_needs_one() -> None:
    budget = parse_budget("latency", "75 % of reference")
    assert budget.bound(4.0) == pytest.approx(3.0)
    with pytest.raises(BudgetError, match="write an amount, like '12 ms'"):
        budget.bound(None)


def test_a_budget_knows_its_further_device() -> None:
    assert parse_budget("latency@my/pi.yaml", "3 ms").device == "my/pi.yaml"
    assert parse_budget("latency", "3 ms").device is None
    with pytest.raises(BudgetError, match="write an amount, like '12 ms'"):
        parse_budget("latency@pi", "75 % of reference").bound(None)


@pytest.mark.parametrize(
    ("objective", "text", "sentence"),
    [
        ("latency", 25, "has no unit, but takes ms, us, µs, s; write it like '12 ms'"),
        ("latency", "25 MB", "has the unit 'MB'"),
        ("latency", "25 MS", "has the unit 'MS'"),
        ("latency", "ten ms", "cannot be read"),
        ("latency", "-3 ms", "cannot be read"),
        ("latency", "0 ms", "must be more than zero"),
        ("latency", "1.2.3 % of reference", "cannot be read"),
        ("macs", "3 GB", "has the unit 'GB'"),
        (
            "power",
            "3 W",
            "there is no budget on 'power' (known: latency, latency@DEVICE, energy, macs",
        ),
        ("energy", 40, "has no unit, but takes mJ, J; write it like '40 mJ'"),
        ("energy", "40 ms", "has the unit 'ms', but takes mJ, J"),
        ("energy@gpu", "40 mJ", "there is no budget on 'energy@gpu'"),
        ("macs@pi", "3 M", "there is no budget on 'macs@pi'"),
        ("latency@", "3 ms", "the budget 'latency@' names no device"),
        ("latency@pi", "3 M", "the latency@pi budget '3 M' has the unit 'M'"),
        ("peak_memory", "3 ms", "has the unit 'ms', but takes B, KB, MB; write it like '2 MB'"),
    ],
)
def test_a_wrong_budget_is_one_sentence(objective: str, text: str | float, sentence: str) -> None:
    with pytest.raises(BudgetError) as caught:
        parse_budget(objective, text)
    assert sentence in str(caught.value)
