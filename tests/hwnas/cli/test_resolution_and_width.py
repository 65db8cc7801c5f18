"""Resolution and width as choices, from the config to the exported network."""

import csv
import json
from pathlib import Path

import numpy as np
import onnx
import pytest

import hwnas
from hwnas.core.errors import ConfigError
from hwnas.latency.schedule import Schedule
from hwnas.runs.config import load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.ranking import check_estimators
from hwnas.spaces import SpaceFamily, load_space
from tests.hwnas.cli.conftest import SPACE, Terminal, assert_refused, imported

SEVERAL = "resolution: [12, 8]\nwidth: [1, 0.5]\n"
TRAINING = "{epochs: 1, batch_size: 32, learning_rate: 0.1, flip: false, crop_padding: auto}"
ALONE = f"""
space: tiny_space.yaml
{SEVERAL}
accuracy: {{estimator: macs}}
device: npu.yaml
table: table.sqlite
search: {{budgets: {{latency: 60 % of reference}}, evaluations: 100}}
"""
WHOLE = f"""
space: plain.yaml
resolution: [8, 12]
data: {{source: digits, limit: 100}}
table: table.sqlite
profile: {{fit_networks: 4, check_networks: 2}}
train: {TRAINING}
search: {{budgets: {{macs: 35 K}}, evaluations: 4}}
fine_tune: {TRAINING}
"""


@pytest.fixture
def several(folder: Path) -> Path:
    """The working folder with `alone.yaml`, four members, and a table of them for `npu.yaml`."""
    (folder / "alone.yaml").write_text(ALONE)
    return imported(folder, "npu", "table.sqlite", several=True)


def family() -> SpaceFamily:
    found = load_space("tiny_space.yaml", resolution=[8, 12], width=[0.5, 1])
    assert isinstance(found, SpaceFamily)
    return found


def front(run: str) -> list[dict[str, str]]:
    with Path(run, "front.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("several")
def test_a_search_chooses_resolution_and_width(terminal: Terminal) -> None:
    answer = terminal("search", "alone.yaml", "--json")
    assert answer.code == 0, answer.stderr
    rows, space = front("runs/alone"), family()
    chosen = set()
    for row, shown in zip(rows, answer.document["front"], strict=True):
        architecture = np.array(row["architecture"].split(), dtype=int)
        member, network = space.member(architecture), space.network(architecture)
        assert int(row["resolution"]) == shown["resolution"] == member.resolution
        assert float(row["width"]) == shown["width"] == member.width
        assert network[0].resolution == member.resolution
        assert shown["architecture"] == architecture.tolist()
        chosen.add((member.resolution, member.width))
    assert len(chosen) > 1
    again = terminal("search", "alone.yaml", "--json")
    assert again.document["front"] == answer.document["front"]


@pytest.mark.usefixtures("several")
def test_the_report_has_the_resolution_and_the_width_of_each_row(terminal: Terminal) -> None:
    assert terminal("search", "alone.yaml").code == 0
    assert terminal("report", "runs/alone").code == 0
    page = Path("runs/alone/report.html").read_text()
    assert "<th scope='col'>px</th><th scope='col'>width</th>" in page
    assert "<td>12</td><td>0.5</td>" in page
    assert "size: 12 px, width 0.5" in page  # beside the network in the picture
    assert "tiny at 8, 12 px of widths 0.5, 1 on npu" in page


def test_a_run_holds_the_latency_model_of_every_member(several: Path, terminal: Terminal) -> None:
    assert terminal("search", "alone.yaml").code == 0
    held = json.loads((several / "runs/alone/inputs.json").read_text())["latency"]
    scopes = [f"tiny{width} at {px} px, 10 classes" for px in (8, 12) for width in (" w0.5", "")]
    assert list(held["model"]["members"]) == held["scope"].split("; ") == scopes
    (several / "table.sqlite").unlink()
    assert len(hwnas.open_run("runs/alone").result().front.scores) == len(front("runs/alone"))


@pytest.mark.usefixtures("several")
def test_a_value_in_a_list_makes_the_run_of_that_value(terminal: Terminal) -> None:
    one = ("--set", "resolution=12", "--set", "width=1", "--run", "runs/one")
    assert terminal("search", "alone.yaml", *one).code == 0
    listed = ("--resolution", "12", "--set", "width=[1]", "--run", "runs/one")
    assert terminal("search", "alone.yaml", *listed).code == 0
    assert "resolution" not in front("runs/one")[0]
    assert "resolution: 12\nwidth: 1" in Path("runs/one/config.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--set resolution=[]", "resolution: it is an empty list; name at least one"),
        ("--set resolution=[8,12,8]", "resolution: it names 8 twice; name each once"),
        ("--set resolution=[8,2000]", "'resolution.1' is 2000, but input should be less than"),
        ("--set width=[wide]", "'width.0' is 'wide', but must be a number"),
        ("--resolution 8,4", "must be a whole number from 8 to 1024, or several with commas"),
        ("--set width=[1,1.001]", "width: 1 and 1.001 make the same networks of tiny_space.yaml"),
        (
            "--set accuracy.estimator=bn --set train.epochs=1 --set fine_tune.epochs=1",
            "resolution: accuracy.estimator: bn is of one resolution and one width; name one",
        ),
    ],
)
def test_what_is_no_choice_is_refused(
    several: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, several, f"search alone.yaml {words}", sentence)


def test_a_training_for_one_resolution_is_refused_before_the_images_are_read(
    several: Path, terminal: Terminal
) -> None:
    words = ["train", "alone.yaml", "--estimator", "blockwise", "--set", "data.source=digits"]
    words += ["--set", f"train={TRAINING}", "--set", f"fine_tune={TRAINING}"]
    answer = terminal(*words)
    assert answer.code == 2
    assert "the estimator blockwise is of one resolution and one width, and tiny" in answer.stderr
    assert "images" not in answer.stderr
    assert not (several / "runs").exists()


def test_networks_are_timed_by_hand_at_one_resolution(several: Path, terminal: Terminal) -> None:
    words = "table export-networks alone.yaml out --device npu.yaml"
    sentence = "tiny at 8, 12 px of widths 0.5, 1 has 4 resolutions and widths, and networks are"
    assert_refused(terminal, several, words, sentence)


@pytest.mark.usefixtures("several")
def test_an_estimator_of_one_space_is_not_ranked_in_a_family(tmp_path: Path) -> None:
    experiment = Experiment(load_run_config("alone.yaml"))
    with pytest.raises(ConfigError, match="bn is of one resolution and one width, and tiny at"):
        check_estimators(experiment, RunFolder(tmp_path / "run"), ["bn"])


@pytest.mark.usefixtures("folder")
def test_the_first_slot_of_a_family_is_shown(terminal: Terminal) -> None:
    words = ("space", "show", "tiny_space.yaml", "--resolution", "12,8", "--width", "0.5,1")
    document = terminal(*words, "--json").document
    assert document["members"] == [
        {"choice": 2 * px + width, "resolution": 8 + 4 * px, "width": 0.5 + 0.5 * width}
        for px in (0, 1)
        for width in (0, 1)
    ]
    assert document["slots"][0]["first"] == 2
    assert document["networks"] == family().size
    assert "slot 1 of tiny at 8, 12 px of widths" in terminal(*words).stdout.replace("\n", " ")


def test_a_network_is_profiled_trained_searched_and_exported_at_its_own_resolution(
    folder: Path, terminal: Terminal, little: Schedule
) -> None:
    del little
    (folder / "plain.yaml").write_text(SPACE.replace("reference: mobilenet_v3_small\n", ""))
    (folder / "whole.yaml").write_text(WHOLE)
    profiled = terminal("profile", "whole.yaml", "--json")
    assert profiled.code == 0, profiled.stderr
    assert list(profiled.document["members"]) == [
        "tiny at 8 px, 10 classes",
        "tiny at 12 px, 10 classes",
    ]
    for model in profiled.document["members"].values():
        assert len(model["check_networks"]) == 2
        assert model["validation"] is not None
    assert terminal("train", "whole.yaml").code == 0
    assert terminal("search", "whole.yaml").code == 0
    answer = terminal("export", "runs/whole", "--json")
    assert answer.code == 0, answer.stderr
    winner = folder / "runs/whole/export/winner"
    exported = json.loads((winner / "config.json").read_text())
    resolution = 8  # at 12 pixels no network keeps the budget
    assert {row["resolution"] for row in front("runs/whole")} == {str(resolution)}
    assert exported["resolution"] == exported["input"]["preprocessing"]["resolution"] == resolution
    assert exported["blocks"][0]["resolution"] == resolution
    shape = onnx.load(winner / "model.onnx").graph.input[0].type.tensor_type.shape.dim
    assert [one.dim_value for one in shape] == [1, 3, resolution, resolution]
    summary = answer.document
    assert summary["resolution"] == summary["winner"]["resolution"] == resolution
    assert summary["winner"]["width"] == 1
    assert summary["latency_model_mape"] is not None
    assert json.loads((winner / "verification.json").read_text())["onnx_max_abs_diff"] < 1e-4
