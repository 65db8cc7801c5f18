"""Tables of whole networks alone, on a device whose truth is known."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import ConfigError, DeviceError, TableError
from hwnas.core.progress import Progress
from hwnas.devices.device import Device
from hwnas.devices.runtimes import RuntimeSpec
from hwnas.latency import energy, measure
from hwnas.latency import revalidate as revalidation
from hwnas.latency.energies import EnergyVisit
from hwnas.latency.graph_keys import network_key
from hwnas.latency.identity import Identity
from hwnas.latency.interchange_json import table_from_json, table_to_json
from hwnas.latency.measure import reference_model, timed_model
from hwnas.latency.merge import merge
from hwnas.latency.model import LatencyModel
from hwnas.latency.profile import load_model
from hwnas.latency.reference import NETWORK
from hwnas.latency.revalidate import revalidate
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.visit_log import VisitLog
from hwnas.latency.visits import Visit
from hwnas.latency.whole_networks import BATCH, OFTEN, SELDOM, fit_whole
from hwnas.networks.blocks import Network, block_key
from hwnas.objectives.costs import MACS
from hwnas.objectives.measured import measured_objective
from hwnas.runs import profiling
from hwnas.runs.latencies import scope_of
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.sampled_networks import sampled_networks
from hwnas.search.exact.exact_front import exact_front
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace, load_space
from hwnas.spaces.references.of_space import reference_of
from tests.devices.test_device import FINGERPRINT
from tests.latency.test_fitting import additive

SPACE = load_space("mobilenet_v3_small", resolution=96, classes=10)
DEVICE = Device(name="here")
COUNTS = ProfileConfig(blocks=False, fit_networks=120, check_networks=30)


class Simulated:
    """Stands for the sessions of a device: networks take the sum of their blocks, and 0.2 ms.

    Attributes:
        measured: the keys of the graphs of each call.
        fails_at: the number of the call that fails, from 0.
    """

    def __init__(self, noise: float = 0.005) -> None:
        self.measured: list[list[str]] = []
        self.schedules: list[Schedule] = []
        self.fails_at: int | None = None
        self._random, self._noise = np.random.default_rng(0), noise

    def __call__(
        self,
        device: Device,
        builders: Mapping[str, Callable[[], bytes]],
        log: VisitLog,
        schedule: Schedule,
        progress: Progress | None = None,
    ) -> None:
        del device
        if self.fails_at == len(self.measured):
            raise DeviceError("the cable was pulled")
        self.measured.append(list(builders))
        self.schedules.append(schedule)
        known = log.visits()
        for key, build in builders.items():
            (network,) = build.args  # type: ignore[attr-defined]
            for session in range(schedule.sessions):
                if not known.of(key, [session]):
                    factor = np.exp(self._random.normal(0, self._noise, 3))
                    ms = tuple((0.2 + additive(network)) * factor)
                    log.add([Visit(key, session, 0, ms, 0.25)])
        if progress is not None:
            visits = schedule.sessions * schedule.rounds * len(builders)
            progress(visits, visits)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Simulated:
    found = Simulated()

    def builders(of: Device, graphs: Mapping[str, Network]) -> dict[str, Callable[[], bytes]]:
        del of
        return {key: partial(timed_model, network) for key, network in graphs.items()}

    monkeypatch.setattr(measure, "run_sessions", found)
    monkeypatch.setattr(measure, "builders", builders)
    monkeypatch.setattr(profiling, "read_identity", lambda _: Identity(FINGERPRINT))
    return found


def profiled(path: Path, counts: ProfileConfig = COUNTS) -> LatencyModel:
    model = profiling.profile_space(SPACE, DEVICE, path, counts)
    assert isinstance(model, LatencyModel)
    return model


def test_no_block_is_measured_and_unseen_networks_are_predicted(
    tmp_path: Path, device: Simulated
) -> None:
    model = profiled(tmp_path / "t.sqlite")
    assert model.basis == "networks"
    assert model.correction.name == "from whole networks and shapes"
    assert {key.split()[0] for some in device.measured for key in some} == {"network"}
    assert not model.missing(SPACE.blocks())
    reference = reference_of(SPACE)
    assert reference is not None
    assert network_key(reference) in model.fit_networks
    assert model.predict([reference])[0] == pytest.approx(0.2 + additive(reference), rel=0.02)
    assert model.validation is not None
    assert model.validation.prediction.networks == 30
    assert model.validation.prediction.mape < 1.5
    others = SPACE.networks(SPACE.sample(np.random.default_rng(5), 100))
    truth = np.array([0.2 + additive(network) for network in others])
    predicted = model.predict(others)
    assert np.abs(predicted / truth - 1).mean() < 0.02
    assert np.corrcoef(predicted, truth)[0, 1] ** 2 > 0.98


def test_networks_are_measured_in_batches_and_those_that_judge_more_often(
    tmp_path: Path, device: Simulated
) -> None:
    told: list[tuple[int, int, str]] = []
    profiling.profile_space(
        SPACE,
        DEVICE,
        tmp_path / "t.sqlite",
        COUNTS,
        lambda done, total, what: told.append((done, total, what)),
    )
    assert max(map(len, device.measured)) == BATCH
    assert [one for one in device.schedules if one in (OFTEN, SELDOM)] == [SELDOM] * 5 + [OFTEN] * 2
    assert {what for _, _, what in told} == {"networks"}
    done = [one[0] for one in told]
    assert done == sorted(done)  # one bar for all
    assert {one[1] for one in told} == {done[-1]}


def test_every_batch_has_a_session_before_any_has_two(tmp_path: Path, device: Simulated) -> None:
    profiled(tmp_path / "t.sqlite")
    batches = [tuple(sorted(some)) for some in device.measured]
    assert batches[:7] == batches[7:14] == batches[14:21]
    assert len(set(batches[:7])) == 7


def test_what_was_interrupted_goes_on_and_more_networks_use_what_is_there(
    tmp_path: Path, device: Simulated
) -> None:
    path = tmp_path / "t.sqlite"
    device.fails_at = 4
    with pytest.raises(DeviceError, match="cable"):
        profiled(path)
    device.fails_at = None
    model = profiled(path)
    keys = {key for some in device.measured for key in some}
    assert keys == {*model.fit_networks, *model.check_networks}
    before = len(device.measured)
    assert profiled(path) == model  # to the last digit, and without measuring
    assert len(device.measured) == before
    more = COUNTS.model_copy(update={"fit_networks": 160})
    larger = profiled(path, more)
    new = {key for some in device.measured[before:] for key in some}
    assert len(new) == 40
    assert set(model.fit_networks) < set(larger.fit_networks)
    assert larger.check_networks == model.check_networks


@pytest.mark.usefixtures("device")
def test_the_model_is_laid_over_the_space_and_searched_exactly(tmp_path: Path) -> None:
    model = profiled(tmp_path / "t.sqlite")
    latency = Trellis.of(SPACE, measured_objective(model))
    rows = SPACE.sample(np.random.default_rng(1), 20)
    assert latency.evaluate(rows) == pytest.approx(model.predict(SPACE.networks(rows)))
    front = exact_front(Trellis.of(SPACE, MACS), SearchProblem(SPACE, latency))
    found = model.predict(SPACE.networks(front.architectures))
    assert (np.diff(found) > 0).all()


@pytest.mark.usefixtures("device")
def test_blocks_that_are_measured_after_all_make_another_model(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    assert profiled(path).basis == "networks"
    few = ProfileConfig(fit_networks=10, check_networks=10)
    assert profiled(path, few).basis == "alone"
    assert profiled(path).basis == "networks"


def test_such_tables_are_kept_merged_and_validated(
    tmp_path: Path, device: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one.sqlite", tmp_path / "other.sqlite"
    counts = COUNTS.model_copy(update={"fit_networks": 40, "check_networks": 10})
    model = profiled(one, counts)
    profiled(other, counts)
    merged = merge([one, other], tmp_path / "both.sqlite")
    assert (merged.blocks, merged.networks) == (0, 51)
    assert [found.basis for found in merged.models.values()] == ["networks"]
    with LatencyTable.existing(one) as table:
        text = table_to_json(table)
    table_from_json(text, "one.json", tmp_path / "copy.sqlite")
    monkeypatch.setattr(revalidation, "run_sessions", device)
    monkeypatch.setattr(revalidation, "builders", measure.builders)
    monkeypatch.setattr(revalidation, "read_fingerprint", lambda _: FINGERPRINT)
    with LatencyTable.existing(tmp_path / "copy.sqlite") as table:
        assert load_model(table, scope_of(SPACE), SPACE.blocks()) == model
        found = revalidate(DEVICE, table)
    assert found.holds
    assert found.blocks == ()
    assert len(found.networks) == 10


def test_networks_that_all_take_the_same_tell_nothing() -> None:
    networks = SPACE.networks(SPACE.sample(np.random.default_rng(0), 12))
    with pytest.raises(TableError, match="all 12 networks take the same"):
        fit_whole(networks, np.full(12, 3.0), SPACE.blocks())
    with pytest.raises(TableError, match=r"only 7; raise profile\.fit_networks"):
        fit_whole(networks[:7], np.arange(1.0, 8.0), SPACE.blocks())


def test_a_poor_model_asks_for_more_networks(tmp_path: Path, device: Simulated) -> None:
    device._noise = 0.3
    counts = COUNTS.model_copy(update={"fit_networks": 20, "check_networks": 10})
    warning = profiled(tmp_path / "t.sqlite", counts).warning
    assert warning is not None
    assert "profile.fit_networks" in warning
    assert "export-networks" not in warning


class TestSample:
    """Which networks are measured."""

    def test_fewer_are_the_first_of_more_and_no_network_is_in_both_sets(self) -> None:
        few, many = (
            sampled_networks(SPACE, COUNTS.model_copy(update={"fit_networks": count}), singly=False)
            for count in (40, 130)
        )
        assert many[0][:40] == few[0]
        assert many[1] == few[1]
        assert not set(many[0]) & set(many[1])
        assert len(set(many[0])) == 130

    def test_the_first_few_span_the_whole_space(self) -> None:
        macs = MACS.evaluate(sampled_networks(SPACE, COUNTS, singly=False)[0][:20])
        every = MACS.evaluate(SPACE.networks(SPACE.sample(np.random.default_rng(0), 1000)))
        assert macs.min() <= every.min()
        assert macs.max() >= every.max()
        middle = (macs > np.quantile(every, 0.25)) & (macs < np.quantile(every, 0.75))
        assert middle.sum() >= 3

    def test_half_of_a_tiny_space_is_for_each(self, tmp_path: Path) -> None:
        counts = ProfileConfig(blocks=False, fit_networks=20, check_networks=10)
        fit, check = sampled_networks(tiny(tmp_path, kernels="3, 5, 7"), counts, singly=False)
        assert 8 <= len(fit) == len(check) <= 12
        assert not set(fit) & set(check)
        with pytest.raises(ConfigError, match="holds 12 networks, too few to estimate its blocks"):
            sampled_networks(tiny(tmp_path, kernels="3, 5"), counts, singly=False)


def tiny(folder: Path, *, kernels: str) -> SearchSpace:
    """A space of 24 networks by three kernels, and of 12 by two."""
    (folder / "tiny.yaml").write_text(
        f"""
name: tiny
resolution: 16
classes: 4
stem: {{channels: 8, activation: relu}}
stages:
  - {{channels: 8, depth: [1, 2], kernels: [{kernels}], expansions: [2], activation: relu}}
  - {{channels: 16, stride: 2, depth: [1, 2], kernels: [3], expansions: [4], activation: relu}}
head: {{features: 16, activation: relu}}
"""
    )
    space = load_space(str(folder / "tiny.yaml"))
    assert isinstance(space, SearchSpace)
    return space


class TestDevicesWithoutBlocks:
    """Runtimes that run whole networks alone."""

    @pytest.fixture
    def board(self, monkeypatch: pytest.MonkeyPatch) -> Device:
        spec = RuntimeSpec("board", "my_runtime:Board", blocks=False)
        monkeypatch.setattr(Device, "runtime_spec", property(lambda _: spec))
        return Device(name="board")

    def test_their_reference_is_a_network(self, board: Device) -> None:
        assert reference_model(board) == timed_model(NETWORK, board, inner=False)

    def test_whole_networks_are_what_is_measured_there(self, board: Device) -> None:
        assert not ProfileConfig().singly(board)
        assert ProfileConfig().fit_count(singly=False) == 270
        with pytest.raises(ConfigError, match=r"runs whole networks alone, and profile\.blocks is"):
            ProfileConfig(blocks=True).singly(board)
        with pytest.raises(ConfigError, match="from 8 whole networks or more"):
            ProfileConfig(fit_networks=5).singly(board)

    def test_elsewhere_blocks_are_unless_the_config_says_no(self) -> None:
        assert ProfileConfig().singly(DEVICE)
        assert ProfileConfig().fit_count(singly=True) == 30
        assert not ProfileConfig(blocks=False).singly(DEVICE)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"fit_networks": 5}, "from 8 whole networks or more"),
        ({"chains": "always"}, "leave one of them out"),
    ],
)
def test_what_contradicts_itself_is_refused(content: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ProfileConfig().model_validate(content).changed(blocks=False)


@pytest.mark.usefixtures("device")
def test_blocks_of_the_model_are_those_that_are_searched_with(tmp_path: Path) -> None:
    counts = COUNTS.model_copy(update={"fit_networks": 40, "check_networks": 10})
    profiled(tmp_path / "t.sqlite", counts)
    with LatencyTable.existing(tmp_path / "t.sqlite") as table:
        assert table.blocks() == {}
        model = load_model(table, scope_of(SPACE), SPACE.blocks())
    assert set(map(block_key, SPACE.blocks())) <= set(model.blocks)


def test_energies_are_of_the_same_networks_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []

    def measure_energy(
        device: Device,
        table: LatencyTable,
        graphs: Mapping[str, Callable[[], bytes]],
        schedule: energy.EnergySchedule,
        progress: Progress | None = None,
    ) -> int:
        del device, schedule, progress
        groups.append(len(graphs))
        networks = table.networks()
        table.energies.add(
            [
                EnergyVisit(key, session, 0, 5 + 3 * additive(networks[key]), 100, 50.0)
                for key in graphs
                for session in (0, 1)
            ]
        )
        return len(graphs)

    monkeypatch.setattr(energy, "measure_energy", measure_energy)
    fit, check = sampled_networks(
        SPACE, COUNTS.model_copy(update={"fit_networks": 60, "check_networks": 10}), singly=False
    )
    with LatencyTable(tmp_path / "t.sqlite") as table:
        table.bind(FINGERPRINT)
        model = energy.profile_energy(
            DEVICE,
            table,
            scope=scope_of(SPACE),
            blocks=SPACE.blocks(),
            fit_networks=fit,
            check_networks=check,
            singly=False,
        )
    assert groups == [BATCH, BATCH, 70 - 2 * BATCH]
    assert model.basis == "networks"
    assert model.validation is not None
    assert model.validation.prediction.mape < 1
