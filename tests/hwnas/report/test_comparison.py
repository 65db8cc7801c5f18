from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.devices.device import Fingerprint
from hwnas.report.comparable import Searched, Shipped, check_comparable
from hwnas.report.comparison import compare
from hwnas.report.picture import comparison_svg, is_comparison
from hwnas.runs.searching import RunSearch
from hwnas.search.problem import Limit
from hwnas.spaces import load_space
from tests.hwnas.report.results import result_of
from tests.hwnas.search.problems import macro

NUMBERS = np.random.default_rng(0).permutation(3969).tolist()
DEVICE = Fingerprint(
    machine="x86_64",
    cpu="a CPU",
    cores=2,
    runtime="onnxruntime",
    runtime_version="1",
    provider="CPU",
    precision="fp32",
    threads=1,
    batch=1,
    pinned="yes",
    opset=17,
    graph_builder=1,
)
SPACE = replace(macro(), name="mobilenet_v3_small")


def run(name: str, result: RunSearch, **other: Any) -> Searched:
    """A run of a space and images; `other` replaces parts of it."""
    experiment = SimpleNamespace(
        space=other.get("space", SPACE),
        device=SimpleNamespace(name=other.get("device", "local_cpu")),
        config=SimpleNamespace(
            space_name=other.get("file", "mobilenet_v3_small"),
            data=SimpleNamespace(source=other.get("source", "digits")),
        ),
    )
    bound = {"images": other.get("images", "0123"), "supernet": other.get("supernet", "4567")}
    fingerprint = replace(DEVICE, **other.get("fields", {}))
    return Searched(
        name,
        experiment,
        result,
        bound,
        fingerprint,
        other.get("shipped"),  # type: ignore[arg-type]
    )


FULL = result_of({"layernas": NUMBERS[:300], "random": NUMBERS[:100]})
POOR = result_of({"random": NUMBERS[:100]}, quantile=0.5)


def test_each_run_is_judged_within_its_own_budget_and_within_the_smallest() -> None:
    found = compare([run("full", FULL), run("poor", POOR)])
    full, poor = found.runs
    assert [budget.bound for budget in found.common_budgets] == [POOR.problem.limits[0].bound]
    assert full.accuracy == FULL.front.scores[-1]
    kept = POOR.problem.feasible(FULL.architectures)
    assert full.accuracy_in_common == FULL.scores[kept].max() < full.accuracy
    assert poor.accuracy_in_common == poor.accuracy == POOR.front.scores[-1]
    assert (full.evaluations, full.searchers) == (300, ["layernas", "random"])


def test_the_runs_stand_in_one_box() -> None:
    found = compare([run("full", FULL), run("poor", POOR)])
    full, poor = found.runs
    assert found.standings.box is not None
    (least, best), (largest, worst) = found.standings.box
    assert least == FULL.front.costs[0]
    assert (best, largest) == (FULL.front.scores[-1], FULL.front.costs[-1])
    assert worst == min(FULL.front.scores[0], POOR.front.scores[0])
    # It judged all that the other did, and more.
    assert full.hypervolume == found.standings.together.hypervolume
    assert full.on_joined == len(found.standings.joined.scores)
    assert poor.hypervolume is not None
    assert full.hypervolume is not None
    assert poor.hypervolume < full.hypervolume


def test_the_smallest_latency_budget_is_kept_by_each_runs_own_latencies() -> None:
    cost = replace(POOR.problem.cost, name="latency", unit="ms")
    slower = replace(cost, steps=tuple(2 * step for step in cost.steps))
    bound = POOR.problem.limits[0].bound
    results = [
        replace(POOR, problem=replace(POOR.problem, cost=axis, limits=(Limit(axis, limit),)))
        for axis, limit in ((cost, bound), (slower, 10 * bound))
    ]
    found = compare([run("one", results[0]), run("other", results[1])])
    one, other = found.runs
    assert one.accuracy_in_common is not None
    assert other.accuracy_in_common is not None
    assert other.accuracy_in_common < one.accuracy_in_common
    assert found.notes == ["each run has its own latency model of the same device"]


def test_a_run_without_a_network_within_the_budget_has_no_figures() -> None:
    nothing = result_of({"random": NUMBERS[:1]}, quantile=0.0)
    _, none = compare([run("full", FULL), run("nothing", nothing)]).runs
    assert (none.accuracy, none.accuracy_in_common, none.knee, none.on_joined) == (
        None,
        None,
        None,
        0,
    )
    assert none.hypervolume == 0.0


def test_supernets_of_their_own_are_noted_and_not_refused() -> None:
    runs = [run("one", FULL), run("other", POOR, supernet="89ab")]
    check_comparable(runs)
    assert compare(runs).notes == [
        "each run has its own supernet, so accuracies also differ by its training"
    ]
    assert compare([run("one", FULL), run("other", POOR)]).notes == []


@pytest.mark.parametrize(
    ("fields", "across", "differences"),
    [
        ({"precision": "int8"}, ["precisions"], "precision fp32 and int8"),
        ({"threads": 2}, ["devices"], "threads 1 and 2"),
        (
            {"cpu": "another", "precision": "int8"},
            ["devices", "precisions"],
            "cpu a CPU and another; precision fp32 and int8",
        ),
    ],
)
def test_latencies_of_several_devices_are_compared_and_that_is_said(
    fields: dict[str, Any], across: list[str], differences: str
) -> None:
    shipped = Shipped(1.5, 70.0, 100)
    runs = [run("runs/a", FULL, shipped=shipped), run("runs/b", POOR, device="pi", fields=fields)]
    check_comparable(runs)
    found = compare(runs)
    assert found.across == across
    assert found.title == "mobilenet_v3_small on local_cpu and pi"
    assert [one.device for one in found.runs] == [
        "local_cpu, fp32",
        f"pi, {fields.get('precision', 'fp32')}",
    ]
    assert found.notes[0].startswith(
        f"latencies are compared across {' and '.join(across)} ({differences}): each is that of its"
    )
    assert len(found.notes) == 1 + ("precisions" in across)
    assert [one.shipped for one in found.runs] == [shipped, None]


def test_runs_of_one_device_are_not_compared_across_anything() -> None:
    assert compare([run("runs/a", FULL), run("runs/b", POOR)]).across == []


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            {"space": load_space("mobilenet_v3_large", resolution=32, classes=10)},
            "space is 'mobilenet_v3_small' there and 'mobilenet_v3_large' here",
        ),
        (
            {"space": load_space("mobilenet_v3_small", resolution=64, classes=10)},
            "resolution is 32 there and 64 here",
        ),
        (
            {"space": load_space("mobilenet_v3_small", resolution=32, classes=2)},
            "classes is 10 there and 2 here",
        ),
        (
            {"space": replace(SPACE, slots=SPACE.slots[:-1]), "file": "mine.yaml"},
            "space is 'mobilenet_v3_small' there and 'mine.yaml' here, with other blocks",
        ),
        (
            {"images": "89ab", "source": "photos"},
            "images is 'digits (0123)' there and 'photos (89ab)' here",
        ),
    ],
    ids=["space", "resolution", "classes", "blocks", "images"],
)
def test_runs_that_mean_something_else_are_refused(other: dict[str, Any], sentence: str) -> None:
    runs = [run("runs/a", FULL), run("runs/b", POOR), run("runs/c", POOR, **other)]
    with pytest.raises(RunError) as caught:
        check_comparable(runs)
    assert str(caught.value).startswith("runs/c cannot be compared with runs/a: " + sentence)


def test_the_picture_shows_every_run_and_is_known_again(tmp_path: Path) -> None:
    compared = compare([run("runs/a", FULL), run("runs/b", POOR)])
    text = comparison_svg(compared)
    assert ">runs/a<" in text
    assert ">runs/b<" in text
    assert ">predicted latency (ms)<" in text
    assert text == comparison_svg(compared)
    picture = tmp_path / "comparison.svg"
    picture.write_text(text)
    assert is_comparison(picture)
    picture.write_text("<svg></svg>")
    assert not is_comparison(picture)
