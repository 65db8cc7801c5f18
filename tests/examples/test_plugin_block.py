"""The example of a block of one's own: named in a space, measured, trained, exported.

docs/guides/block.md shows its files.
"""

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.data import ImageDataset
from hwnas.devices.device import load_device
from hwnas.export.for_device import file_for
from hwnas.export.writer import network_config
from hwnas.latency.interchange_csv import table_to_csv, timings_from_csv
from hwnas.latency.profile import profile
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.networks.block import DEFINED
from hwnas.networks.blocks import BLOCKS, Block
from hwnas.networks.conventions import USUAL
from hwnas.networks.options import BlockOptions
from hwnas.objectives.costs import PEAK_MEMORY
from hwnas.spaces import SearchSpace, load_space
from hwnas.supernet.supernet import Supernet
from hwnas.testing.blocks import BlockContract
from hwnas.training.checkpoint import save_weights
from hwnas.training.exported import read_network
from hwnas.training.rules import SinglePath
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train
from tests.docs.blocks import blocks_of
from tests.examples.plugins import PLUGINS, install
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
from tests.hwnas.supernet.helpers import images

PAGE = PLUGINS.parents[1] / "docs" / "guides" / "block.md"
SPACE = PLUGINS / "block" / "space.yaml"
QUICK = Schedule(sessions=2, most_sessions=2, rounds=2, least_runs=1)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # It adds to sys.path when it is first imported, which would be taken back with the package.
    importlib.import_module("onnxruntime.quantization")
    install("block", tmp_path / "site", monkeypatch)
    known = dict(DEFINED)
    yield
    DEFINED.clear()
    DEFINED.update(known)
    for module in ("hwnas_fused_block", "test_fused_block"):
        sys.modules.pop(module, None)


@pytest.fixture
def space(package: None) -> SearchSpace:
    del package
    return load_space(str(SPACE))


@pytest.fixture
def dataset() -> ImageDataset:
    names = tuple("abcdefghij")
    return ImageDataset("any", names, images(32), images(16, seed=1), images(16, seed=2))


def test_a_space_names_it_beside_other_kinds(space: SearchSpace) -> None:
    assert BLOCKS.origin("fused") == (
        "hwnas_fused_block:FusedInvertedResidual of hwnas-fused-block 0.1.0"
    )
    names = [[block.choice_name for block in slot.choices] for slot in space.slots]
    both = ["fused k3 e2", "fused k5 e3", "k3 e4", "k5 e4 se"]
    assert names[:2] == [both, ["skip", *both]]
    assert names[2] == ["fused k3 e2", "fused k3 e4"]
    assert PEAK_MEMORY.evaluate([space.network(space.choice_counts - 1)])[0] > 0


def test_the_page_about_it_shows_its_files(package: None, tmp_path: Path) -> None:
    del package
    shown = {block.title: block.text for block in blocks_of(PAGE)}
    for name in ("hwnas_fused_block.py", "test_fused_block.py", "pyproject.toml"):
        content = (PLUGINS / "block" / name).read_text()
        parts = [part for part in shown.pop(name).split("\n\n") if part.strip()]
        assert [part for part in parts if part.strip() not in content] == [], name
    path = tmp_path / "my_space.yaml"
    path.write_text(shown.pop(path.name))
    assert shown == {}
    assert "fused k3 e2" in [block.choice_name for block in load_space(str(path)).slots[0].choices]


def test_it_is_measured_and_its_timings_go_through_a_csv(
    space: SearchSpace, tmp_path: Path
) -> None:
    networks = space.networks(space.sample(np.random.default_rng(0), 4))
    with LatencyTable(tmp_path / "table.sqlite") as table:
        model = profile(
            load_device("local_cpu"),
            table,
            scope="example",
            blocks=space.blocks(),
            fit_networks=networks[:2],
            check_networks=networks[2:],
            schedule=QUICK,
        )
        text = table_to_csv(table)
    assert model.predict(networks).min() > 0
    timings = timings_from_csv(text, "table.csv")
    assert set(timings.blocks) == set(space.blocks())


def test_a_step_of_a_supernet_trains_it_and_its_choices_share_weights(
    space: SearchSpace, tmp_path: Path, dataset: ImageDataset
) -> None:
    supernet = Supernet(space)
    shared = supernet.get_parameter("slot0.shared_fused.fused.weight")
    assert shared.shape == (24, 8, 5, 5)
    before = shared.detach().clone()
    config = TrainConfig(epochs=1, batch_size=32, learning_rate=0.05, crop_padding=2)
    rule = SinglePath(space, 4)
    train(supernet, dataset.train, config, checkpoint=tmp_path / "net.safetensors", rule=rule)
    assert not supernet.get_parameter("slot0.shared_fused.fused.weight").equal(before)


def test_it_is_exported_with_equal_outputs_and_read_back(
    space: SearchSpace, tmp_path: Path, dataset: ImageDataset
) -> None:
    row = space.architecture(space.network(np.array([1, 2, 1, 1])))
    module = Supernet(space).extract(row).eval()
    file = file_for(load_device("local_cpu"), module.blocks, module, dataset)
    assert file.numbers.max_abs_diff < 1e-4
    config = network_config(module.blocks, dataset, batch=1, training={}, conventions=USUAL)
    assert config["arch_def"] is None
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_weights(tmp_path / "model.safetensors", module.state_dict(), {})
    assert read_network(tmp_path).blocks == module.blocks


@pytest.mark.usefixtures("package")
class TestContract(BlockContract):
    """The package's own test, with its names read once the package is there."""

    @property
    def kind(self) -> type[Block]:  # type: ignore[override]
        return _suite().kind

    @property
    def examples(self) -> Sequence[Block]:  # type: ignore[override]
        return _suite().examples

    @property
    def options(self) -> Sequence[BlockOptions[Block]]:  # type: ignore[override]
        return _suite().options


def test_without_the_package_its_name_is_not_known() -> None:
    sentence = r"space\.yaml: stages\.0\.blocks\.0\.kind: there is no block kind 'fused' \(known: c"
    with pytest.raises(ConfigError, match=sentence):
        load_space(str(SPACE))


def _suite() -> type[BlockContract]:
    suite: type[BlockContract] = importlib.import_module("test_fused_block").TestFused
    return suite
