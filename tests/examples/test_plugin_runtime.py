"""The example of a runtime of one's own: known by its name, measured with, held to its contract."""

from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.devices.device import load_device
from hwnas.devices.runtimes import RUNTIMES, RuntimeSpec, load_spec
from hwnas.latency.profile import profile
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import ConvBlock, Head
from hwnas.testing.runtimes import RuntimeContract
from tests.examples.plugins import PLUGINS, install

BOARD = PLUGINS / "runtime" / "board.yaml"
QUICK = Schedule(sessions=2, most_sessions=2, rounds=2, least_runs=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install("runtime", tmp_path / "site", monkeypatch)


@pytest.mark.usefixtures("folder")
def test_a_device_file_names_it_and_a_table_is_measured_with_it(tmp_path: Path) -> None:
    networks = [
        (ConvBlock(3, width, 3, 2, "relu", 8), Head(width, 8, 0, 4, "relu", 4))
        for width in (2, 4, 6, 8)
    ]
    device = load_device(str(BOARD))
    assert RUNTIMES.origin(device.runtime) == ("hwnas_unfused:SPEC of hwnas-unfused 0.1.0")
    with LatencyTable(tmp_path / "table.sqlite") as table:
        model = profile(
            device,
            table,
            scope="example",
            blocks={block for network in networks for block in network},
            fit_networks=networks[:2],
            check_networks=networks[2:],
            schedule=QUICK,
        )
        fingerprint = table.fingerprint
    assert fingerprint is not None
    assert (fingerprint.runtime, fingerprint.provider) == ("unfused", "CPUExecutionProvider")
    assert model.predict([networks[0]])[0] > 0


@pytest.mark.usefixtures("folder")
class TestContract(RuntimeContract):
    @property
    def spec(self) -> RuntimeSpec:  # type: ignore[override]
        return load_spec("unfused")


def test_without_the_package_its_name_is_not_known() -> None:
    with pytest.raises(ConfigError, match=r"board\.yaml: runtime: there is no runtime 'unf"):
        load_device(str(BOARD))
