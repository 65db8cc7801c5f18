"""Budgets on peak memory and on the latency of further devices."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.devices.device import load_device
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.latency.table import LatencyTable
from hwnas.objectives.costs import PEAK_MEMORY
from hwnas.search.searchers import SEARCHERS, needs_known_score
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, add_training, assert_no_run, imported
from tests.hwnas.cli.test_accuracies_of_a_csv import CONFIG, write_csv
from tests.hwnas.search.problems import every_architecture


@pytest.fixture
def known(npu: Path) -> Path:
    """The working folder with `known.yaml`, and a table of a slower device `phone.yaml`."""
    every = f"[{', '.join(name for name in SEARCHERS.ours if not needs_known_score(name))}]"
    (npu / "known.yaml").write_text(CONFIG.replace("[surrogate, random]", every))
    write_csv(npu / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    return imported(npu, "phone", "tables/phone.sqlite", scale=7.0)


def test_a_budget_on_a_further_device_is_kept_and_shown(known: Path, terminal: Terminal) -> None:
    free = terminal("search", "known.yaml", "--budget", "latency=1 s", "--json").document
    assert not [key for key in free["front"][0] if "@" in key]
    bound = 7 * float(np.median([point["latency_ms"] for point in free["front"]])) - 0.6
    words = ("search", "known.yaml", "--budget", f"latency@phone.yaml={bound} ms")
    shown = terminal(*words)
    assert shown.code == 0, shown.stderr
    assert "phone.yaml" in shown.stdout
    assert "warning: latency@phone.yaml: these latencies were never checked" in shown.stderr
    document = terminal(*words, "--json").document
    assert document["budgets"]["latency@phone.yaml"] == {"bound": bound, "unit": "ms"}
    predicted = [point["predicted_ms@phone.yaml"] for point in document["front"]]
    assert max(predicted) <= bound
    # Its table is that of this device but for a factor, and the overhead of 0.1 ms.
    own = [point["latency_ms"] for point in document["front"]]
    assert predicted == pytest.approx([7 * (ms - 0.1) + 0.1 for ms in own])
    with (known / "runs/known/front.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["predicted_ms@phone.yaml"]) for row in rows] == pytest.approx(predicted, 1e-5)
    assert terminal("report", "runs/known").code == 0
    assert "on phone.yaml (ms)" in (known / "runs/known/report.html").read_text()


def objectives(*names: str) -> tuple[str, ...]:
    asked = f"search.settings={{nsga3: {{objectives: [{', '.join(names)}]}}}}"
    return ("--set", "search.searchers=[nsga3]", "--set", asked)


def test_the_latency_on_a_further_device_is_an_objective_without_a_budget(
    known: Path, terminal: Terminal
) -> None:
    answer = terminal(
        "search",
        "known.yaml",
        "--json",
        *objectives("score", "cost", "params", "latency@phone.yaml"),
    )
    assert answer.code == 0, answer.stderr
    assert "latency@phone.yaml: these latencies were never checked" in answer.stderr
    assert list(answer.document["budgets"]) == ["latency"]
    own = [point["latency_ms"] for point in answer.document["front"]]
    further = [point["predicted_ms@phone.yaml"] for point in answer.document["front"]]
    assert further == pytest.approx([7 * (ms - 0.1) + 0.1 for ms in own])
    (known / "tables/phone.sqlite").unlink()  # what it was searched with, the run holds
    assert terminal("report", "runs/known").code == 0


def test_what_a_searcher_looks_at_is_shown_of_each_network(known: Path, terminal: Terminal) -> None:
    words = ("search", "known.yaml", *objectives("score", "cost", "params", "peak_memory"))
    answer = terminal(*words, "--json")
    assert answer.code == 0, answer.stderr
    space = load_space("tiny_space.yaml")
    rows = np.array([point["architecture"] for point in answer.document["front"]])
    expected = [{"peak_memory": value} for value in PEAK_MEMORY.evaluate(space.networks(rows))]
    assert [point["costs"] for point in answer.document["front"]] == expected
    with (known / "runs/known/front.csv").open() as file:
        assert [{"peak_memory": float(row["peak_memory"])} for row in csv.DictReader(file)] == (
            expected
        )
    assert "peak_memory (bytes)" in terminal(*words).stdout.replace("\n", " ")


@pytest.mark.usefixtures("known")
def test_a_share_of_the_reference_is_that_on_the_further_device(terminal: Terminal) -> None:
    words = ("search", "known.yaml", "--json")
    own, further = (
        terminal(*words, "--budget", f"{name}=30 % of reference").document["budgets"][name]["bound"]
        for name in ("latency", "latency@phone.yaml")
    )
    assert further - 0.03 == pytest.approx(7 * (own - 0.03))


def test_the_winner_is_exported_with_its_prediction_for_every_device(
    known: Path, terminal: Terminal
) -> None:
    add_training(known)
    assert terminal("search", "known.yaml", "--budget", "latency@phone.yaml=1 s").code == 0
    assert terminal("train", "known.yaml").code == 0
    summary = terminal("export", "runs/known", "--json").document
    assert summary["winner"]["further"]["phone.yaml"]["predicted_ms"] == pytest.approx(
        7 * (summary["winner"]["predicted_ms"] - 0.1) + 0.1
    )
    assert summary["reference"]["further"]["phone.yaml"]["predicted_ms"] > 0
    assert json.loads((known / "runs/known/summary.json").read_text()) == summary


@pytest.mark.usefixtures("known")
def test_a_budget_on_peak_memory_is_kept_by_every_searcher(terminal: Terminal) -> None:
    space = load_space("tiny_space.yaml")
    every = PEAK_MEMORY.evaluate(space.networks(every_architecture(space)))
    bound = float(every.mean())
    assert every.min() < bound < every.max()
    answer = terminal("search", "known.yaml", "--budget", f"peak_memory={bound} B", "--json")
    assert answer.code == 0, answer.stderr
    rows = np.array([point["architecture"] for point in answer.document["front"]])
    assert (PEAK_MEMORY.evaluate(space.networks(rows)) <= bound).all()
    assert answer.document["budgets"]["peak_memory"] == {"bound": bound, "unit": "bytes"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--budget", "latency@pi=3 ms"), "latency@pi: there is no device named 'pi'"),
        (("--budget", "latency@=3 ms"), "the budget 'latency@' names no device"),
        (
            ("--budget", "latency@local_cpu=3 ms"),
            "there is no latency table tables/local_cpu.sqlite; make one with 'hwnas profile "
            "--device local_cpu'",
        ),
        (
            ("--budget", "latency@phone.yaml=3 ms", "--set", "tables={phone.yaml: table.sqlite}"),
            "table.sqlite holds the timings of another device: cpu is 'npu' there and 'phone'",
        ),
        (
            ("--budget", "latency@local_cpu=3 ms", "--set", "tables={local_cpu: table.sqlite}"),
            "machine is 'imported' there and 'local' here; name this one's table under tables",
        ),
        (
            objectives("score", "cost", "parms"),
            "nsga3: there is no cost 'parms'; did you mean 'params'? (known: score, cost, novelty, "
            "latency, latency@DEVICE, energy, macs, params, file_size, peak_memory",
        ),
        (objectives("score", "latency@pi"), "latency@pi: there is no device named 'pi'"),
        (objectives("cost", "novelty"), "'objectives' does not name 'score'; add it"),
        (objectives("score"), "'objectives' is ['score'], but must name at least 2"),
        (("--budget", "latency@phone.yaml=0.1 us"), "out of reach: networks of tiny take"),
        (("--budget", "peak_memory=1 B"), "the peak_memory budget of 1 bytes is out of reach"),
        (
            ("--budget", "latency@phone.yaml=3 s", "--resolution", "32"),
            "table.sqlite lacks",
        ),
    ],
)
def test_a_wrong_budget_is_one_sentence(
    known: Path, terminal: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    assert_no_run(terminal, known, words, sentence)


@pytest.mark.parametrize(
    ("measured", "device", "sentence"),
    [
        ("python", "native", "another device: agent is 'python' there and 'native' here; name"),
        ("native 1a2b3c4d", "python", "agent is 'native 1a2b3c4d' there and 'python' here; name"),
        (
            "native 1a2b3c4d",
            "native",
            "(it holds none); run 'hwnas profile --device board.yaml'",
        ),
    ],
)
def test_what_another_agent_measured_is_of_another_device(
    known: Path, terminal: Terminal, measured: str, device: str, sentence: str
) -> None:
    (known / "board.yaml").write_text(f"name: board\nagent: {device}\n")
    fingerprint = replace(read_fingerprint(load_device("npu.yaml")), machine="m", agent=measured)
    with LatencyTable(known / "tables/board.sqlite") as table:
        table.bind(fingerprint)
    words = ("--budget", "latency@board.yaml=3 ms")
    assert_no_run(terminal, known, words, sentence)


def test_peak_memory_is_not_counted_for_int8(known: Path, terminal: Terminal) -> None:
    (known / "npu.yaml").write_text("name: npu\ntransport: imported\nprecision: int8\n")
    (known / "table.sqlite").unlink()
    space = load_space("tiny_space.yaml")
    fingerprint = read_fingerprint(load_device("npu.yaml"))
    import_timings(known / "table.sqlite", fingerprint, dict.fromkeys(space.blocks(), 1.0), 0.0)
    answer = terminal("search", "known.yaml", "--budget", "peak_memory=1 MB")
    assert answer.code == 2
    assert "a peak_memory budget counts fp32 activations, and npu gets int8 ones" in answer.stderr


def test_the_device_of_the_run_may_be_named_as_a_further_one(
    known: Path, terminal: Terminal
) -> None:
    document = terminal(
        "search", "known.yaml", "--budget", "latency@npu.yaml=1 s", "--json"
    ).document
    assert all(p["predicted_ms@npu.yaml"] == p["latency_ms"] for p in document["front"])
    assert not list((known / "tables").glob("npu*"))
