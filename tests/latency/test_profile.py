"""Profiling with the real ONNX Runtime, and killed in the middle."""

import random
import signal
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import TableError
from hwnas.devices.device import Device
from hwnas.latency.chains import chain_graphs, find_chains
from hwnas.latency.graph_keys import network_key
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import measure_models
from hwnas.latency.model import LatencyModel
from hwnas.latency.profile import VisitsProgress, load_model, profile
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Network, block_key
from hwnas.spaces import SearchSpace, load_space
from tests.forks import Say, forked

DEVICE = Device(name="here")
SPACE = load_space("nas_bench_macro", resolution=8, classes=4)
SCHEDULE = Schedule(sessions=2, most_sessions=2, rounds=2, least_runs=1, least_ms=0.0)
NETWORKS = SPACE.networks(SPACE.sample(np.random.default_rng(0), 12))


def profiled(
    path: Path,
    *,
    device: Device = DEVICE,
    scope: str = "macro",
    space: SearchSpace = SPACE,
    networks: Sequence[Network] = NETWORKS,
    fitted: int = 6,
    chains: bool = False,
    progress: VisitsProgress | None = None,
) -> LatencyModel:
    """Profiles a space into a table; so many of the networks are for the fit, the rest check it."""
    with LatencyTable(path) as table:
        return profile(
            device,
            table,
            scope=scope,
            blocks=space.blocks(),
            fit_networks=networks[:fitted],
            check_networks=networks[fitted:],
            chains=chains,
            schedule=SCHEDULE,
            progress=progress,
        )


def profiled_in_a_child(say: Say, path: Path) -> None:
    del say
    profiled(path)


def visits(path: Path) -> list[tuple[str, int, int, str]]:
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT graph, session, round, samples FROM visits").fetchall()


def expected_visits() -> set[tuple[str, int, int]]:
    keys = {block_key(block) for block in SPACE.blocks()} | set(map(network_key, NETWORKS))
    return {(key, session, number) for key in keys for session in (0, 1) for number in (0, 1)}


_KEPT: dict[str, bytes] = {}


def finished(path: Path) -> LatencyModel:
    """The same of a table that is measured once, and copied for every further test."""
    if _KEPT:
        path.write_bytes(_KEPT["table"])
    model = profiled(path)
    _KEPT.setdefault("table", path.read_bytes())
    return model


def test_a_profile_holds_every_block_a_model_and_its_error(tmp_path: Path) -> None:
    finished(tmp_path / "t.sqlite")
    with LatencyTable.existing(tmp_path / "t.sqlite") as table:
        found = {(v.graph, v.session, v.round) for v in table.visits()}
        assert found == expected_visits()
        assert table.unfinished(v.graph for v in table.visits()) == []
        assert all(v.reference_ms > 0 for v in table.visits())
        assert table.fingerprint == read_fingerprint(DEVICE)
        model = load_model(table, "macro", SPACE.blocks())
        assert repr(model).startswith("LatencyModel(macro, on ")
        assert model.validation is not None
        assert model.validation.prediction.networks == 6
        assert (model.predict(NETWORKS) > 0).all()
        with pytest.raises(TableError, match="holds no latencies of other"):
            load_model(table, "other", SPACE.blocks())
        larger = load_space("nas_bench_macro", resolution=16, classes=4)
        with pytest.raises(TableError, match=r"lacks the latencies of \d+ of 17 blocks of macro"):
            load_model(table, "macro", larger.blocks())


def test_of_a_finer_space_the_new_blocks_alone_are_measured(tmp_path: Path) -> None:
    path, file = tmp_path / "t.sqlite", tmp_path / "small.yaml"
    file.write_text(
        "{name: small, resolution: 8, classes: 4, stem: {channels: 8, activation: relu},\n"
        "stages: [{channels: 8, depth: [2, 2], kernels: [3, 5], expansions: [2, 4],\n"
        "activation: relu}], head: {features: 16, activation: relu}}"
    )
    coarse, fine = load_space(str(file)), load_space(str(file), expansion_step=8)
    networks = coarse.networks(np.array([[i, j] for i in range(4) for j in range(3)]))
    profiled(path, scope="coarse", space=coarse, networks=networks)
    before = visits(path)
    model = profiled(path, scope="fine", space=fine, networks=networks)
    assert visits(path)[: len(before)] == before
    graphs = {graph for graph, *_ in visits(path)[len(before) :]}
    assert graphs == {block_key(block) for block in set(fine.blocks()) - set(coarse.blocks())}
    assert len(graphs) == 2
    assert (model.predict(fine.networks(np.array([[1, 4], [2, 0]]))) > 0).all()


def test_profiling_killed_at_five_moments_loses_no_visit_and_repeats_none(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    wanted = len(expected_visits())
    generator = random.Random(0)
    seen: dict[tuple[str, int, int], str] = {}
    for kill in range(5):
        with forked(profiled_in_a_child, path) as worker:
            # Killed when it has stored a few visits more than before, at a moment of its own.
            target = min(wanted - 1, (kill + 1) * wanted // 6)
            while worker.runs and (not path.exists() or stored(path) < target):
                time.sleep(0.002)
            time.sleep(generator.uniform(0, 0.01))
            worker.end(signal.SIGKILL)
            worker.code()
        now = {row[:3]: row[3] for row in visits(path)}
        assert seen.items() <= now.items()  # nothing lost, nothing measured anew
        seen = now
    profiled(path)
    final = visits(path)
    assert len(final) == wanted
    assert {row[:3] for row in final} == expected_visits()
    assert seen.items() <= {row[:3]: row[3] for row in final}.items()


def stored(path: Path) -> int:
    try:
        return len(visits(path))
    except sqlite3.Error:  # not made yet
        return 0


def test_a_second_space_measures_only_blocks_that_are_new(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    finished(path)
    before = set(visits(path))
    with LatencyTable(path) as table:
        predicted = load_model(table, "macro", SPACE.blocks()).predict(NETWORKS)
    larger = load_space("nas_bench_macro", resolution=8, classes=5)  # another head, nothing else
    networks = larger.networks(larger.sample(np.random.default_rng(0), 12))
    profiled(path, scope="five classes", space=larger, networks=networks)
    with LatencyTable(path) as table:
        assert set(table.models()) == {"macro", "five classes"}
        model = load_model(table, "macro", SPACE.blocks())
        np.testing.assert_array_equal(model.predict(NETWORKS), predicted)  # to the last bit
    profiled(path)  # a second time, after others measured into the table
    with LatencyTable(path) as table:
        model = load_model(table, "macro", SPACE.blocks())
        np.testing.assert_array_equal(model.predict(NETWORKS), predicted)
    new = {row[0] for row in set(visits(path)) - before}
    heads = {block_key(block) for block in larger.suffix}
    assert before <= set(visits(path))
    assert {key for key in new if not key.startswith("network ")} == heads


def test_two_resolutions_share_a_table(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    finished(path)
    space = load_space("nas_bench_macro", resolution=16, classes=4)
    networks = space.networks(space.sample(np.random.default_rng(0), 12))
    profiled(path, scope="at 16", space=space, networks=networks)
    with LatencyTable(path) as table:
        for scope, blocks in (("macro", SPACE.blocks()), ("at 16", space.blocks())):
            assert load_model(table, scope, blocks).missing(blocks) == []


def test_a_complete_table_of_another_device_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    finished(path)
    before = len(visits(path))
    with pytest.raises(TableError, match="threads is 1 there and 2"):
        profiled(path, device=DEVICE.model_copy(update={"threads": 2}))
    assert len(visits(path)) == before


def test_two_processes_do_not_measure_into_one_table(tmp_path: Path) -> None:
    from hwnas.core.lock import locked

    with (
        locked(tmp_path / ".t.sqlite.lock", error=TableError, busy="busy"),
        pytest.raises(TableError, match="another hwnas process is measuring into"),
    ):
        profiled(tmp_path / "t.sqlite")


def test_files_are_measured_side_by_side() -> None:
    from hwnas.networks.graph import build_graph

    models = {
        "reference": build_graph(NETWORKS[0]).SerializeToString(),
        "block": build_graph([SPACE.prefix[0]]).SerializeToString(),
    }
    calls: list[tuple[int, int]] = []
    summaries = measure_models(DEVICE, models, SCHEDULE, lambda *call: calls.append(call))
    assert all(s.visits + s.redone == 4 for s in summaries.values())
    assert summaries["reference"].min > summaries["block"].min
    assert calls[-1] == (8, 8)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


CHAINS = set(chain_graphs(find_chains(SPACE.blocks())))


def test_profiling_stopped_in_the_middle_of_the_chains_goes_on_there(tmp_path: Path) -> None:
    path, reported = tmp_path / "t.sqlite", list[str]()

    def stop(done: int, total: int, what: str) -> None:
        if what == "chains" and 2 * done > total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        profiled(path, chains=True, progress=stop)
    before = set(visits(path))
    assert 0 < len({row for row in before if row[0] in CHAINS}) < 4 * len(CHAINS)
    assert not any(row[0].startswith("network ") for row in before)
    model = profiled(path, chains=True, progress=lambda *call: reported.append(call[2]))
    after = visits(path)
    assert before <= set(after)
    expected = expected_visits() | {
        (key, session, number) for key in CHAINS for session in (0, 1) for number in (0, 1)
    }
    assert len(after) == len(expected)
    assert {row[:3] for row in after} == expected
    assert list(dict.fromkeys(reported)) == ["chains", "networks"]
    assert set(model.compared) == {"alone", "chain"}
    with LatencyTable(path) as table:
        assert set(table.chains()) == CHAINS
        assert len(table.blocks()) == len(SPACE.blocks())
        assert len(table.networks()) == len(set(NETWORKS))
        assert table.unfinished(table.graphs()) == []
        assert load_model(table, "macro", SPACE.blocks()) == model


def test_a_stored_model_is_fitted_anew_when_chains_are_newly_wanted_or_no_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.sqlite"
    alone = finished(path)
    assert set(alone.compared) == {"alone"}
    chains = profiled(path, chains=True)
    assert set(chains.compared) == {"alone", "chain"}
    assert (chains.fit_networks, chains.check_networks) == (
        alone.fit_networks,
        alone.check_networks,
    )
    # Another space measures into the table: stored models stay what they are.
    five = load_space("nas_bench_macro", resolution=8, classes=5)
    others = five.networks(five.sample(np.random.default_rng(0), 12))
    profiled(path, scope="five classes", space=five, networks=others)
    assert profiled(path, chains=True) == chains
    count = len(visits(path))
    assert set(profiled(path).compared) == {"alone"}
    assert len(visits(path)) == count


def test_too_few_networks_to_choose_by_measure_no_chains(tmp_path: Path) -> None:
    model = profiled(tmp_path / "t.sqlite", networks=NETWORKS[:5], fitted=3, chains=True)
    assert model.basis == "alone"
    assert not CHAINS & {row[0] for row in visits(tmp_path / "t.sqlite")}
    assert profiled(tmp_path / "t.sqlite", networks=NETWORKS[:5], fitted=3, chains=True) == model
