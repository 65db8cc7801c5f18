"""Bundles are made once, whole or not at all; of parts that cost nothing."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.core.errors import DeviceError
from hwnas.devices import bundle_build
from hwnas.devices.bundle import Manifest, cached_folder, find_bundle, local_onnxruntime
from hwnas.devices.bundle_build import build_bundle, copy_bundle


class Parts:
    """Parts that cost nothing, and how often they were made."""

    made = 0

    def library(self, folder: Path, *_: Any) -> dict[str, str]:
        (folder / "ld-linux-aarch64.so.1").write_bytes(b"loader")
        (folder / "ld-linux-aarch64.so.1").chmod(0o755)
        time.sleep(0.2)
        return {"libc6": "2.36-9+deb12u10"}

    def onnxruntime(self, folder: Path, *_: Any) -> str:
        (folder / "libonnxruntime.so.1").write_bytes(b"library")
        return "libonnxruntime.so.1"

    def agent(self, folder: Path, *_: Any) -> dict[str, str]:
        self.made += 1
        (folder / "agent").write_bytes(b"agent")
        return {"ziglang": "0.17.1"}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Parts:
    found = Parts()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(bundle_build, "add_c_library", found.library)
    monkeypatch.setattr(bundle_build, "add_onnxruntime", found.onnxruntime)
    monkeypatch.setattr(bundle_build, "add_native_agent", found.agent)
    return found


def test_a_bundle_is_made_once(parts: Parts, tmp_path: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    assert find_bundle("aarch64") is None
    made = build_bundle("aarch64", lambda *step: steps.append(step))
    assert made.folder.parent == tmp_path / "cache" / "bundles"
    assert made.manifest == Manifest(
        arch="aarch64",
        onnxruntime=local_onnxruntime(),
        hash=made.hash,
        packages={"libc6": "2.36-9+deb12u10", "ziglang": "0.17.1"},
        command=("ld-linux-aarch64.so.1", "--library-path", ".", "agent", "libonnxruntime.so.1"),
    )
    unit = made.unit
    assert made.command == [
        f"{unit}/ld-linux-aarch64.so.1",
        "--library-path",
        unit,
        f"{unit}/agent",
        f"{unit}/libonnxruntime.so.1",
    ]
    assert [step[:2] for step in steps] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert build_bundle("aarch64") == find_bundle("aarch64") == made
    assert parts.made == 1


def test_of_two_builders_one_waits_and_finds(parts: Parts) -> None:
    builders = [threading.Thread(target=build_bundle, args=("aarch64",)) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert parts.made == 1
    assert find_bundle("aarch64") is not None


def test_a_damaged_bundle_is_told_and_made_again(parts: Parts) -> None:
    made = build_bundle("aarch64")
    (made.folder / "agent").write_bytes(b"Agent")
    with pytest.raises(DeviceError, match="was changed after it was made; make it again"):
        find_bundle("aarch64")
    assert build_bundle("aarch64") == made
    assert parts.made == 2


@pytest.mark.usefixtures("parts")
def test_what_a_killed_or_failed_builder_left_is_cleared_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    final = cached_folder("aarch64")
    (final.parent / f"{final.name}.abc.partial" / "bundle").mkdir(parents=True)

    def fails(*_: Any) -> str:
        raise DeviceError("pip got no onnxruntime")

    with monkeypatch.context() as patch:
        patch.setattr(bundle_build, "add_onnxruntime", fails)
        with pytest.raises(DeviceError, match="pip got no onnxruntime"):
            build_bundle("aarch64")
    assert {path.name for path in final.parent.iterdir()} == {f"{final.name}.lock"}
    build_bundle("aarch64")
    assert {path.name for path in final.parent.iterdir()} == {f"{final.name}.lock", final.name}


@pytest.mark.usefixtures("parts")
def test_another_runtime_or_agent_is_another_bundle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = {cached_folder("aarch64"), cached_folder("x86_64")}
    monkeypatch.setattr("hwnas.devices.bundle.local_onnxruntime", lambda: "1.0")
    names.add(cached_folder("aarch64"))
    (tmp_path / "main.c").write_text("int main(void) { return 1; }")
    monkeypatch.setattr("hwnas.devices.bundle.SOURCES", tmp_path)
    names.add(cached_folder("aarch64"))
    assert len(names) == 4


@pytest.mark.usefixtures("parts")
def test_a_copy_is_a_bundle_and_harms_nothing(tmp_path: Path) -> None:
    made = build_bundle("aarch64")
    copied = copy_bundle(made, tmp_path / "copy")
    assert (copied.folder, copied.hash) == (tmp_path / "copy", made.hash)
    with pytest.raises(DeviceError, match="exists and is not empty"):
        copy_bundle(made, tmp_path / "copy")
    with pytest.raises(DeviceError, match="cannot copy the bundle"):
        copy_bundle(made, tmp_path / "copy" / "agent" / "inner")


def test_an_unknown_architecture_is_one_sentence() -> None:
    with pytest.raises(DeviceError, match=r"for aarch64 and x86_64, not for 'riscv64'; for other"):
        build_bundle("riscv64")


@pytest.mark.usefixtures("parts")
def test_a_cache_that_cannot_be_written_to_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(DeviceError, match=r"cannot use .*bundles"):
        build_bundle("aarch64")
