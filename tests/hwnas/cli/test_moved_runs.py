"""A run works from anywhere: its folder holds what it needs, and its images may be elsewhere."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal
from tests.hwnas.cli.test_accuracies_of_a_csv import write_csv
from tests.hwnas.search.problems import every_architecture

TRAINING = "{epochs: 1, batch_size: 16, learning_rate: 0.1, flip: false, crop_padding: 1}"
CONFIG = f"""
space: tiny_space.yaml
accuracy: {{estimator: table, file: known.csv}}
data: {{source: photos}}
device: npu.yaml
table: table.sqlite
train: {TRAINING}
fine_tune: {TRAINING}
export: {{weights_from: scratch}}
search: {{budgets: {{latency: 1 s}}, evaluations: 20, searchers: [random]}}
"""


def photos(root: Path, classes: int = 10, images: int = 4) -> Path:
    """Folders of noise, a brightness a class."""
    generator = np.random.default_rng(0)
    for label in range(classes):
        (root / f"c{label}").mkdir(parents=True)
        for index in range(images):
            pixels = generator.integers(20 * label, 20 * label + 50, (16, 16, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(root / f"c{label}/{index}.png")
    return root


@pytest.fixture
def project(npu: Path, terminal: Terminal) -> Path:
    """A folder with a searched run `runs/known`."""
    (npu / "known.yaml").write_text(CONFIG)
    write_csv(npu / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    photos(npu / "photos")
    assert terminal("search", "known.yaml").code == 0
    return npu


@pytest.fixture
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("away")


def test_a_run_is_reported_from_another_folder(
    project: Path, away: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(away)
    answer = terminal("report", str(project / "runs/known"))
    assert answer.code == 0, answer.stderr
    assert not list(away.iterdir())


def test_a_run_that_is_moved_alone_is_reported_compared_and_searched_again(
    project: Path, away: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(project / "runs/known", away / "one")
    shutil.copytree(project / "runs/known", away / "two")
    shutil.copy(project / "known.csv", away / "known.csv")
    for gone in ("photos", "runs"):
        shutil.rmtree(project / gone)
    for gone in ("table.sqlite", "npu.yaml", "tiny_space.yaml", "known.csv"):
        (project / gone).unlink()
    monkeypatch.chdir(away)
    assert terminal("report", "one").code == 0
    assert terminal("report", "one", "two").code == 0
    before = (away / "one/front.csv").read_text()
    assert terminal("search", "one/config.yaml").code == 0
    assert (away / "one/front.csv").read_text() == before
    # Another budget, by the latencies that the run was searched with.
    answer = terminal("search", "one/config.yaml", "--budget", "macs=300 K", "--json")
    assert answer.code == 0, answer.stderr
    assert all(point["macs"] <= 300e3 for point in answer.document["front"])
    assert not (away / "runs").exists()


def test_a_project_that_is_moved_as_a_whole_goes_on(
    project: Path, away: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.move(project, away / "moved")
    monkeypatch.chdir(away)
    answer = terminal("export", "moved/runs/known", "--json")
    assert answer.code == 0, answer.stderr
    assert Path(answer.document["model"]).is_file()
    shutil.move(away / "moved", away / "again")
    assert terminal("report", "again/runs/known").code == 0
    page = (away / "again/runs/known/report.html").read_text()
    assert f"{answer.document['winner']['accuracy']:.2f}" in page


def test_images_are_known_by_their_pixels_and_not_by_their_path(
    project: Path, away: Path, terminal: Terminal
) -> None:
    shutil.move(project / "photos", away / "pictures")
    answer = terminal("export", "runs/known")
    assert answer.code == 2
    assert f"were in {project / 'photos'}, which is not there; name the folder" in answer.stderr
    named = ("--data", str(away / "pictures"))
    assert terminal("export", "runs/known", *named).code == 0
    assert terminal("export", "runs/known").code == 0  # it was noted
    # The config's other stages, too, and what was exported stays the run's winner.
    assert terminal("train", "known.yaml", *named).code == 0
    assert terminal("search", "known.yaml", *named).code == 0
    assert terminal("report", "runs/known").code == 0
    summary = json.loads((project / "runs/known/summary.json").read_text())
    assert (
        f"{summary['winner']['accuracy']:.2f}" in (project / "runs/known/report.html").read_text()
    )

    other = photos(away / "other", images=5)
    for words in (("export", "runs/known"), ("train", "known.yaml")):
        answer = terminal(*words, "--data", str(other))
        assert answer.code == 2
        assert "was made with other images" in answer.stderr
    fewer = photos(away / "fewer", classes=3)
    answer = terminal("search", "known.yaml", "--data", str(fewer))
    assert (answer.code, "belongs to another config: data.source" in answer.stderr) == (2, True)


def test_a_space_of_another_path_and_the_same_blocks_is_the_run_s_own(
    project: Path, terminal: Terminal
) -> None:
    (project / "spaces").mkdir()
    space = shutil.move(project / "tiny_space.yaml", project / "spaces/mine.yaml")
    assert terminal("search", "known.yaml", "--set", "space=spaces/mine.yaml").code == 0
    text = Path(space).read_text()
    Path(project / "other.yaml").write_text(text.replace("kernels: [3, 5]", "kernels: [3, 7]"))
    answer = terminal("search", "known.yaml", "--set", "space=other.yaml")
    assert answer.code == 2
    assert "belongs to another config: space is 'spaces/mine.yaml' there" in answer.stderr


def test_a_table_that_was_measured_again_does_not_change_a_finished_run(
    project: Path, terminal: Terminal
) -> None:
    assert terminal("report", "runs/known").code == 0
    before = (project / "runs/known/front.svg").read_bytes()
    (project / "table.sqlite").unlink()
    assert terminal("report", "runs/known").code == 0
    assert (project / "runs/known/front.svg").read_bytes() == before


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "inputs of a hwnas run 2"}', "\x00", "[" * 100_000]
)
def test_damaged_inputs_are_one_sentence(project: Path, terminal: Terminal, content: str) -> None:
    (project / "runs/known/inputs.json").write_text(content)
    answer = terminal("report", "runs/known")
    assert answer.code == 2
    assert "inputs.json is damaged or of another version of hwnas" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_device_that_differs_is_said_from_what_the_run_holds(
    project: Path, terminal: Terminal
) -> None:
    (project / "npu.yaml").write_text("name: npu\ntransport: imported\nthreads: 2\n")
    answer = terminal("export", "runs/known")
    assert answer.code == 2
    assert "was searched with the latencies of another device: threads is 1 there" in answer.stderr
