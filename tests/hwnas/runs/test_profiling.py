"""What of a space is measured, by its config and its device."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.device import Device
from hwnas.latency.identity import Identity
from hwnas.runs import profiling
from hwnas.runs.latencies import scope_of
from hwnas.runs.profile_config import ProfileConfig
from hwnas.spaces import load_space
from hwnas.spaces.references.of_space import reference_of
from tests.devices.test_device import FINGERPRINT

SPACE = load_space("nas_bench_macro", resolution=8, classes=4)


@pytest.mark.parametrize(
    ("chains", "runtime", "wanted"),
    [
        ("auto", "onnxruntime", False),
        ("auto", "tensorrt", True),
        ("auto", "tensorrt_rtx", True),
        ("always", "onnxruntime", True),
        ("never", "tensorrt", False),
    ],
)
def test_chains_are_measured_on_gpus_or_as_the_config_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chains: Literal["auto", "always", "never"],
    runtime: str,
    wanted: bool,
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(profiling, "profile", lambda *_, **given: asked.append(given))
    monkeypatch.setattr(profiling, "read_identity", lambda _: Identity(FINGERPRINT))
    counts = ProfileConfig(fit_networks=4, check_networks=2, chains=chains)
    device = Device(name="some", runtime=runtime)
    profiling.profile_space(SPACE, device, tmp_path / "t.sqlite", counts)
    assert [given["chains"] for given in asked] == [wanted]


def test_every_member_of_a_family_has_models_of_its_own_and_one_the_blocks_of_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, list[dict[str, Any]]] = {"latency": [], "energy": []}

    def measured(what: str) -> Callable[..., str]:
        return lambda *_, **given: asked[what].append(given) or given["scope"]

    monkeypatch.setattr(profiling, "profile", measured("latency"))
    monkeypatch.setattr(profiling, "profile_energy", measured("energy"))
    monkeypatch.setattr(profiling, "check_energy", lambda _: None)
    monkeypatch.setattr(profiling, "read_identity", lambda _: Identity(FINGERPRINT))
    family = load_space("mobilenet_v3_small", resolution=[32, 48], width=[0.75, 1], classes=4)
    counts = ProfileConfig(fit_networks=4, check_networks=2, energy=True)
    found = profiling.profile_space(family, Device(name="some"), tmp_path / "t.sqlite", counts)
    scopes = list(map(scope_of, family.members))
    assert list(found.members) == list(found.members.values()) == scopes
    reference = set(reference_of(family) or ())
    for each in asked.values():
        assert [given["scope"] for given in each] == scopes
        for member, given in zip(family.members, each, strict=True):
            networks = [*given["fit_networks"], *given["check_networks"]]
            assert len(networks) == 6
            assert all(network[0].resolution == member.resolution for network in networks)
            blocks = set(given["blocks"])
            assert blocks >= set(member.blocks())
            assert (blocks >= reference) == (member is family.members[-1])


def test_a_device_that_cannot_be_reached_leaves_no_table(tmp_path: Path) -> None:
    device = Device(name="gone", python=str(tmp_path / "no" / "python"))
    with pytest.raises(DeviceError, match=r"gone has no .*: install it"):
        profiling.profile_space(SPACE, device, tmp_path / "t" / "gone.sqlite", ProfileConfig())
    assert not list(tmp_path.iterdir())
