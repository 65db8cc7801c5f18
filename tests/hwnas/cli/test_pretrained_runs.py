"""Runs that start from a network with published weights, by the commands."""

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import hwnas
from hwnas.data import load_dataset
from hwnas.estimators.supernet.start import rule_of, start_supernet
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.objectives.costs import block_macs
from hwnas.runs.config import load_run_config
from hwnas.runs.estimating import estimator_inputs
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.search.journal import Journal
from hwnas.supernet.pretrained import read_pretrained
from hwnas.training.evaluation import accuracy
from hwnas.training.recalibration import recalibrate
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.supernet.pretrained.files import written
from tests.published import pretrained

# Of TensorFlow's weights in timm: padded and normalised in ways of their own.
FILE = "tf_mobilenetv3_small.safetensors"
NETWORK = "timm/tf_mobilenet_v3_small"
CONFIG = """
resolution: 32
data: {source: digits, limit: 100}
device: npu.yaml
table: table.sqlite
train: {epochs: 0, batch_size: 16, learning_rate: 0.02, flip: false, crop_padding: 1}
search: {budgets: {latency: 75 % of reference}, searchers: [random], evaluations: 3}
fine_tune: {epochs: 0, batch_size: 16}
"""
TRAIN = ("train", "mine.yaml", "--pretrained", FILE)


@pytest.fixture
def weights(folder: Path) -> Path:
    """The working folder with `mine.yaml` and the weights of a network of 10 classes."""
    (folder / "mine.yaml").write_text(CONFIG)
    (folder / "npu.yaml").write_text("name: npu\ntransport: imported\n")
    state, _, _ = pretrained("timm_tf_mobilenetv3_small_w025_same")
    written(folder / FILE, state)
    return folder


@pytest.fixture
def profiled(weights: Path) -> Path:
    """The same with a table of latencies of the space around that network."""
    experiment = Experiment(load_run_config("mine.yaml", {"pretrained": FILE}))
    timings = {block: 1e-6 * block_macs(block) + 0.01 for block in experiment.space.blocks()}
    import_timings(Path("table.sqlite"), read_fingerprint(experiment.device), timings, 0.1)
    return weights


def test_a_run_goes_from_a_pretrained_network_to_one_around_it(
    profiled: Path, terminal: Terminal
) -> None:
    keys = ("epochs=1", "rule=sandwich", "random_paths=1", "body_rate=0.2")
    options = [word for key in keys for word in ("--set", f"train.{key}")]
    trained = terminal(*TRAIN, *options, "--json")
    assert f"pretrained weights: {FILE}, {NETWORK}, 10 classes, as many as" in trained.stderr
    assert trained.document["steps"] == 3
    assert "judges badly" not in trained.stderr
    (profiled / FILE).unlink()  # the run holds what it needs
    searched = terminal("search", "runs/mine/config.yaml", "--json")
    # Those of the searcher, and the network itself, which is judged whatever the searcher does.
    assert searched.document["evaluations"] == 4
    assert "pretrained" in {each["searcher"] for each in searched.document["searchers"]}
    exported = terminal("export", "runs/mine", "--json")
    summary = exported.document
    assert f"fine-tuning {NETWORK}, the reference, on the same images" in exported.stderr
    assert "from scratch" not in exported.stderr
    reference = summary["reference"]
    assert (reference["name"], reference["library"]) == (NETWORK, "timm")
    assert (reference["weights_from"], summary["winner"]["weights_from"]) == (
        "pretrained",
        "supernet",
    )
    # Both were trained on the same images, for as many epochs in all.
    settings = _config(profiled, "reference")["training"]
    assert (settings["epochs"], settings["pretrained"]) == (1, NETWORK)
    assert _config(profiled, "winner")["training"]["epochs"] == 0
    # A pretrained reference teaches, and is itself taught by the labels alone.
    assert _config(profiled, "winner")["training"]["teacher"] == "reference"
    assert "teacher" not in settings
    assert summary["budgets"]["latency"] == pytest.approx(0.75 * reference["predicted_ms"])


def _config(folder: Path, name: str) -> Any:
    return json.loads((folder / f"runs/mine/export/{name}/config.json").read_text())


def test_a_winner_that_no_supernet_judged_starts_from_the_pretrained_network(
    profiled: Path, terminal: Terminal
) -> None:
    words = ("--pretrained", FILE, "--set", "accuracy.estimator=params")
    assert terminal("search", "mine.yaml", *words).code == 0
    exported = terminal("export", "runs/mine", "--json")
    summary = exported.document
    assert summary["winner"]["weights_from"] == "pretrained"
    assert summary["onnx_max_abs_diff"] < 1e-3
    assert "from scratch" not in exported.stderr
    state, _, _ = pretrained("timm_tf_mobilenetv3_small_w025_same")
    for name in ("winner", "reference"):
        taken = load_file(profiled / f"runs/mine/export/{name}/model.safetensors")
        np.testing.assert_array_equal(taken["block0.conv.weight"], state["conv_stem.weight"])
        # It is used with the conventions of its publisher.
        config = _config(profiled, name)
        preprocessing = config["input"]["preprocessing"]
        assert preprocessing["mean"] == preprocessing["std"] == [0.5, 0.5, 0.5]
        assert config["batch_norm_epsilon"] == 1e-3
        assert config["model_args"]["pad_type"] == "same"


def test_candidates_that_are_trained_inherit_from_the_pretrained_network(
    profiled: Path, terminal: Terminal
) -> None:
    options = ("--pretrained", FILE, "--set", "accuracy.estimator=trained", "--set")
    learning = ("--set", "train.learning_rate=1e-9", "--set", "search.evaluations=1")
    answer = terminal("search", "mine.yaml", *options, "accuracy.epochs=1", *learning, "--json")
    assert answer.code == 0, answer.stderr
    # The network itself is among them, and hardly moves from what it was published as.
    assert "pretrained" in {each["searcher"] for each in answer.document["searchers"]}
    images = load_dataset("digits", resolution=32, limit=100)
    module = read_pretrained(FILE).module(32)
    recalibrate(module, images.train.images)
    expected = accuracy(module, images.validation)
    with Journal(profiled / "runs/mine/run.sqlite") as journal:
        scores = journal.evaluations()[1].tolist()
        assert {len(curve) for curve in journal.outcomes.curves().values()} == {1}
    assert scores[0] == pytest.approx(expected, abs=7)  # one image of 15
    truth = ("rank", "mine.yaml", "--truth", "trained", "--networks", "10", "--estimator", "params")
    keys = ("--set", "train.epochs=1", "--run", "runs/ranked", "--json")
    ranked = terminal(*truth, "--pretrained", FILE, *keys)
    assert ranked.code == 0, ranked.stderr
    assert f"training networks from the weights of {NETWORK}" in ranked.stderr


def test_resolution_and_width_may_be_chosen_around_a_pretrained_network(weights: Path) -> None:
    chosen = {"pretrained": FILE, "resolution": [32, 48], "width": [0.75, 1.0]}
    experiment = Experiment(load_run_config("mine.yaml", chosen))
    assert len(experiment.space.members) == 4
    assert experiment.reference == read_pretrained(FILE).network(48)
    inputs = estimator_inputs(experiment, RunFolder(weights / "run"))
    assert start_supernet(inputs).supernet.start == read_pretrained(FILE).digest
    assert rule_of(inputs).identity == "single path"


def test_python_names_a_pretrained_network_as_the_command_line_does(weights: Path) -> None:
    trained = hwnas.open_run("mine.yaml", pretrained=FILE).train()
    space = hwnas.load_space("around_pretrained", resolution=32, classes=10, pretrained=FILE)
    images = load_dataset("digits", resolution=32, limit=100)
    scores = hwnas.load_estimator(
        "supernet", space, data=images, weights=trained.weights, pretrained=weights / FILE
    )
    row = space.architecture(read_pretrained(FILE).network(32))
    assert 0 <= scores.evaluate_architectures(row)[0] <= 100
    with pytest.raises(hwnas.HwnasError, match="params does not take a pretrained network"):
        hwnas.load_estimator("params", space, pretrained=FILE)


def test_weights_of_other_classes_get_a_new_classifier_which_must_be_trained(
    weights: Path, terminal: Terminal
) -> None:
    state, _, _ = pretrained("timm_tf_mobilenetv3_small_w025_same")
    cut = {name: one[:7] if "classifier" in name else one for name, one in state.items()}
    half = {f"module.{name}": one.half() for name, one in cut.items()}
    written(weights / "tf_mobilenetv3_small.pth", {"model": half})
    options = ("train", "mine.yaml", "--pretrained", "tf_mobilenetv3_small.pth")
    sentence = "has 7 classes and the images have 10, so that its classifier must be trained; set"
    assert_refused(terminal, weights, " ".join(options), sentence)
    trained = terminal(*options, "--set", "train.epochs=2", "--set", "train.frozen_epochs=1")
    assert trained.code == 0
    said = f"{NETWORK}, 7 classes; the images have 10: the classifier starts from random weights"
    assert said in trained.stderr


def test_a_run_belongs_to_the_weights_that_it_started_from(
    weights: Path, terminal: Terminal
) -> None:
    assert terminal(*TRAIN).code == 0
    shutil.copytree(weights / "runs", weights / "before")
    without = "train mine.yaml --set space=around_pretrained"
    sentence = f"pretrained.file is '{FILE}' there and not set here"
    assert_refused(terminal, weights, without, sentence)
    other = f"{' '.join(TRAIN)} --pretrained-network {NETWORK}"
    assert_refused(terminal, weights, other, "pretrained.network is not set there and")
    (weights / "moved").mkdir()
    (weights / FILE).rename(weights / "moved" / FILE)
    assert terminal(*TRAIN).code == 0  # by the copy that the run holds
    assert terminal(*TRAIN[:3], f"moved/{FILE}").code == 0
    state, _, _ = pretrained("timm_tf_mobilenetv3_small_w025_same")
    written(weights / FILE, state | {"conv_stem.weight": state["conv_stem.weight"] + 1})
    answer = terminal(*TRAIN)
    assert answer.code == 2
    assert "runs/mine was made with other pretrained weights" in answer.stderr
    held = "mine/pretrained/weights.safetensors"
    kept, before = (load_file(weights / one / held) for one in ("runs", "before"))
    np.testing.assert_array_equal(kept["block0.conv.weight"], before["block0.conv.weight"])


class _Code:
    """What a pickle runs when it is loaded as code."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return print, ("code of a checkpoint ran",)


class _Shell:
    """Code of a module that PyTorch blocks as a whole."""

    def __reduce__(self) -> Any:
        return os.system, ("echo code of a checkpoint ran",)


def _write_wrong_ones(folder: Path) -> None:
    state, _, _ = pretrained("timm_tf_mobilenetv3_small_w025_same")
    plain, _, _ = pretrained("torchvision_mobilenet_v3_small_w025")
    written(folder / "other.pth", {"layer1.0.conv1.weight": torch.zeros(1)})
    whole = (folder / FILE).read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    torch.save({"state_dict": state, "optimizer": _Code()}, folder / "code.pth")
    torch.save({"state_dict": state, "optimizer": _Shell()}, folder / "shell.pth")
    lacking = {name: one for name, one in state.items() if name != "conv_head.bias"}
    written(folder / "tf_mobilenetv3_small_lacking.pth", lacking)
    written(folder / "unnamed.pth", {f"module.{name}": one for name, one in state.items()})
    written(folder / "torchvision.pth", plain)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--pretrained nowhere.pth", "nowhere.pth is not there"),
        ("--pretrained other.pth", "other.pth"),
        ("--pretrained cut.safetensors", "cut.safetensors cannot be read as a checkpoint"),
        ("--pretrained code.pth", "code.pth holds more than tensors, and hwnas runs no code from"),
        (
            "--pretrained shell.pth",
            "shell.pth holds more than tensors, and hwnas runs no",
        ),
        ("--pretrained tf_mobilenetv3_small_lacking.pth", "conv_head.bias"),
        ("--pretrained unnamed.pth --set pretrained.mean=[0.5,0.5,0.5]", "mean and std belong tog"),
        ("--pretrained unnamed.pth", "network: timm/tf_mobilenet_v3_small for TensorFlow's"),
        ("--pretrained unnamed.pth --pretrained-network timm/mobilenet_v9", "mobilenet_v9"),
        (
            "--pretrained-network timm/mobilenet_v3_small",
            "the file of the weights is missing; add --pretrained FILE, or the key file in a",
        ),
        (
            "--pretrained unnamed.pth --set pretrained.network=timm/mobilenet_v9",
            "unnamed.pth holds the weights of timm/mobilenet_v3_small, not of timm/mobilenet_v9",
        ),
        (
            "--pretrained torchvision.pth --set space=mobilenet_v2",
            "the space mobilenet_v2 does not contain torchvision/mobilenet_v3_small "
            "(torchvision.pth): its block 1 is",
        ),
        (
            "--pretrained torchvision.pth --set width=0.75",
            "its channels are those of the width 1: leave width out, or add 1 to its list",
        ),
        (
            "--set space=around_pretrained --set train.epochs=1 --set fine_tune.epochs=1",
            "around_pretrained is the space around a pretrained network, which a run names",
        ),
        (
            "--pretrained torchvision.pth --from-ofa ofa.pth",
            "from_ofa and pretrained are both set, and a supernet starts from one of them; leave",
        ),
        (
            "--pretrained torchvision.pth --set accuracy.estimator=bn",
            "pretrained: the weights are for a supernet, and accuracy.estimator: bn trains none",
        ),
        (
            "--set 'pretrained={file: torchvision.pth, mean: [1, 1, 1]}'",
            "mean and std belong together",
        ),
        (
            "--set 'pretrained={file: torchvision.pth, mean: [1, 1, 1], std: [0, 1, 1]}'",
            "std must be three numbers above 0",
        ),
        ("--pretrained torchvision.pth --set pretrained=other.pth", "--set pretrained and --pretr"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_leaves_no_run(
    weights: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    _write_wrong_ones(weights)
    before = sorted(weights.rglob("*"))
    answer = terminal("train", "mine.yaml", *shlex.split(words))
    assert (answer.code, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)
    assert sentence in answer.stderr
    assert "code of a checkpoint ran" not in answer.stderr
    assert sorted(weights.rglob("*")) == before
