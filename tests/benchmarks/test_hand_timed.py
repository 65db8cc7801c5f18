"""The benchmark of whole networks that are timed by hand."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import hand_timed
from hwnas.devices.device import Device
from hwnas.latency import imported
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.networks.blocks import Block, Network
from hwnas.objectives.costs import block_macs
from hwnas.runs.hand_timed import networks_to_time
from hwnas.spaces import load_space

NPU = Device(name="npu", transport="imported")
SPACE = load_space("mobilenet_v2", resolution=32)


def here(block: Block) -> float:
    return 0.02 + block_macs(block) / 2e6


def takes(network: Network) -> float:
    """On another device, which is slow at large kernels."""
    return 0.4 + sum(here(b) * (0.5 if getattr(b, "kernel", 1) == 7 else 0.3) for b in network)


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of another device."""
    path = tmp_path_factory.mktemp("prior") / "prior.sqlite"
    import_timings(path, read_fingerprint(NPU), {block: here(block) for block in SPACE.blocks()}, 0)
    return path


def test_the_errors_are_of_networks_that_were_not_timed(prior: Path) -> None:
    to_time = {20: networks_to_time(SPACE, 20)}
    judged = hand_timed.others(SPACE, 30, to_time.values())
    timed = {one.network for one in to_time[20]}
    assert len(judged) > 20
    assert not timed & set(judged)
    ms = {network: takes(network) for network in (*timed, *judged)}
    figures = hand_timed.errors(SPACE, NPU, prior, to_time, judged, ms)
    assert figures["model_20"] == "from whole networks and the prior"
    assert figures["error_20"] < 1.5
    assert figures["error_20"] < figures["without_prior_20"]
    assert figures["error_20"] < figures["prior_scaled_20"] / 3
    # A device that takes twice as long with the judged ones, unknown to the timed ones.
    slower = ms | {network: 2 * ms[network] for network in judged}
    wrong = hand_timed.errors(SPACE, NPU, prior, to_time, judged, slower)
    assert wrong["error_20"] == pytest.approx(50, abs=2)
    assert wrong["announced_20"] == figures["announced_20"]


def test_it_times_imports_and_judges(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], prior: Path
) -> None:
    words = "--space mobilenet_v2 --resolution 32 --sessions 2 --rounds 1 --timed 8 --judged 4"
    monkeypatch.setattr(sys, "argv", ["hand_timed", *words.split(), "--table", str(prior)])
    # So little is timed that a busy machine makes a network look like a slip of the pen.
    monkeypatch.setattr(imported, "slips", lambda *_: [])
    hand_timed.main()
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (figures["batch"], figures["networks_judged"]) == (8, 2)
    assert figures["networks_timed"] == 10
    for name in ("error_8", "announced_8", "without_prior_8", "prior_scaled_8", "noise"):
        assert 0 < figures[name] < 1000
