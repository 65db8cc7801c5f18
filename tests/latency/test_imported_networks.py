"""Timings of whole networks that somebody else measured, as a table."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import TableError
from hwnas.devices.device import Device
from hwnas.latency.csv_networks import NetworkNames, network_of_text, network_text
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import OWN_BLOCKS, import_networks, known_blocks
from hwnas.latency.interchange_csv import Repeats, Timings, table_to_csv, timings_from_csv
from hwnas.latency.interchange_json import table_from_json, table_to_json
from hwnas.latency.model import LatencyModel
from hwnas.latency.network_file import network_file
from hwnas.latency.profile import load_model
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Block, Network, block_key
from hwnas.objectives.costs import block_macs
from hwnas.runs.hand_timed import narrow_span, network_names
from hwnas.spaces import SearchSpace, load_space
from hwnas.spaces.sampling import spread_sample

NPU = Device(name="npu", transport="imported")
SPACE = load_space("mobilenet_v2", resolution=32, classes=10)
SCOPE = "mobilenet_v2 at 32 px, 10 classes"
NETWORKS = SPACE.networks(spread_sample(SPACE, np.random.default_rng(0), 30))
OTHERS = SPACE.networks(spread_sample(SPACE, np.random.default_rng(1), 40))


def here(block: Block) -> float:
    """Milliseconds of a block on a made-up machine that can be measured."""
    return 0.02 + block_macs(block) / 2e6 * (1.3 if getattr(block, "kernel", 1) == 5 else 1.0)


def there(block: Block) -> float:
    """On another one, which is three times as fast and slow at large kernels."""
    return here(block) / 3 * (1.5 if getattr(block, "kernel", 1) == 7 else 1.0)


def takes(network: Network) -> float:
    return 0.4 + sum(there(block) for block in network)


def timed(networks: Mapping[Network, tuple[float, ...]], blocks: tuple[Block, ...] = ()) -> Timings:
    lines = iter(range(2, 1000))
    return Timings(
        "a.csv",
        {block: Repeats((there(block),), (next(lines),)) for block in blocks},
        {network: Repeats(ms, (next(lines),)) for network, ms in networks.items()},
        0.0,
    )


ONCE = timed({network: (takes(network),) for network in NETWORKS})


def imported(
    folder: Path, timings: Timings, priors: Mapping[str, Mapping[str, float]] | None = None
) -> LatencyModel:
    return import_networks(
        folder / "npu.sqlite",
        read_fingerprint(NPU),
        timings,
        scope=SCOPE,
        blocks=SPACE.blocks(),
        priors=priors or {},
    )


def error(model: LatencyModel) -> float:
    """Mean relative error on networks that were not timed."""
    ms = np.array([takes(network) for network in OTHERS])
    return float(np.abs(model.predict(OTHERS) / ms - 1).mean())


def test_thirty_networks_predict_others_with_what_blocks_take_elsewhere(tmp_path: Path) -> None:
    prior = {block_key(block): here(block) for block in SPACE.blocks()}
    model = imported(tmp_path, ONCE, {"here.sqlite": prior})
    assert model.correction.name == "from whole networks and here.sqlite"
    assert model.compared["here.sqlite"] < model.compared["shapes"]
    assert error(model) < 0.01


def test_thirty_networks_predict_others_by_their_shapes_alone(tmp_path: Path) -> None:
    model = imported(tmp_path, ONCE)
    assert model.correction.name == "from whole networks and shapes"
    scaled = sum(takes(one) for one in NETWORKS) / len(NETWORKS)
    assert error(model) < 0.03
    assert error(model) < np.mean([abs(scaled / takes(one) - 1) for one in OTHERS]) / 5


def test_a_device_that_differs_by_a_factor_from_another_is_taken_as_that(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    prior = {block_key(block): here(block) for block in SPACE.blocks()}
    noisy = {one: (0.4 * sum(map(here, one)) * generator.normal(1.0, 0.02),) for one in NETWORKS}
    model = imported(tmp_path, timed(noisy), {"here.sqlite": prior})
    assert model.correction.name == "from whole networks and here.sqlite, scaled"
    ms = np.array([0.4 * sum(map(here, one)) for one in OTHERS])
    assert np.abs(model.predict(OTHERS) / ms - 1).mean() < 0.01


def test_the_error_that_is_told_is_that_of_networks_left_out(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    noisy = {one: (takes(one) * generator.normal(1.0, 0.1),) for one in NETWORKS}
    model = imported(tmp_path, timed(noisy))
    assert model.validation is not None
    assert model.validation.prediction.networks == 30
    assert model.validation.prediction.mape > 5
    assert model.validation.replicate is None
    assert "on networks that the estimate had not seen; time more networks" in str(model.warning)


def test_networks_that_are_timed_twice_say_what_measuring_twice_differs_by(tmp_path: Path) -> None:
    twice = timed({one: (takes(one), 1.1 * takes(one)) for one in NETWORKS})
    validation = imported(tmp_path, twice).validation
    assert validation is not None
    assert validation.replicate is not None
    assert validation.replicate.mape == pytest.approx(100 * (1 - 1 / 1.1))
    assert validation.measured == pytest.approx([1.05 * takes(one) for one in NETWORKS])


def test_rows_of_blocks_and_networks_are_used_together(tmp_path: Path) -> None:
    both = timed({one: (takes(one),) for one in NETWORKS}, SPACE.blocks())
    model = imported(tmp_path, both)
    assert model.correction.name == f"from whole networks and {OWN_BLOCKS}"
    assert model.correction.overhead == pytest.approx(0.4, rel=0.1)
    assert error(model) < 0.01


def test_the_table_serves_its_space_and_goes_to_json_and_csv_and_back(tmp_path: Path) -> None:
    model = imported(tmp_path, timed({one: (takes(one), takes(one)) for one in NETWORKS}))
    with LatencyTable.existing(tmp_path / "npu.sqlite") as table:
        assert load_model(table, SCOPE, SPACE.blocks()) == model
        with pytest.raises(TableError, match="holds no latencies of another"):
            load_model(table, "another", SPACE.blocks())
        text, rows = table_to_json(table), table_to_csv(table)
    table_from_json(text, "a.json", tmp_path / "copy.sqlite")
    with LatencyTable.existing(tmp_path / "copy.sqlite") as table:
        assert load_model(table, SCOPE, SPACE.blocks()) == model
    found = timings_from_csv(rows, "b.csv", names(tmp_path))
    assert {network: some.ms for network, some in found.networks.items()} == {
        network: (takes(network),) * 2 for network in NETWORKS
    }


def test_too_few_networks_are_refused(tmp_path: Path) -> None:
    few = replace(ONCE, networks=dict(list(ONCE.networks.items())[:7]))
    with pytest.raises(TableError, match=r"a\.csv times only 7 different networks; at least 8"):
        imported(tmp_path, few)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("times", "words"), [(1000, r"\d{3,4} times"), (0.01, r"1/1\d\d of")])
def test_a_row_in_another_unit_is_refused(tmp_path: Path, times: float, words: str) -> None:
    ms = {one: (takes(one),) for one in NETWORKS}
    ms[NETWORKS[3]] = (takes(NETWORKS[3]) * times,)
    with pytest.raises(TableError, match=rf"a\.csv line 5: .* ms are {words} what a network of"):
        imported(tmp_path, timed(ms))


def test_networks_that_all_take_the_same_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        TableError, match=r"a\.csv: all 30 networks take 1 ms, .*; write more digits"
    ):
        imported(tmp_path, timed(dict.fromkeys(NETWORKS, (1.0,))))


def test_rows_of_some_blocks_are_refused_beside_networks(tmp_path: Path) -> None:
    some = timed({one: (takes(one),) for one in NETWORKS}, SPACE.blocks()[1:])
    with pytest.raises(
        TableError, match=r"lacks 1 of \d+ that the networks may have, such as 'conv"
    ):
        imported(tmp_path, some)


def test_a_table_of_another_device_that_lacks_blocks_is_no_prior(tmp_path: Path) -> None:
    sentence = r"here\.sqlite lacks the latencies of 2 of 2 blocks of any"
    with (
        LatencyTable(tmp_path / "here.sqlite") as table,
        pytest.raises(TableError, match=sentence),
    ):
        known_blocks(table, "any", SPACE.blocks()[:2], read_fingerprint(NPU))


def test_networks_of_the_same_device_are_no_prior(tmp_path: Path) -> None:
    imported(tmp_path, ONCE)
    other = read_fingerprint(Device(name="other", transport="imported"))
    with LatencyTable.existing(tmp_path / "npu.sqlite") as table:
        assert len(known_blocks(table, SCOPE, SPACE.blocks(), other)) == len(SPACE.blocks())
        with pytest.raises(
            TableError, match=r"npu\.sqlite is of npu itself and .*; name a table of an"
        ):
            known_blocks(table, SCOPE, SPACE.blocks(), read_fingerprint(NPU))


def test_timings_of_small_networks_alone_are_pointed_out() -> None:
    small = timed({one: (takes(one),) for one in NETWORKS[:15]})
    assert "time some of the others too" in str(narrow_span(SPACE, small))
    assert narrow_span(SPACE, timed({one: (takes(one),) for one in NETWORKS[2:28:3]})) is None


def names(folder: Path, space: SearchSpace = SPACE) -> NetworkNames:
    return network_names(space, folder)


def row(columns: str, *cells: str) -> str:
    quoted = ",".join(f'"{cell}"' for cell in cells)
    return f"kind,{columns},ms\nnetwork,{quoted},1\n"


ARCHITECTURE = " ".join(map(str, SPACE.architecture(NETWORKS[0]).tolist()))


def read_one(text: str, folder: Path) -> Network:
    (network,) = timings_from_csv(text, "a.csv", names(folder)).networks
    return network


def test_a_network_is_named_by_its_architecture_its_blocks_or_its_file(tmp_path: Path) -> None:
    (tmp_path / "renamed by hand.onnx").write_bytes(network_file(NETWORKS[0], NPU))
    blocks = network_text(NETWORKS[0])
    assert network_of_text(blocks) == NETWORKS[0]
    for text in (
        row("architecture", ARCHITECTURE),
        row("blocks", blocks),
        row("file", "renamed by hand.onnx"),
        row("architecture,file,space", ARCHITECTURE, "elsewhere.onnx", SCOPE),
    ):
        assert read_one(text, tmp_path) == NETWORKS[0]


def test_networks_without_a_time_are_left_out_and_counted(tmp_path: Path) -> None:
    other = " ".join(map(str, SPACE.architecture(NETWORKS[1]).tolist()))
    text = row("architecture", ARCHITECTURE) + f"network,{other},\n"
    found = timings_from_csv(text, "a.csv", names(tmp_path))
    assert list(found.networks) == [NETWORKS[0]]
    assert found.notes == [
        "1 rows of networks have no time yet and are left out; 1 networks are timed"
    ]
    empty = text.replace('",1\n', '",\n')
    with pytest.raises(TableError, match=r"no timed row of a block or a network \(2 rows have no"):
        timings_from_csv(empty, "a.csv", names(tmp_path))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            row("architecture", "0 1"),
            "column architecture: '0 1' names 2 choices, but mobilenet_v2",
        ),
        (row("architecture", "99 " + ARCHITECTURE[2:]), "'99' is not a choice of slot 1"),
        (row("architecture", ""), "it is missing, and so are blocks and file; a row of kind"),
        (row("file", "none.onnx"), "column file: there is no file"),
        (row("file", "text.onnx"), "does not say of which blocks it is"),
        (row("file", "."), "column file: there is no file"),
        (row("blocks", "cnv kernel=3"), "column blocks: 'cnv' is not a kind of block"),
        (row("blocks", "conv in_channels=3"), "column blocks: the conv has no out_channels="),
        (
            row("blocks", network_text(NETWORKS[0]).replace("kernel=3", "kernel=x", 1)),
            "column blocks: kernel must be an integer",
        ),
        (row("blocks", network_text(NETWORKS[0][:1] + NETWORKS[0][-1:])), "column blocks: "),
        (row("architecture,space", ARCHITECTURE, "tiny"), "column space: it is of 'tiny', but the"),
        (
            row("architecture,file", ARCHITECTURE, "other.onnx"),
            "column file: it is another network",
        ),
        (row("kernel,architecture", "3", ARCHITECTURE), "a row of kind 'network' has no kernel"),
    ],
)
def test_a_row_that_names_no_network_is_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "other.onnx").write_bytes(network_file(NETWORKS[1], NPU))
    with pytest.raises(TableError) as caught:
        timings_from_csv(text, "a.csv", names(tmp_path))
    assert str(caught.value).startswith("a.csv line 2, column ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_of_a_network_asks_for_its_space() -> None:
    with pytest.raises(
        TableError, match=r"line 2 is of a whole network; name the config .*--config"
    ):
        timings_from_csv(row("architecture", ARCHITECTURE), "a.csv")
