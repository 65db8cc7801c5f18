"""What a bundle is made of may be missing: each with the sentence that a user sees; no network."""

import sys
import zipfile
from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices import bundle_parts
from hwnas.devices.bundle_parts import add_c_library, add_native_agent, add_onnxruntime


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> Path:
    """Programs of these names that run these scripts, and no others."""
    place = folder / "bin"
    place.mkdir()
    for name, script in scripts.items():
        path = place / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(place))
    return place


def test_a_machine_without_apt_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path, monkeypatch)
    with pytest.raises(DeviceError, match=r"needs apt-get of Debian or Ubuntu; .*--folder DIR'"):
        add_c_library(tmp_path, tmp_path, "aarch64", "ld.so")


def test_what_apt_cannot_get_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "echo 'W: slow' >&2; echo 'E: Unable to locate package libc6' >&2; exit 100"
    programs(tmp_path, monkeypatch, apt_get=words, apt_config="true", dpkg_deb="true")
    with pytest.raises(DeviceError) as caught:
        add_c_library(tmp_path, tmp_path, "aarch64", "ld.so")
    assert "apt-get got no packages for arm64 (E: Unable to locate package libc6)" in str(
        caught.value
    )
    assert "check the network" in str(caught.value)


def test_settings_that_would_touch_the_machine_are_not_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = (
        'Acquire::http::Proxy "p";',
        'APT::Update::Post-Invoke:: "touch machine";',
        'Dir::Cache "/var/cache/apt";',
        'APT::Architectures:: "amd64";',
    )
    lines = "\n".join(f"echo '{line}'" for line in dump)
    programs(tmp_path, monkeypatch, apt_get="exit 100", apt_config=lines, dpkg_deb="true")
    with pytest.raises(DeviceError, match=r"apt-get got no packages for arm64 \(exit code 100\)"):
        add_c_library(tmp_path, tmp_path, "aarch64", "ld.so")
    settings = (tmp_path / "apt.conf").read_text().splitlines()
    assert dump[0] in settings
    assert not set(dump[1:]) & set(settings)
    assert f'Dir::Cache "{tmp_path}/cache";' in settings


@pytest.mark.parametrize("words", ["ERROR: No matching distribution found", "No module named pip"])
def test_a_wheel_that_pip_cannot_get_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    place = programs(tmp_path, monkeypatch, python=f"echo '{words}' >&2; exit 1")
    monkeypatch.setattr(sys, "executable", str(place / "python"))
    with pytest.raises(DeviceError) as caught:
        add_onnxruntime(tmp_path, tmp_path, "aarch64", "1.31.1")
    assert f"pip got no onnxruntime 1.31.1 for aarch64 ({words}): check the" in str(caught.value)


def test_a_pip_of_the_current_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, scratch = tmp_path / "own", tmp_path / "scratch"
    for folder in (own, scratch):
        folder.mkdir()
    (own / "pip.py").write_text("raise SystemExit('ERROR: of the current folder')")
    monkeypatch.chdir(own)
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # the network is not needed to see which one runs
    with pytest.raises(DeviceError, match="pip got no onnxruntime") as caught:
        add_onnxruntime(tmp_path, scratch, "aarch64", "1.31.1")
    assert "of the current folder" not in str(caught.value)


def test_the_library_is_taken_out_of_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, scratch = tmp_path / "bundle", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    monkeypatch.setattr(bundle_parts, "_run", lambda *_, **__: "")
    for name, content in (("pybind.so", b"no"), ("libonnxruntime.so.1.31.1", b"yes")):
        with zipfile.ZipFile(scratch / "onnxruntime-1-cp311-x.whl", "w") as wheel:
            wheel.writestr(f"onnxruntime/capi/{name}", content)
        if content == b"no":
            with pytest.raises(DeviceError, match=r"holds no libonnxruntime\.so: install a new"):
                add_onnxruntime(folder, scratch, "aarch64", "1.31.1")
    found = add_onnxruntime(folder, scratch, "aarch64", "1.31.1")
    assert found == "libonnxruntime.so.1.31.1"
    assert (folder / found).read_bytes() == b"yes"


def test_a_missing_compiler_comes_with_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(_: str) -> str:
        raise bundle_parts.PackageNotFoundError

    monkeypatch.setattr(bundle_parts, "version", version)
    with pytest.raises(DeviceError, match=r"needs the compiler ziglang: run '.* pip install zig"):
        add_native_agent(tmp_path, tmp_path, "aarch64")
