"""`hwnas publish`, with the real huggingface_hub and a small server in Hugging Face's place."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from hwnas.core.digests import SHA256, digest
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_next_step import next_of
from tests.hwnas.export.hub import Hub, serving
from tests.hwnas.export.odd_networks import sampled
from tests.hwnas.export.test_writer import write

TO = ("--to", "hf:me/net")
# huggingface_hub 2.4 uses its own HTTP library in a way that this one wants to be rid of.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    write(folder, sampled("mobilenet_v2"))
    return folder


@pytest.fixture
def winner(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The winner's folder of a run."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(exported, tmp_path / "runs/mine/export/winner"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Stands for Hugging Face, and takes large files in the way that needs no server but itself."""
    with serving() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        yield hub


def test_without_yes_it_shows_files_and_card_and_asks_no_one(
    winner: Path, hub: Hub, terminal: Terminal
) -> None:
    answer = terminal("publish", "runs/mine", *TO)
    assert answer.code == 0
    for file in winner.iterdir():
        assert file.name in answer.stdout
    assert "# mobilenet_v3_small for" in answer.stdout
    assert "no licence is named" in answer.stdout
    assert "nothing was uploaded: --yes uploads these 7 files" in answer.stdout
    following = next_of(answer.stderr)
    assert following == "hwnas publish runs/mine --to hf:me/net --yes"
    assert terminal(*following.split()[1:]).code == 0
    hub.repositories.clear()
    hub.tokens.clear()
    assert not hub.repositories
    assert not hub.tokens


def test_further_formats_are_published_with_their_status(
    winner: Path, hub: Hub, terminal: Terminal
) -> None:
    (winner / "model.fp32.ort").write_bytes(b"ort")
    row = {"file": "model.fp32.ort", "sha256": {"model.fp32.ort": digest(b"ort", SHA256)}}
    other = {"file": None, "sha256": {"model.int8.ort": digest(b"", SHA256)}}  # never shipped
    (winner / "status.json").write_text(json.dumps({"rows": [row, other]}))
    assert terminal("publish", str(winner), *TO, "--yes").code == 0
    files = hub.repositories["me/net"]
    assert {"model.fp32.ort", "status.json"} <= files.keys()
    assert "model.int8.ort" not in files
    (winner / "model.fp32.ort").write_bytes(b"changed")
    words = f"publish {winner} --to hf:me/net"
    assert_refused(terminal, winner, words, "model.fp32.ort was changed after the export")
    (winner / "status.json").write_text("{}")
    assert_refused(terminal, winner, words, "holds no whole exported network")


def test_the_winner_of_an_earlier_front_is_called_so(winner: Path, terminal: Terminal) -> None:
    (winner / "STALE.txt").write_text("of an earlier front")
    answer = terminal("publish", "runs/mine", *TO)
    assert "runs/mine/export/winner is of an earlier front" in answer.stderr
    assert "STALE.txt" not in answer.stdout


def test_with_yes_the_repository_holds_the_export(
    winner: Path, hub: Hub, terminal: Terminal
) -> None:
    answer = terminal("publish", str(winner), *TO, "--yes", "--license", "mit", "--json")
    assert answer.document["url"] == f"{hub.url}/me/net"
    files = hub.repositories["me/net"]
    assert {name: len(content) for name, content in files.items()} == {
        file["name"]: file["bytes"] for file in answer.document["files"]
    }
    card = files.pop("README.md").decode()
    assert card.startswith("---\nlicense: mit\n")
    assert files == {
        file.name: file.read_bytes() for file in winner.iterdir() if file.name != "README.md"
    }
    assert hub.large  # the weights
    assert hub.tokens == {"Bearer hf_secret"}
    assert hub.private == {"me/net": False}
    assert "license: unknown" in (winner / "README.md").read_text()  # the folder stays as it is


def test_another_network_takes_the_place_of_an_earlier_one(
    winner: Path, hub: Hub, terminal: Terminal
) -> None:
    earlier = {"model@pi.onnx": b"", "timm.safetensors": b"", "notes.md": b"mine"}
    hub.repositories["me/net"] = dict(earlier)
    assert terminal("publish", str(winner), *TO, "--yes", "--private").code == 0
    assert hub.repositories["me/net"].keys() == {
        "notes.md",
        *(file.name for file in winner.iterdir()),
    }


def test_an_edited_card_is_published(winner: Path, hub: Hub, terminal: Terminal) -> None:
    (winner / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    assert terminal("publish", str(winner), *TO, "--yes").code == 0
    assert hub.repositories["me/net"]["README.md"] == b"---\nlicense: mit\n---\n# Mine\n"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "log in with 'hf auth login', or set HF_TOKEN"),
        (403, "you may not write to me/net on Hugging Face"),
        (400, "Hugging Face refuses me/net"),
    ],
)
def test_a_server_that_refuses_is_one_sentence(
    winner: Path, hub: Hub, terminal: Terminal, status: int, sentence: str
) -> None:
    hub.refuse = status
    hub.repositories["me/net"] = {}
    assert_refused(terminal, winner, f"publish {winner} --to hf:me/net --yes", sentence)


def test_a_server_that_does_not_answer_is_one_sentence(
    winner: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    words = f"publish {winner} --to hf:me/net --yes"
    assert_refused(terminal, winner, words, "http://127.0.0.1:9 cannot be reached")


def test_without_the_library_it_says_what_to_install(
    winner: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert terminal("publish", "runs/mine", *TO).code == 0  # what would be uploaded needs none
    words = f"publish {winner} --to hf:me/net --yes"
    assert_refused(terminal, winner, words, "pip install 'hwnas[hf]'")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("runs/mine --to me/net", "must name a repository, as in 'hf:USER/NAME'"),
        ("runs/mine --to hf:net", "must name a repository, as in 'hf:USER/NAME'"),
        ("runs/mine --to hf:me/net --license MIT!", "must be the identifier of a licence"),
        ("runs --to hf:me/net", "runs holds no exported network; name a run that was exported"),
    ],
)
def test_what_is_wrong_is_refused(
    winner: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, winner, f"publish {words}", sentence)


@pytest.mark.parametrize("name", ["model.onnx", "model.py", "config.json"])
def test_a_file_that_was_changed_is_not_published(
    winner: Path, terminal: Terminal, name: str
) -> None:
    (winner / name).write_text("changed")
    sentence = f"{name} was changed after the export"
    assert_refused(terminal, winner, f"publish {winner} --to hf:me/net", sentence)


@pytest.mark.parametrize("name", ["model.onnx", "README.md"])
def test_a_file_that_is_missing_is_named(winner: Path, terminal: Terminal, name: str) -> None:
    (winner / name).unlink()
    sentence = f"{name} is missing; export the network again"
    assert_refused(terminal, winner, f"publish {winner} --to hf:me/net", sentence)


def test_files_beyond_the_folder_are_not_published(winner: Path, terminal: Terminal) -> None:
    (winner.parent / "secret").write_text("secret")
    path = winner / "verification.json"
    content = json.loads(path.read_text())
    content["sha256"]["../secret"] = digest(b"secret", SHA256)
    path.write_text(json.dumps(content))
    words = f"publish {winner} --to hf:me/net"
    assert_refused(terminal, winner, words, "names a file '../secret'")
