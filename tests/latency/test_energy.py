"""Energies of a simulated GPU: measured, taken up again, kept, and modelled."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwnas.core.errors import DeviceError, LinkError, TableError
from hwnas.devices.device import Device
from hwnas.devices.target import Target
from hwnas.latency.energies import EnergyVisit, energies_of
from hwnas.latency.energy import EnergySchedule, check_energy, measure_energy, profile_energy
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.graph_keys import network_key
from hwnas.latency.graphs import register_all
from hwnas.latency.interchange_json import table_from_json, table_to_json
from hwnas.latency.measure import builders
from hwnas.latency.merge import merge
from hwnas.latency.profile import fit_model, load_model
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Network, block_key
from tests.devices.runtimes.computing_trt import ComputingTrt
from tests.devices.runtimes.conftest import gpu as gpu
from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.fake_nvml import Board, play_board
from tests.devices.runtimes.flavours import FLAVOURS, signatures
from tests.devices.runtimes.in_process import gpu_device

SCHEDULE = EnergySchedule(least_ms=150.0)
STEM = ConvBlock(3, 8, 3, 2, "relu", 16)
HEAD = Head(8, 16, 8, 4, "relu", 8)
MIDDLES = [
    InvertedResidual(8, 8 * expansion, 8, kernel, 1, 0, "relu", 8)
    for expansion in (2, 3, 4)
    for kernel in (3, 5)
]
NETWORKS: list[Network] = [
    (STEM, one, *others, HEAD) for one in MIDDLES for others in ((), MIDDLES[:1], MIDDLES[1:3])
]
FIT, CHECK = NETWORKS[::2], NETWORKS[1::2]
BLOCKS: list[Block] = [STEM, *MIDDLES, HEAD]
SCOPE = "tiny at 16 px, 4 classes"


def takes_ms(model: bytes) -> float:
    return 10 * ComputingTrt.takes_ms(onnx.load_from_string(model))


@pytest.fixture
def board(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> Board:
    flavour, version = FLAVOURS[1]
    simulated = ComputingTrt(flavour, signatures(flavour, version), gpu, slower=10.0)
    monkeypatch.setitem(sys.modules, flavour, simulated.module)
    return play_board(monkeypatch, gpu)


@pytest.fixture
def device(board: Board, monkeypatch: pytest.MonkeyPatch) -> Device:
    del board
    return gpu_device(monkeypatch, FLAVOURS[1][0])


def profiled(device: Device, path: Path, schedule: EnergySchedule = SCHEDULE) -> EnergyModel:
    with LatencyTable(path) as table:
        return profile_energy(
            device,
            table,
            scope=SCOPE,
            blocks=BLOCKS,
            fit_networks=FIT,
            check_networks=CHECK,
            schedule=schedule,
        )


_KEPT: dict[str, bytes] = {}


def measured(device: Device, path: Path) -> EnergyModel:
    """The same of a table that is measured once, and copied for every further test."""
    if _KEPT:
        path.write_bytes(_KEPT["table"])
    model = profiled(device, path)
    _KEPT.setdefault("table", path.read_bytes())
    return model


def test_every_graph_is_measured_in_two_sessions_of_two_rounds(
    device: Device, tmp_path: Path
) -> None:
    reported = []
    with LatencyTable(tmp_path / "t.sqlite") as table:
        graphs = builders(device, register_all(table, [STEM], FIT[:1]))
        assert measure_energy(device, table, graphs, SCHEDULE, lambda *n: reported.append(n)) == 8
        visits = table.energies.visits()
        rounds = [(session, number) for session, number, *_ in table.condition_rows()]
        assert measure_energy(device, table, graphs, SCHEDULE) == 0
    assert rounds == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert reported == [(done, 8) for done in range(1, 9)]
    assert {(v.graph, v.session, v.round) for v in visits} == {
        (key, session, number) for key in graphs for session in (0, 1) for number in (0, 1)
    }
    models = {key: build() for key, build in graphs.items()}
    assert {v.graph: v.millijoules for v in visits} == pytest.approx(
        {key: Board.WORK_WATTS * takes_ms(model) for key, model in models.items()}, rel=0.05
    )
    assert all(v.ms >= 150.0 for v in visits)


def test_a_broken_link_and_an_interruption_lose_no_visit(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, left = Target.energy, 5

    def breaking(self, *arguments, **keys):
        nonlocal left
        for message in run(self, *arguments, **keys):
            yield message
            left -= 1
            if left == 0:
                raise LinkError("it broke")
            if left == -5:
                raise KeyboardInterrupt

    monkeypatch.setattr(Target, "energy", breaking)
    monkeypatch.setattr("hwnas.devices.target.PAUSES_S", (0.0,))
    with LatencyTable(tmp_path / "t.sqlite") as table:
        graphs = builders(device, register_all(table, [STEM], FIT[:2]))
        with pytest.raises(KeyboardInterrupt):
            measure_energy(device, table, graphs, SCHEDULE)
        before = table.energies.dated()
        assert 0 < len(before) < 12
        reported = []
        measure_energy(device, table, graphs, SCHEDULE, lambda *n: reported.append(n))
        assert len(table.energies.visits()) == 12
        assert set(before) < set(table.energies.dated())
    assert reported[0] == (len(before) + 1, 12)
    assert reported[-1] == (12, 12)


@pytest.mark.parametrize("runtime", ["onnxruntime"])
def test_a_processor_is_refused_before_anything_is_measured(runtime: str) -> None:
    with pytest.raises(DeviceError, match=r"energy is measured on NVIDIA GPUs, and cpu has the"):
        check_energy(Device(name="cpu", runtime=runtime))
    with pytest.raises(DeviceError, match="its timings were imported"):
        check_energy(Device(name="npu", transport="imported"))


def test_a_gpu_that_counts_nothing_is_refused(board: Board, device: Device, tmp_path: Path) -> None:
    check_energy(device)
    board.counts = False
    with pytest.raises(DeviceError, match="the energy of this GPU cannot be read"):
        check_energy(device)
    with pytest.raises(DeviceError, match="cannot be read"):
        profiled(device, tmp_path / "t.sqlite")
    board.counts, board.moves = True, False
    with pytest.raises(DeviceError, match="does not move"):
        check_energy(device)


def test_the_model_is_stored_and_not_fitted_anew(device: Device, tmp_path: Path) -> None:
    model = measured(device, tmp_path / "t.sqlite")
    assert set(model.blocks) == {block_key(block) for block in BLOCKS}
    assert error(model) < 5
    assert noise(model) < 5
    assert model.warning is None
    with LatencyTable.existing(tmp_path / "t.sqlite") as table:
        date = table._database.rows("SELECT date FROM models")
        assert load_model(table, SCOPE, BLOCKS, EnergyModel) == model
        table._database.write("UPDATE models SET date = '2001-01-01'")
    assert profiled(device, tmp_path / "t.sqlite") == model
    with LatencyTable.existing(tmp_path / "t.sqlite") as table:
        assert table._database.rows("SELECT date FROM models") == [("2001-01-01",)] != date


def error(model: EnergyModel) -> float:
    assert model.validation is not None
    return model.validation.prediction.mape


def noise(model: EnergyModel) -> float:
    assert model.validation is not None
    return model.validation.noise


def synthetic(path: Path, deviation: float) -> EnergyModel:
    """A table of networks that take 1.2 times the sum of their blocks, and 7 mJ."""
    generator = np.random.default_rng(0)
    alone = {block_key(block): 10.0 + 3.0 * index for index, block in enumerate(BLOCKS)}
    with LatencyTable(path) as table:
        graphs = register_all(table, BLOCKS, NETWORKS)
        for key, network in graphs.items():
            exact = alone.get(key) or 7.0 + 1.2 * sum(alone[block_key(b)] for b in network)
            table.energies.add(
                [
                    EnergyVisit(key, session, number, exact * factor, 100, 500.0)
                    for session in (0, 1)
                    for number, factor in enumerate(generator.normal(1.0, deviation, 2))
                ]
            )
        fit, check = (tuple(map(network_key, some)) for some in (FIT, CHECK))
        return fit_model(table, fit, check, EnergyModel, blocks=alone)


def test_it_is_judged_by_networks_that_it_has_not_seen_beside_measuring_twice(
    tmp_path: Path,
) -> None:
    exact = synthetic(tmp_path / "exact.sqlite", 0.0)
    assert noise(exact) == 0.0
    assert error(exact) == pytest.approx(0.0, abs=0.3)
    assert exact.correction.name == "overhead + scale"
    assert EnergyModel.from_dict(exact.to_dict()) == exact
    noisy = synthetic(tmp_path / "noisy.sqlite", 0.2)
    assert noise(noisy) > 5
    assert noisy.warning is not None
    assert "energies are off by" in noisy.warning
    assert exact.warning is None
    assert exact.predict([CHECK[0]])[0] == pytest.approx(
        7 + 1.2 * sum(exact.blocks[block_key(block)] for block in CHECK[0]), rel=0.01
    )


def test_blocks_are_measured_inside_chains_where_that_is_more_right(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A graph of whatever length pays for a tenth of a millisecond beside its nodes.
    costly = staticmethod(lambda model: 0.1 + 0.005 * len(model.graph.node))
    monkeypatch.setattr(ComputingTrt, "takes_ms", costly)
    alone = profiled(device, tmp_path / "alone.sqlite")
    with LatencyTable(tmp_path / "t.sqlite") as table:
        inside = profile_energy(
            device,
            table,
            scope=SCOPE,
            blocks=BLOCKS,
            fit_networks=FIT,
            check_networks=CHECK,
            chains=True,
            schedule=SCHEDULE,
        )
        assert len(table.chains()) > len(BLOCKS)
        text = table_to_json(table)
    assert inside.correction.name.startswith("chains: ")
    assert not alone.correction.name.startswith("chains: ")
    assert error(inside) < min(3.0, error(alone))
    table_from_json(text, "t.json", tmp_path / "u.sqlite")
    with LatencyTable.existing(tmp_path / "u.sqlite") as table:
        assert load_model(table, SCOPE, BLOCKS, EnergyModel) == inside
    without = profiled(device, tmp_path / "t.sqlite")  # who does not want chains gets none
    assert not without.correction.name.startswith("chains: ")


def test_an_energy_is_the_median_of_its_visits() -> None:
    visits = [
        EnergyVisit("a", s, r, mj, 1, 1.0)
        for s, r, mj in [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 9.0), (2, 0, 3.0)]
    ]
    assert energies_of(visits) == {"a": 2.5}
    assert energies_of(visits, [1]) == {"a": 9.0}
    assert energies_of(visits, [7]) == {}


def test_what_was_not_measured_is_said(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        with pytest.raises(TableError, match=r"no energies of tiny .* set profile.energy to true"):
            load_model(table, SCOPE, BLOCKS, EnergyModel)
        model = synthetic(tmp_path / "s.sqlite", 0.0)
        lesser = replace(model, blocks=dict(list(model.blocks.items())[1:]))
        table.save_model(SCOPE, lesser)
        with pytest.raises(TableError, match=r"lacks the energies of 1 of 8 blocks of tiny"):
            load_model(table, SCOPE, BLOCKS, EnergyModel)
    with pytest.raises(TableError, match="has no energy of the block"):
        lesser.predict([(STEM,)])


def test_energies_go_to_json_and_back(device: Device, tmp_path: Path) -> None:
    model = measured(device, tmp_path / "a.sqlite")
    with LatencyTable.existing(tmp_path / "a.sqlite") as table:
        text = table_to_json(table)
        table_from_json(text, "a.json", tmp_path / "b.sqlite")
        with LatencyTable.existing(tmp_path / "b.sqlite") as other:
            assert other.energies.dated() == table.energies.dated() != []
            assert load_model(other, SCOPE, BLOCKS, EnergyModel) == model
            assert table_to_json(other) == text
    key = block_key(STEM)
    for old, new, printed in (
        ('"millijoules": ', '"millijoules": -', r"energies\[0\].millijoules is -"),
        ('"inferences": ', '"inferences": 0.5e-', r"energies\[0\].inferences is "),
        ('"energies": [\n{"graph": "', '"energies": [\n{"graph": "x', "which is not in graphs"),
        (f'"blocks": {{"{key}"', '"blocks": {"x"', r"blocks names 'x', which was never"),
        ('"prediction": {', '"prediction": {"more": 1, ', r"prediction.more is not known here"),
    ):
        wrong = text.replace(old, new, 1)
        assert wrong != text
        with pytest.raises(TableError, match=printed):
            table_from_json(wrong, "wrong.json", tmp_path / "c.sqlite")
    assert not (tmp_path / "c.sqlite").exists()


def test_a_table_without_energies_is_written_as_before(tmp_path: Path) -> None:
    with LatencyTable(tmp_path / "t.sqlite") as table:
        register_all(table, BLOCKS, [])
        assert "energ" not in table_to_json(table)


def test_merging_unites_energies_and_fits_their_model_anew(device: Device, tmp_path: Path) -> None:
    paths = [tmp_path / "a.sqlite", tmp_path / "b.sqlite"]
    alone = measured(device, paths[0]).blocks
    measured(device, paths[1])
    with LatencyTable.existing(paths[1]) as table:  # another day's figures
        table._database.write("UPDATE energies SET millijoules = 2 * millijoules")
    merge(paths, tmp_path / "both.sqlite")
    merge([tmp_path / "both.sqlite", paths[0]], tmp_path / "again.sqlite")
    for name in ("both", "again"):
        with LatencyTable.existing(tmp_path / f"{name}.sqlite") as table:
            visits = table.energies.visits()
            assert {v.session for v in visits} == {0, 1, 4, 5}
            assert len(visits) == 8 * len(table.graphs())
            model = load_model(table, SCOPE, BLOCKS, EnergyModel)
        expected = {key: 1.5 * mj for key, mj in alone.items()}
        assert dict(model.blocks) == pytest.approx(expected, rel=0.05)


def test_half_of_the_sessions_of_networks_is_one_sentence(device: Device, tmp_path: Path) -> None:
    measured(device, tmp_path / "a.sqlite")
    with LatencyTable.existing(tmp_path / "a.sqlite") as table:
        for key in table.networks():
            table._database.write("DELETE FROM energies WHERE graph = ? AND session = 1", (key,))
        table_from_json(table_to_json(table), "a.json", tmp_path / "b.sqlite")
    with pytest.raises(TableError, match="energies of 9 of 9 networks are incomplete"):
        merge([tmp_path / "a.sqlite", tmp_path / "b.sqlite"], tmp_path / "c.sqlite")
    assert not (tmp_path / "c.sqlite").exists()
