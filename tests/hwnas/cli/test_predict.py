"""`hwnas predict`: images in, classes and probabilities out, and what goes wrong."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hwnas.cli.main import main
from hwnas.data import to_input
from hwnas.data.decoding import decode_image
from hwnas.devices.runtimes import load_runtime
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_next_step import next_of
from tests.hwnas.export.made_export import CLASSES, RESOLUTION, make_export

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 30, 4), dtype=np.uint8)
GREY = np.random.default_rng(0).integers(0, 2**12, (30, 20), dtype=np.uint16)


@pytest.fixture(scope="module")
def winner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export folder."""
    folder = tmp_path_factory.mktemp("winner")
    make_export(folder, deep_bits=12)
    return folder


@pytest.fixture
def made(tmp_path: Path, winner: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a run with an exported winner, and images of several kinds."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(winner, tmp_path / "run/export/winner")
    (tmp_path / "run/config.yaml").write_text("space: tiny\n")
    photos = tmp_path / "photos"
    (photos / "inner").mkdir(parents=True)
    turned = Image.Exif()
    turned[274] = 6
    Image.fromarray(PIXELS[..., :3]).save(photos / "b.jpg", exif=turned)
    Image.fromarray(PIXELS).save(photos / "inner/a.png")
    Image.fromarray(GREY).save(photos / "grey.png")
    (photos / "notes.txt").write_text("no image")
    (photos / ".hidden.png").write_bytes(b"no image")
    (photos / "inner/up").symlink_to(photos)
    return tmp_path


def probabilities(photo: Path, export: Path) -> dict[str, float]:
    """Those of an image as training reads it."""
    images = to_input(decode_image(photo, RESOLUTION, bits=12)[None]).contiguous().numpy()
    logits = load_runtime("onnxruntime").load(export / "model.onnx", threads=1).run(images)[0]
    powers = np.exp(logits.astype(np.float64))
    return dict(zip(CLASSES, (powers / powers.sum()).tolist(), strict=True))


def test_a_folder_gives_a_line_an_image_with_the_likeliest_classes(
    made: Path, terminal: Terminal
) -> None:
    answer = terminal("predict", "run", "photos", "--top", "1")
    assert answer.code == 0, answer.stderr
    assert answer.stderr == ""
    expected = []
    for name in ("b.jpg", "grey.png", "inner/a.png"):
        found = probabilities(made / "photos" / name, made / "run/export/winner")
        best = max(found, key=lambda one: found[one])
        shown = best.replace("\x1b", r"\x1b")
        expected.append(f"photos/{name}: {shown} {100 * found[best]:.1f} %")
    assert answer.stdout.splitlines() == expected


def test_json_has_the_probabilities_of_images_as_training_reads_them(
    made: Path, terminal: Terminal
) -> None:
    answer = terminal("predict", "run/export/winner", "photos", "--top", "9", "--json")
    assert answer.document["model"] == "run/export/winner/model.onnx"
    for row in answer.document["images"]:
        shares = {one["class"]: one["probability"] for one in row["classes"]}
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
        expected = probabilities(made / row["image"], made / "run/export/winner")
        assert shares == pytest.approx(expected, abs=1e-6)


def test_any_onnx_file_of_an_export_can_be_named(made: Path, terminal: Terminal) -> None:
    del made
    one = terminal("predict", "run/export/winner/model.dynamic.onnx", "photos/b.jpg")
    assert one.stdout == terminal("predict", "run", "photos/b.jpg").stdout != ""


def test_standard_input_is_an_image_too(
    made: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = io.BytesIO((made / "photos/b.jpg").read_bytes())
    stdin = SimpleNamespace(buffer=content, isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", stdin)
    answer = terminal("predict", "run", "-", "photos/b.jpg", "--json")
    piped, stored = answer.document["images"]
    assert piped["image"] == "-"
    assert piped["classes"] == stored["classes"]


def test_what_cannot_be_read_is_named_and_the_rest_is_predicted(
    made: Path, terminal: Terminal
) -> None:
    (made / "photos/broken.jpg").write_bytes(b"\xff\xd8\xff")
    answer = terminal("predict", "run", "photos", "--json")
    assert answer.code == 2
    assert answer.stderr.startswith("hwnas: cannot read the image photos/broken.jpg (")
    rows = {row["image"]: set(row) for row in answer.document["images"]}
    assert rows.pop("photos/broken.jpg") == {"image", "error"}
    assert list(rows.values()) == [{"image", "classes"}] * 3


def test_the_winner_of_an_earlier_front_is_called_so(made: Path, terminal: Terminal) -> None:
    (made / "run/export/winner/STALE.txt").write_text("stale\n")
    answer = terminal("predict", "run", "photos/b.jpg")
    assert answer.code == 0
    assert "run/export/winner is of an earlier front" in answer.stderr


def changed(**changes: Any) -> str:
    """The text of a config.json with other values; None takes a key away."""
    content = json.loads(Path("run/export/winner/config.json").read_text()) | changes
    return json.dumps({key: value for key, value in content.items() if value is not None})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("nowhere photos", "there is no file or folder nowhere; name an exported network"),
        ("photos photos", "photos is no exported network (it has no model.onnx)"),
        ("begun photos", "the run begun has no exported winner; run 'hwnas export begun'"),
        ("photos/b.jpg photos", "photos/b.jpg is no ONNX file; name model.onnx"),
        ("run photos/c.jpg", "there is no file or folder photos/c.jpg; name an image"),
        ("run run/export", "the folder run/export holds no images"),
        (
            "run photos/notes.txt",
            "cannot read the image photos/notes.txt (cannot identify image file)",
        ),
        ("run photos --top 0", "--top"),
        ("run", "the argument IMAGE... is missing"),
    ],
)
def test_wrong_input_is_one_sentence(
    made: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    (made / "begun").mkdir()
    (made / "begun/config.yaml").write_text("space: tiny\n")
    assert_refused(terminal, made, f"predict {words}", sentence)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"class_names": None}, "config.json: class_names is missing; export the network again"),
        ({"class_names": ["a", 1]}, "config.json: class_names is not a list as an export writes"),
        (
            {"class_names": ["a"]},
            "gives (4,) values an image and its config.json has 1 class_names",
        ),
        ({"resolution": "big"}, "config.json: resolution is no whole number from 1 to 65,536"),
        ({"resolution": 8}, "and its config.json is of images of 8 pixels: they are not of one"),
        ({"input": {"preprocessing": 3}}, "config.json: input.preprocessing holds no keys"),
        (
            {"input": {"preprocessing": {"multiply": [1.0, 2.0]}}},
            "config.json: input.preprocessing.multiply is not three numbers",
        ),
    ],
)
def test_a_config_that_does_not_fit_is_one_sentence(
    made: Path, terminal: Terminal, changes: dict[str, Any], sentence: str
) -> None:
    (made / "run/export/winner/config.json").write_text(changed(**changes))
    assert_refused(terminal, made, "predict run photos/b.jpg", sentence)


def test_damaged_files_are_one_sentence(made: Path, terminal: Terminal) -> None:
    winner = made / "run/export/winner"
    (winner / "model.onnx").write_bytes(b"no model")
    assert_refused(terminal, made, "predict run photos/b.jpg", "ONNX Runtime cannot load model")
    (winner / "config.json").write_text("{")
    assert_refused(terminal, made, "predict run photos/b.jpg", "config.json is not JSON")
    (winner / "config.json").unlink()
    assert_refused(terminal, made, "predict run photos/b.jpg", "it belongs beside the ONNX file")


@pytest.mark.usefixtures("made")
def test_a_person_is_told_what_comes_next(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(sys, "argv", ["hwnas", "predict", "run", "photos/b.jpg"])
    with pytest.raises(SystemExit):
        main()
    assert next_of(capsys.readouterr().err) == "hwnas benchmark run"


def test_a_terminal_is_no_standard_input(
    made: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    assert_refused(terminal, made, "predict run -", "standard input, which is a terminal")


def test_a_standard_input_of_nothing_is_refused(
    made: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", nothing)
    assert_refused(terminal, made, "predict run -", "(nothing came on standard input)")


def test_an_export_alone_is_enough_and_pytorch_is_not_imported(made: Path) -> None:
    shutil.move(made / "run/export/winner", made / "alone")
    for name in ("model.safetensors", "verification.json", "model.dynamic.onnx"):
        (made / "alone" / name).unlink()
    root = Path(__file__).parents[3]
    command = [sys.executable, "-X", "importtime", "-m", "hwnas", "predict"]
    answer = subprocess.run(
        [*command, str(made / "alone"), str(made / "photos/b.jpg")],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    assert imported & {"torch", "rich", "onnx", "yaml", "scipy"} == set()
    assert "onnxruntime" in imported
    assert answer.stdout.count("%") == 3
