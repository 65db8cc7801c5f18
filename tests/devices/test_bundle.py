"""What is a bundle, and what is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.devices.bundle import Manifest, read_bundle, write_manifest

BY_HAND = {
    "format": 1,
    "arch": "aarch64",
    "onnxruntime": "1.20.0",
    "command": ["agent", "libonnxruntime.so"],
}


def by_hand(folder: Path, **changes: Any) -> Path:
    """A bundle of a person who used Android's compiler and ONNX Runtime's archive."""
    folder.mkdir()
    (folder / "agent").write_bytes(b"\x7fELF program")
    (folder / "agent").chmod(0o755)
    (folder / "libonnxruntime.so").write_bytes(b"\x7fELF library")
    content = {key: value for key, value in (BY_HAND | changes).items() if value is not None}
    (folder / "bundle.json").write_text(json.dumps(content))
    return folder


def test_a_bundle_made_by_hand_needs_no_hash(tmp_path: Path) -> None:
    found = read_bundle(by_hand(tmp_path / "b"))
    assert found.command == [f"{found.unit}/agent", f"{found.unit}/libonnxruntime.so"]
    assert found.size == len(b"\x7fELF program\x7fELF library")
    assert read_bundle(by_hand(tmp_path / "c", hash=found.hash)).hash == found.hash


def test_the_hash_is_of_names_contents_rights_and_manifest(tmp_path: Path) -> None:
    found = [read_bundle(by_hand(tmp_path / "same")).hash]
    for change in ("content", "name", "rights", "command"):
        folder = by_hand(tmp_path / change)
        library = folder / "libonnxruntime.so"
        match change:
            case "content":
                library.write_bytes(b"\x7fELF Library")
            case "name":
                (folder / "libm.so").write_bytes(b"")
            case "rights":
                library.chmod(0o755)
            case _:
                command = ["agent", "--", "libonnxruntime.so"]
                (folder / "bundle.json").write_text(json.dumps({**BY_HAND, "command": command}))
        found.append(read_bundle(folder).hash)
    assert len(set(found)) == 5
    assert read_bundle(by_hand(tmp_path / "again")).hash == found[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": 2}, "'format' is 2"),
        ({"command": []}, "command"),
        ({"command": None}, "the key 'command' is missing"),
        ({"command": ["../agent"]}, "command"),
        ({"command": ["/bin/sh"]}, "command"),
        ({"command": ["agent", "a b"]}, "command"),
        ({"command": ["agent", "lib.so"]}, "names 'lib.so', which is not a file beside it"),
        ({"command": ["agent", ".."]}, "names '..', which is not a file beside it"),
        (
            {"command": ["libonnxruntime.so"]},
            "begins with 'libonnxruntime.so', which is not a program",
        ),
        ({"command": ["-x", "agent"]}, "begins with '-x', which is not a program"),
        ({"command": ["."]}, "begins with '.', which is not a program"),
        ({"arch": "$(reboot)"}, "arch"),
        ({"hash": "0" * 32}, "was changed after it was made"),
        ({"onnxruntim": "1"}, "unknown key 'onnxruntim'; did you mean 'onnxruntime'?"),
    ],
)
def test_a_manifest_is_read_strictly(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((ConfigError, DeviceError)) as caught:
        read_bundle(by_hand(tmp_path / "b", **changes))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_manifest_that_is_no_object_is_one_sentence(tmp_path: Path, text: str) -> None:
    folder = by_hand(tmp_path / "b")
    (folder / "bundle.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DeviceError, match=r"bundle\.json (is not JSON|must hold one JSON object)"):
        read_bundle(folder)


def test_a_bundle_holds_plain_files_only(tmp_path: Path) -> None:
    folder = by_hand(tmp_path / "b")
    (folder / "libm.so").symlink_to("libonnxruntime.so")
    with pytest.raises(DeviceError, match=r"holds 'libm\.so'; remove it, or put the file itself"):
        read_bundle(folder)
    (folder / "libm.so").unlink()
    (folder / "inner").mkdir()
    with pytest.raises(DeviceError, match="holds 'inner'"):
        read_bundle(folder)
    with pytest.raises(DeviceError, match=r"is not a bundle: its bundle\.json cannot be read"):
        read_bundle(folder / "inner")


def test_a_manifest_is_written_as_it_is_read(tmp_path: Path) -> None:
    folder = by_hand(tmp_path / "b")
    (folder / "bundle.json").unlink()
    manifest = Manifest.model_validate(BY_HAND)
    made = write_manifest(folder, manifest)
    assert read_bundle(folder) == made
