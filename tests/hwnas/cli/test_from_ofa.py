"""Runs that start from published once-for-all weights, by the commands."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from safetensors.numpy import load_file, save_file

from hwnas.devices.device import load_device
from hwnas.estimators.supernet.start import start_supernet
from hwnas.estimators.supernet.training import train_supernet
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.objectives.costs import block_macs
from hwnas.runs.config import load_run_config
from hwnas.runs.estimating import estimator_inputs
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.spaces import load_space
from hwnas.spaces.references.of_space import reference_of
from hwnas.training.rules import SinglePath
from hwnas.training.trainer import train
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.supernet.once_for_all import published

CONFIG = """
space: once_for_all_mobilenet_v3
width: 0.25
resolution: 16
data: {source: digits, limit: 100}
device: npu.yaml
table: table.sqlite
train: {epochs: 0, batch_size: 16, learning_rate: 0.01, flip: false, crop_padding: 1}
search: {budgets: {latency: 1 s}, searchers: [random], evaluations: 3}
fine_tune: {epochs: 0}
"""
TRAIN = ("train", "ofa.yaml", "--from-ofa", "ofa.pth")
STEM = "prefix0.conv.weight"


@pytest.fixture
def ofa(folder: Path) -> Path:
    """The working folder with `ofa.yaml`, `ofa.pth` and a device whose timings are known."""
    (folder / "ofa.yaml").write_text(CONFIG)
    shutil.copy(published(), folder / "ofa.pth")
    device = folder / "npu.yaml"
    device.write_text("name: npu\ntransport: imported\n")
    space = load_space("once_for_all_mobilenet_v3", resolution=16, classes=10, width=0.25)
    timings = {
        block: 1e-6 * block_macs(block) + 0.01
        for block in [*space.blocks(), *(reference_of(space) or ())]
    }
    import_timings(
        folder / "table.sqlite", read_fingerprint(load_device(str(device))), timings, 0.1
    )
    return folder


def test_published_weights_are_searched_and_exported_as_they_are(
    ofa: Path, terminal: Terminal
) -> None:
    trained = terminal(*TRAIN, "--json")
    reported = {key: trained.document[key] for key in ("supernet", "steps", "images")}
    assert reported == {"supernet": "runs/ofa/supernet.safetensors", "steps": 0, "images": 0}
    assert (
        "published weights: ofa.pth, width 0.25, kernels 3, 5, 7, expansions up to 6, up to 4 "
        "blocks a stage, 10 classes, as many as the images have: the classifier is kept, so they "
        "must be the same classes in the same order\n"
    ) in trained.stderr
    weights = load_file(ofa / "runs/ofa/supernet.safetensors")
    original = load_file(published())
    pairs = {
        STEM: "first_conv.conv.weight",
        "suffix0.classifier.bias": "classifier.linear.bias",
        "slot19.shared.depthwise.transforms.5to3": "blocks.20.conv.depth_conv.conv.5to3_matrix",
        "prefix1.project.norm.running_var": "blocks.0.conv.point_linear.bn.running_var",
    }
    for ours, theirs in pairs.items():
        np.testing.assert_array_equal(weights[ours], original[theirs])
    config = yaml.safe_load((ofa / "runs/ofa/config.yaml").read_text())
    assert (config["from_ofa"], config["width"]) == ("ofa.pth", 0.25)

    (ofa / "ofa.pth").unlink()  # the run has all it needs
    again = terminal(*TRAIN, "--json")
    assert again.document == trained.document
    assert "ofa.pth is gone; runs/ofa/supernet.safetensors continues without it" in again.stderr
    searched = terminal("search", "ofa.yaml", "--from-ofa", "ofa.pth", "--json")
    assert searched.document["evaluations"] == 3
    summary = terminal("export", "runs/ofa", "--json").document
    assert summary["winner"]["accuracy"] >= 0
    assert summary["reference"] is None
    exported = json.loads((ofa / "runs/ofa/export/winner/config.json").read_text())
    assert exported["model_args"]["head_bias"] is False
    assert exported["blocks"][-1]["hidden_bias"] is False
    assert not (ofa / "runs/ofa/export/reference").exists()
    taken = load_file(ofa / "runs/ofa/export/winner/model.safetensors")
    np.testing.assert_array_equal(taken["block0.conv.weight"], weights[STEM])
    assert terminal("report", "runs/ofa").code == 0


def test_weights_for_other_classes_are_trained_with_a_new_classifier(
    ofa: Path, terminal: Terminal
) -> None:
    generator = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (ofa / "photos" / name).mkdir(parents=True)
        for index in range(16):
            pixels = generator.integers(level, level + 40, (20, 24, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(ofa / f"photos/{name}/{index}.jpg")
    photos = (*TRAIN, "--data", "photos", "--set", "data.limit=null")
    refused = terminal(*photos)
    assert refused.code == 2
    assert (
        "ofa.pth has 10 classes and the images have 2, so that its classifier must be "
        "trained; set train.epochs to at least 1"
    ) in refused.stderr
    assert not (ofa / "runs").exists()
    trained = terminal(*photos, "--set", "train.epochs=1", "--json")
    assert (
        "10 classes; the images have 2: the classifier starts from random weights\n"
        in trained.stderr
    )
    assert trained.document["steps"] == 1
    weights = load_file(ofa / "runs/ofa/supernet.safetensors")
    assert weights["suffix0.classifier.weight"].shape == (2, 320, 1, 1)
    stem = load_file(published())["first_conv.conv.weight"]
    assert 0 < np.abs(weights[STEM] - stem).max() < 0.1 * np.abs(stem).max()


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_run_belongs_to_the_weights_that_it_started_from(
    ofa: Path, terminal: Terminal, epochs: int
) -> None:
    words = (*TRAIN, "--set", f"train.epochs={epochs}")
    assert terminal(*words).code == 0
    before = (ofa / "runs/ofa/supernet.safetensors").read_bytes()
    published = load_file(ofa / "ofa.pth")
    published["first_conv.conv.weight"] += 1
    save_file(published, ofa / "ofa.pth")
    answer = terminal(*words)
    assert answer.code == 2
    assert "supernet.safetensors was trained with other weights to" in answer.stderr
    assert (ofa / "runs/ofa/supernet.safetensors").read_bytes() == before
    (ofa / "ofa.pth").unlink()
    assert terminal(*words, "--json").document["images"] == 0
    answer = terminal("train", "ofa.yaml", "--set", "train.epochs=1")
    assert answer.code == 2
    assert "from_ofa is 'ofa.pth' there and not set here" in answer.stderr


@pytest.mark.usefixtures("ofa")
def test_an_interrupted_training_goes_on_without_the_published_file() -> None:
    overrides = {"from_ofa": "ofa.pth", "train.epochs": 1}
    experiment = Experiment(load_run_config("ofa.yaml", overrides))
    whole, part = RunFolder(Path("runs/whole")), RunFolder(Path("runs/part"))
    train_supernet(estimator_inputs(experiment, whole))

    def stop(step: int, steps: int, _loss: float) -> None:
        if step == steps - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            start_supernet(estimator_inputs(experiment, part)).supernet,
            experiment.dataset.train,
            experiment.recipe.train,
            checkpoint=part.supernet_file,
            rule=SinglePath(experiment.space),
            progress=stop,
            checkpoint_seconds=0.0,
        )
    Path("ofa.pth").unlink()
    train_supernet(estimator_inputs(experiment, part))
    one, other = load_file(whole.supernet_file), load_file(part.supernet_file)
    assert one.keys() == other.keys()
    assert all((one[name] == other[name]).all() for name in one)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--from-ofa nowhere.pth", "the checkpoint nowhere.pth is not there"),
        ("--from-ofa ofa.yaml", "ofa.yaml cannot be read as a checkpoint"),
        (
            "--from-ofa ofa.pth --set width=1",
            "set space: once_for_all_mobilenet_v3 and width: 0.25",
        ),
        (
            "--from-ofa ofa.pth --set space=mobilenet_v2",
            "ofa.pth does not fit the space mobilenet_v2",
        ),
        ("--from-ofa ofa.pth --set width=9", "'width' is 9, but"),
        ("", "train.epochs is 0, which takes weights as they are; name a published supernet by"),
        ("--set train.epochs=1", "fine_tune.epochs is 0, which takes weights as they are; name"),
        ("--from-ofa ofa.pth --set train.epochs=-1", "'train.epochs' is -1"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_leaves_no_run(
    ofa: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    answer = assert_refused(terminal, ofa, f"train ofa.yaml {words}", sentence)
    assert answer.stderr.count("\n") == 1
    assert not (ofa / "runs").exists()
