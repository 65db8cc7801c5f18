"""Measuring again, with the real ONNX Runtime and with a device of known speed."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hwnas.core.errors import TableError
from hwnas.core.progress import Progress
from hwnas.devices.device import Device, Fingerprint
from hwnas.latency import measure
from hwnas.latency import revalidate as module
from hwnas.latency.correction import Correction
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.model import LatencyModel
from hwnas.latency.profile import fit_model, load_model
from hwnas.latency.revalidate import Remeasured, Revalidation, agreement, revalidate
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import Visit
from hwnas.networks.blocks import Network, block_key
from tests.latency.test_compare import FINGERPRINT
from tests.latency.test_profile import DEVICE, NETWORKS, SCHEDULE, SPACE, finished

SCOPE = "macro"
KEYS = [*map(block_key, SPACE.blocks()), *map(network_key, NETWORKS)]
# Of graphs on a device of known speed: blocks take 1, 2, … ms, networks 100, 200, … ms.
KNOWN_MS = {key: float(index + 1) for index, key in enumerate(KEYS[: -len(NETWORKS)])}
KNOWN_MS |= {key: 100.0 * (index + 1) for index, key in enumerate(KEYS[-len(NETWORKS) :])}


def known_table(path: Path, fingerprint: Fingerprint = FINGERPRINT) -> Path:
    """A table and a model of the device of known speed."""
    with LatencyTable(path) as table:
        table.bind(fingerprint)
        graphs = register_all(table, SPACE.blocks(), NETWORKS)
        table.add([Visit(key, s, 0, (KNOWN_MS[key],), 0.5) for key in graphs for s in (0, 1)])
        keys = tuple(map(network_key, NETWORKS))
        table.save_model(SCOPE, fit_model(table, keys[:6], keys[6:]))
        table.keep_cache(b"timings")
    return path


def device_of_speed(
    monkeypatch: pytest.MonkeyPatch, times: Callable[[str], float], fingerprint: Fingerprint
) -> list[str]:
    """Stands for a device on which graphs take what `times` says; returns what is measured."""
    measured: list[str] = []

    def run_sessions(
        device: Device,
        builders: Mapping[str, Callable[[], bytes]],
        log: MemoryLog,
        schedule: Schedule,
        progress: Progress | None = None,
    ) -> None:
        del device, schedule
        assert log.cache() == b"timings"
        measured.extend(builders)
        log.add([Visit(key, 0, 0, (times(key),), 0.6) for key in builders])
        if progress is not None:
            progress(len(builders), len(builders))

    monkeypatch.setattr(module, "run_sessions", run_sessions)
    monkeypatch.setattr(module, "read_fingerprint", lambda _: fingerprint)
    return measured


def content(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        lines = list(connection.iterdump())
    connection.close()
    return lines


def test_a_profiled_table_is_measured_again_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    finished(path)
    before = content(path)
    calls: list[tuple[int, int]] = []
    with LatencyTable(path) as table:
        found = revalidate(
            DEVICE,
            table,
            networks=3,
            blocks=4,
            schedule=SCHEDULE,
            progress=lambda *call: calls.append(call),
        )
        model = load_model(table, SCOPE, SPACE.blocks())
        stored = table.summaries()
    assert content(path) == before
    assert calls[-1] == (7 * 4, 7 * 4)
    assert [one.before_ms for one in found.networks] == [
        stored[one.key].ms for one in found.networks
    ]
    assert {one.key for one in found.networks} <= set(model.check_networks)
    assert len(found.networks) == len(found.predictions[SCOPE]) == 3
    assert len(found.blocks) == 4
    assert all(one.now_ms > 0 for one in (*found.networks, *found.blocks))
    assert found.slower is not None
    assert agreement(found.blocks).networks == 4
    json.dumps(asdict(found), allow_nan=False)


def test_the_chosen_graphs_go_from_the_fastest_to_the_slowest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_of_speed(monkeypatch, KNOWN_MS.__getitem__, FINGERPRINT)
    with LatencyTable(known_table(tmp_path / "t.sqlite")) as table:
        found = revalidate(DEVICE, table, networks=3, blocks=2)
    # The check networks take 700 to 1200 ms.
    assert [one.now_ms for one in found.networks] == [700.0, 900.0, 1200.0]
    assert [one.now_ms for one in found.blocks] == [1.0, float(len(SPACE.blocks()))]
    assert [one.before_ms for one in found.networks] == [one.now_ms for one in found.networks]
    assert found.slower == pytest.approx(0.2)


def test_only_blocks_are_built_as_the_inside_of_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_of_speed(monkeypatch, KNOWN_MS.__getitem__, FINGERPRINT)
    built: dict[Network, bool] = {}

    def build(network: Network, device: Device, *, inner: bool) -> bytes:
        del device
        built[network] = inner
        return b""

    def run_sessions(
        device: Device, builders: Mapping[str, Callable[[], bytes]], *rest: object
    ) -> None:
        for builder in builders.values():
            builder()
        fake(device, builders, *rest)

    fake = module.run_sessions
    monkeypatch.setattr(measure, "timed_model", build)
    monkeypatch.setattr(module, "run_sessions", run_sessions)
    with LatencyTable(known_table(tmp_path / "t.sqlite")) as table:
        revalidate(DEVICE, table)
    assert built == {
        **{(block,): True for block in SPACE.blocks()},
        **dict.fromkeys(NETWORKS[6:], False),
    }


def test_the_networks_of_one_scope_alone_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = device_of_speed(monkeypatch, KNOWN_MS.__getitem__, FINGERPRINT)
    keys = tuple(map(network_key, NETWORKS))
    with LatencyTable(known_table(tmp_path / "t.sqlite")) as table:
        table.save_model("other", fit_model(table, keys[6:], keys[:6]))
        assert set(revalidate(DEVICE, table).predictions) == {SCOPE, "other"}
        assert set(keys) <= set(measured)
        measured.clear()
        assert set(revalidate(DEVICE, table, scope="other").predictions) == {"other"}
        assert set(keys[:6]) == set(measured) & set(keys)


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (1.04, True), (1.06, False)])
def test_the_verdict_is_the_median_error_of_predictions(factor: float, holds: bool) -> None:
    networks = tuple(Remeasured(str(ms), ms, ms * factor) for ms in (1.0, 2.0, 3.0))
    found = Revalidation(
        {"a": (*networks, Remeasured("x", 9.0, 1.0))}, networks, networks, 0.0, 0.0
    )
    assert found.holds is holds
    assert found.slower is None
    assert found.verdict.startswith(f"the table {'still' if holds else 'no longer'} holds: ")
    assert ("hwnas devices check" in found.verdict) is not holds


@pytest.mark.parametrize(
    ("factor", "holds"),
    [(1.0, True), (1.3, None), (1.35, None), (1.9, False), (0.7, False)],
)
def test_on_a_slow_machine_only_what_it_cannot_explain_is_held_against_the_table(
    factor: float, holds: bool | None
) -> None:
    networks = tuple(Remeasured(str(ms), ms, ms * factor) for ms in (1.0, 2.0, 3.0))
    disturbed = "cannot measure now: the machine was slow"
    found = Revalidation({"a": networks}, networks, networks, 0.2, 0.26, disturbed)
    assert found.holds is holds
    assert found.verdict.startswith(disturbed) is (holds is None)


def test_a_table_of_another_device_is_not_measured_and_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = device_of_speed(monkeypatch, KNOWN_MS.__getitem__, replace(FINGERPRINT, threads=2))
    path = known_table(tmp_path / "t.sqlite")
    before = content(path)
    with LatencyTable(path) as table, pytest.raises(TableError, match="another device than here: "):
        revalidate(DEVICE, table)
    assert measured == []
    assert content(path) == before


def test_imported_timings_are_not_measured_again(tmp_path: Path) -> None:
    imported = known_table(tmp_path / "t.sqlite", replace(FINGERPRINT, machine="imported"))
    with LatencyTable(imported) as table, pytest.raises(TableError, match="were imported, so"):
        revalidate(DEVICE, table)


def test_what_cannot_be_validated_is_one_sentence(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        with pytest.raises(TableError, match="holds no timings yet"):
            revalidate(DEVICE, table)
        table.bind(FINGERPRINT)
        with pytest.raises(TableError, match="holds no latency model to validate"):
            revalidate(DEVICE, table)
        table.save_model(SCOPE, fit_of_nothing())
        with pytest.raises(TableError, match="name one of these with --scope: 'macro'"):
            revalidate(DEVICE, table, scope="other")
        with pytest.raises(TableError, match="fewer than two check networks or two blocks"):
            revalidate(DEVICE, table)


def fit_of_nothing() -> LatencyModel:
    return LatencyModel({}, Correction())
