"""Timings that somebody else measured, as a table."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import DeviceError, TableError
from hwnas.devices.device import Device
from hwnas.devices.target import open_target
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.latency.profile import ANY_SCOPE, load_model
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import ConvBlock, block_key
from hwnas.spaces import load_space

NPU = Device(name="npu", transport="imported")
CONV = ConvBlock(3, 8, 3, 2, "relu", 16)
SPACE = load_space("nas_bench_macro", resolution=8, classes=4)


def test_imported_timings_serve_every_space_of_their_blocks(tmp_path: Path) -> None:
    path = tmp_path / "npu.sqlite"
    timings = {block: 0.5 + index for index, block in enumerate(SPACE.blocks())}
    import_timings(path, read_fingerprint(NPU), timings, 0.25)
    with LatencyTable.existing(path) as table:
        table.bind(read_fingerprint(NPU))
        model = load_model(table, "any scope", SPACE.blocks())
        network = SPACE.networks(SPACE.sample(np.random.default_rng(0), 1))[0]
        expected = 0.25 + sum(timings.get(block, 0.0) for block in network)
        assert model.predict([network])[0] == pytest.approx(expected)
        assert model.correction.name == "imported"
        assert "never checked against whole networks" in str(model.warning)
        assert table.unfinished(map(block_key, timings)) == []
        assert list(table.models()) == [ANY_SCOPE]
        with pytest.raises(
            TableError, match=r"lacks the latencies of 1 of 1 blocks .* add their rows to the CSV"
        ):
            load_model(table, "any scope", [CONV])


def test_an_imported_device_is_identified_but_never_measured() -> None:
    fingerprint = read_fingerprint(NPU)
    assert (fingerprint.machine, fingerprint.cpu, fingerprint.provider) == (
        "imported",
        "npu",
        "imported",
    )
    assert fingerprint != read_fingerprint(NPU.model_copy(update={"name": "other"}))
    with pytest.raises(DeviceError, match="npu cannot be measured: its timings were imported"):
        open_target(NPU).__enter__()
