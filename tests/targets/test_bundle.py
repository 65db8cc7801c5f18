"""The bundle that is really made, from the command line to a device that uses it."""

import subprocess
from pathlib import Path

import pytest

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.devices import bundle_parts
from hwnas.devices.answers import Facts
from hwnas.devices.bundle_parts import add_native_agent
from hwnas.devices.device import load_device
from hwnas.devices.target import Round, open_target
from tests.hwnas.cli.conftest import Terminal, terminal  # noqa: F401
from tests.targets.bundles import STORE, bundle
from tests.targets.graphs import GRAPH


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(STORE))


def test_a_bundle_is_made_once_and_carried_elsewhere(
    terminal: Terminal,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = bundle("x86_64")
    monkeypatch.setattr(bundle_parts, "_run", lambda *_: pytest.fail("it is there"))
    copy = tmp_path / "copy"
    answer = terminal("devices", "bundle", "--arch", "x86_64", "--folder", str(copy), "--json")
    assert answer.code == 0
    assert answer.document == {
        "arch": "x86_64",
        "folder": str(copy),
        "hash": made.hash,
        "bytes": made.size,
        "onnxruntime": made.manifest.onnxruntime,
        "packages": made.manifest.packages,
        "made": False,
    }
    assert set(made.manifest.packages) == {"libc6", "libgcc-s1", "libstdc++6", "ziglang"}
    (tmp_path / "device.yaml").write_text(f"name: there\nagent: native\nbundle: {copy}\n")
    with open_target(load_device(str(tmp_path / "device.yaml"))) as target:
        target.add("a", GRAPH)
        facts, *_ = target.run([Round(0, ["a"])], least_runs=1, least_ms=0.0)
    assert isinstance(facts, Facts)
    assert facts.agent == "native"


def test_an_agent_finds_the_bundle_of_this_machine(
    terminal: Terminal,  # noqa: F811
    tmp_path: Path,
) -> None:
    bundle("x86_64")
    (tmp_path / "device.yaml").write_text("name: here\nagent: native\n")
    answer = terminal("devices", "show", str(tmp_path / "device.yaml"), "--json")
    assert answer.code == 0
    assert answer.document["agent"] == f"native {bundle('x86_64').libraries}"


def test_a_person_sees_versions_and_size(terminal: Terminal) -> None:  # noqa: F811
    made = bundle("aarch64")
    answer = terminal("devices", "bundle", "--arch", "aarch64")
    assert answer.code == 0
    for words in (made.hash, f"{made.size / 1e6:.1f} MB", made.manifest.packages["libc6"]):
        assert words in answer.stdout
    answer = terminal("devices", "bundle", "--arch", "riscv64")
    assert answer.code == 2
    assert "hwnas makes bundles for aarch64 and x86_64, not for 'riscv64'" in answer.stderr


@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_the_native_agent_is_the_same_wherever_it_is_compiled(tmp_path: Path, arch: str) -> None:
    (tmp_path / "scratch").mkdir()
    add_native_agent(tmp_path, tmp_path / "scratch", arch)
    assert (tmp_path / "agent").read_bytes() == (bundle(arch).folder / "agent").read_bytes()


def test_the_sources_are_c_that_no_compiler_warns_of() -> None:
    for source in sorted(bundle_parts.SOURCES.glob("*.c")):
        for language in ("gnu11", "gnu17"):
            subprocess.run(
                [
                    "gcc",
                    f"-std={language}",
                    "-O2",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-Wshadow",
                    "-Wvla",
                    "-Wstrict-prototypes",
                    "-fsyntax-only",
                    source,
                ],
                check=True,
            )
