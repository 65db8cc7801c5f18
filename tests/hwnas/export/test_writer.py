"""What an export folder holds, and what an export leaves of an earlier one."""

import json
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.digests import SHA256, digest
from hwnas.export.card import model_card
from hwnas.export.writer import source_files, write_export
from hwnas.networks.blocks import Network
from hwnas.networks.conventions import USUAL
from hwnas.networks.modules import NetworkModule
from tests.hwnas.export.odd_networks import sampled
from tests.hwnas.export.test_card import CONFIG, VERIFICATION


def write(folder: Path, network: Network, **verification: Any) -> None:
    write_export(
        folder,
        files={"model.onnx": b"graph", **source_files(network, USUAL)},
        state=NetworkModule(network).state_dict(),
        config=CONFIG,
        verification=VERIFICATION | verification,
        card=model_card(CONFIG, VERIFICATION),
    )


def test_an_export_brings_the_programs_that_build_it_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, sampled("mobilenet_v2"), date="today")
    verification = json.loads((tmp_path / "verification.json").read_text())
    assert verification["date"] == "today"
    assert verification["sha256"].keys() == {
        "config.json",
        "model.onnx",
        "model.py",
        "model.safetensors",
        "timm_model.py",
    }
    for name, hashed in verification["sha256"].items():
        assert digest((tmp_path / name).read_bytes(), SHA256) == hashed


def test_the_card_is_there_and_may_be_edited(tmp_path: Path) -> None:
    write(tmp_path, sampled("mobilenet_v2"))
    assert "# mobilenet_v3_small for" in (tmp_path / "README.md").read_text()
    verification = json.loads((tmp_path / "verification.json").read_text())
    assert "README.md" not in verification["sha256"]


def test_an_edited_card_stays_with_its_network(tmp_path: Path) -> None:
    card, network = tmp_path / "README.md", sampled("mobilenet_v2")
    write(tmp_path, network)
    first = card.read_text()
    write(tmp_path, network)
    assert card.read_text() == first
    card.write_text(first.replace("## Classes", "## My classes"))
    write(tmp_path, network)
    assert "## My classes" in card.read_text()
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"id": "another"}))
    write(tmp_path, network)
    assert card.read_text() == first
    assert "## My classes" in (tmp_path / "README.earlier.md").read_text()


@pytest.mark.parametrize(
    "name", ["timm_model.py", "timm.safetensors", "model@pi.onnx", "model.fp32.onnx"]
)
def test_what_the_present_network_does_not_have_is_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("of another network")
    (tmp_path / "notes.txt").write_text("mine")
    write(tmp_path, sampled("nas_bench_macro"))  # which timm cannot build
    assert not (tmp_path / name).exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"
