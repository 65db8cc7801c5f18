"""hwnas.load_space and its like, and hwnas.profile: what they refuse."""

from dataclasses import replace
from typing import Any

import pytest

import hwnas
from hwnas.latency.table import LatencyTable
from hwnas.runs.latencies import scope_of
from tests.hwnas.api.networks import latency_of

SPACE = hwnas.load_space("nas_bench_macro", resolution=16)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"resolution": "48"}, "resolution must be a whole number from 1 to 4,096, and is '48'"),
        ({"resolution": 0}, "resolution must be a whole number from 1 to 4,096, and is 0"),
        ({"classes": 2.5}, "classes must be a whole number from 1 to 100,000"),
        ({"width": "half"}, "width must be a positive number, and is 'half'"),
        ({"width": 0}, "width must be a positive number, and is 0"),
    ],
)
def test_a_wrong_size_of_a_space_is_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.load_space("mobilenet_v3_small", **arguments)


@pytest.mark.parametrize(
    ("space", "device", "sentence"),
    [
        (SPACE, "local_cpus", "there is no device named 'local_cpus'; did you mean"),
        (SPACE, 3, "the device must be one of hwnas.load_device, or its name"),
        ("mobilenet_v2", "local_cpu", r"as of hwnas\.load_space\('mobilenet_v2'\)"),
    ],
)
def test_what_cannot_be_profiled_is_one_sentence(space: Any, device: Any, sentence: str) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.profile(space, device)


def test_the_latencies_of_a_family_are_those_of_its_members(tmp_path: Any) -> None:
    family = hwnas.load_space("nas_bench_macro", resolution=[16, 24])
    with LatencyTable(tmp_path / "cpu.sqlite") as table:
        for member in family.members:
            table.save_model(scope_of(member), latency_of(member))
    found = hwnas.load_latency(tmp_path / "cpu.sqlite", family)
    assert list(found.members) == list(map(scope_of, family.members))
    more = hwnas.load_space("nas_bench_macro", resolution=[16, 32])
    sentence = "holds no latencies of nas_bench_macro at 32 px, 10 classes"
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.load_latency(tmp_path / "cpu.sqlite", more)


def test_a_table_whose_latencies_are_far_off_is_loaded_with_a_warning(tmp_path: Any) -> None:
    unchecked = replace(latency_of(SPACE), validation=None)
    with LatencyTable(tmp_path / "cpu.sqlite") as table:
        table.save_model(scope_of(SPACE), unchecked)
    with pytest.warns(UserWarning, match="these latencies were never checked"):
        model = hwnas.load_latency(tmp_path / "cpu.sqlite", SPACE)
    assert model.blocks == unchecked.blocks


def test_a_table_without_energies_is_one_sentence(tmp_path: Any) -> None:
    with LatencyTable(tmp_path / "cpu.sqlite") as table:
        table.save_model(scope_of(SPACE), latency_of(SPACE))
    with pytest.raises(hwnas.HwnasError, match="holds no energies"):
        hwnas.load_energy(tmp_path / "cpu.sqlite", SPACE)
