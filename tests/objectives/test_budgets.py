from pathlib import Path

import pytest

from hwnas.core.errors import BudgetError
from hwnas.objectives.budgets import Budget, unit_of
from hwnas.objectives.objective import AdditiveObjective, LargestBlockObjective
from tests.installed import install


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
        ("params", "1 G", 1e9),
        ("file_size", "1 GB", 1e9),
        ("file_size", "4 MB", 4e6),
        ("peak_memory", "900 KB", 9e5),
        ("latency@pi", "30 ms", 30.0),
        ("latency@my/pi.yaml", "0.5 s", 500.0),
    ],
)
def test_a_budget_is_read_in_its_objectives_unit(
    objective: str, text: str | float, bound: float
) -> None:
    assert Budget.of(objective, text).bound(None) == pytest.approx(bound)


def test_a_share_of_the_reference_needs_one() -> None:
    budget = Budget.of("latency", "75 % of reference")
    assert budget.bound(4.0) == pytest.approx(3.0)
    with pytest.raises(BudgetError, match="write an amount, like '12 ms'"):
        budget.bound(None)


def test_a_budget_knows_its_further_device() -> None:
    assert Budget.of("latency@my/pi.yaml", "3 ms").device == "my/pi.yaml"
    assert Budget.of("latency", "3 ms").device is None
    with pytest.raises(BudgetError, match="write an amount, like '12 ms'"):
        Budget.of("latency@pi", "75 % of reference").bound(None)


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
        ("peak_memory", "3 ms", "has the unit 'ms', but takes B, KB, MB, GB; write it like '2 MB'"),
    ],
)
def test_a_wrong_budget_is_one_sentence(objective: str, text: str | float, sentence: str) -> None:
    with pytest.raises(BudgetError) as caught:
        Budget.of(objective, text)
    assert sentence in str(caught.value)


def test_a_budget_keeps_how_it_was_written() -> None:
    assert Budget.of("macs", 60_000_000).text == 60_000_000
    assert Budget.of("latency", " 12ms").text == " 12ms"


def test_a_misspelt_cost_is_refused_with_the_nearest() -> None:
    with pytest.raises(BudgetError, match="no budget on 'latancy'; did you mean 'latency'"):
        Budget.of("latancy", "3 ms")


def test_a_cost_of_ones_own_is_written_in_its_unit() -> None:
    carbon = AdditiveObjective("carbon", "gCO2e", lambda _: 1.0)
    with pytest.raises(BudgetError, match=r"has no unit, but takes gCO2e; write it like '10 gCO2e"):
        Budget.of("carbon", 3, carbon)
    plain = LargestBlockObjective("depth", "", lambda _: 1.0)
    assert Budget.of("depth", 12, plain).bound(None) == 12.0


PACKAGE = """
from hwnas.objectives.objective import AdditiveObjective, Units

CARBON = AdditiveObjective(
    "carbon", "g", lambda block: 1.0, units=Units({"g": 1.0, "kg": 1000.0}, "20 g")
)
FITNESS = AdditiveObjective("fitness", "g", lambda block: 1.0, direction="maximize")

class Broken:
    def __init__(self):
        raise RuntimeError("no licence")
"""


def test_an_installed_package_brings_a_cost_with_its_units(site: Path) -> None:
    install(site, "green", "hwnas.objectives", "carbon = green:CARBON", PACKAGE)
    assert Budget.of("carbon", "2 kg").bound(None) == 2000.0
    assert unit_of("carbon") == "g"
    with pytest.raises(BudgetError, match=r"takes g, kg; write it like '20 g'"):
        Budget.of("carbon", "2 t")
    with pytest.raises(BudgetError, match=r"known: latency, .*, peak_memory, carbon\)"):
        Budget.of("noise", "2 t")


@pytest.mark.parametrize(
    ("name", "what", "sentence"),
    [
        ("co2", "CARBON", "calls itself 'carbon'; both names must be the same"),
        ("fitness", "FITNESS", "is to be maximized, and a budget limits what is to be minimized"),
        ("broken", "Broken", "cannot be made: RuntimeError: no licence"),
        ("units", "Units", "cannot be made: TypeError: Units.__init__"),
        ("package", "PACKAGE", "has no name"),
    ],
)
def test_an_installed_cost_that_is_none_is_refused_with_its_package(
    name: str, what: str, sentence: str, site: Path
) -> None:
    install(site, "green", "hwnas.objectives", f"{name} = green:{what}", PACKAGE + "PACKAGE = 3\n")
    with pytest.raises(BudgetError) as caught:
        Budget.of(name, "3 g")
    text = str(caught.value)
    assert text.startswith(f"the objective '{name}' (green:{what} of green 1.0) {sentence}")
    assert text.endswith("; correct that package")


def test_of_a_cost_that_is_not_installed_no_unit_is_known() -> None:
    assert unit_of("carbon") == ""
    assert (unit_of("latency@pi"), unit_of("energy"), unit_of("macs")) == ("ms", "mJ", "MACs")
