"""Runs whose supernet starts from the weights of an earlier training, by the commands."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import load_file, save_file

from hwnas.estimators.supernet.start import rule_of, start_supernet
from hwnas.estimators.supernet.training import train_supernet
from hwnas.estimators.trained import training_images
from hwnas.runs.config import load_run_config
from hwnas.runs.estimating import estimator_inputs
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.training import start_of_winners
from hwnas.spaces import load_space
from hwnas.spaces.choices_file import FORMAT, choice_names
from hwnas.training.checkpoint import load_weights, save_weights
from hwnas.training.trainer import train
from tests.hwnas.cli.conftest import Once, Terminal, assert_refused
from tests.hwnas.cli.test_from_ofa import TRAIN as TRAIN_OFA
from tests.hwnas.cli.test_from_ofa import ofa
from tests.hwnas.cli.test_pretrained_runs import FILE as PRETRAINED
from tests.hwnas.cli.test_pretrained_runs import TRAIN as TRAIN_PRETRAINED
from tests.hwnas.cli.test_pretrained_runs import weights

__all__ = ["ofa", "weights"]  # the fixtures

CONFIG = """
space: tiny_space.yaml
data: {source: digits, limit: 120}
device: npu.yaml
table: table.sqlite
train: {epochs: 1, batch_size: 16, learning_rate: 0.1, flip: false, crop_padding: 1}
search: {budgets: {latency: 1 s}, searchers: [random], evaluations: 1}
fine_tune: {epochs: 1, batch_size: 32, learning_rate: 0.05, flip: false, crop_padding: 1}
"""
WHOLE = "runs/mine/supernet.safetensors"
START = ("--from-supernet", WHOLE)
LEFT = (*START, "--set", "space.choices=choices.yaml")
TRAIN = ("train", "mine.yaml", "--run", "runs/left")
SAID = f"weights of an earlier training: {WHOLE}\n"


@pytest.fixture
def whole(npu: Path, terminal: Terminal, once: Once) -> Path:
    """The working folder with `mine.yaml`, a run of it, and `choices.yaml` with fewer choices."""

    def make() -> None:
        (npu / "mine.yaml").write_text(CONFIG)
        space = load_space("tiny_space.yaml")
        kept = [
            {"slot": slot + 1, "kept": choice_names(space, slot)[:count]}
            for slot, count in ((1, 2), (3, 4))
        ]
        content = {"format": FORMAT, "space": "tiny", "slots": kept}
        (npu / "choices.yaml").write_text(yaml.safe_dump(content))
        answer = terminal("train", "mine.yaml")
        assert answer.code == 0, answer.stderr

    once("a trained supernet", make)
    return npu


def same(one: Path | str, other: Path | str) -> bool:
    """Whether two files have the same tensors, bit for bit."""
    ours, theirs = load_file(one), load_file(other)
    assert ours.keys() == theirs.keys()
    return all((ours[name] == theirs[name]).all() for name in ours)


def test_what_is_left_of_a_space_goes_on_from_the_weights_of_the_whole(
    whole: Path, terminal: Terminal
) -> None:
    trained = terminal(*TRAIN, *LEFT, "--json")
    assert trained.code == 0, trained.stderr
    assert SAID in trained.stderr
    assert "other images" not in trained.stderr
    assert trained.document["steps"] == 5
    left = whole / "runs/left/supernet.safetensors"
    config = yaml.safe_load((whole / "runs/left/config.yaml").read_text())
    assert config["from_supernet"] == WHOLE
    assert config["space"]["choices"] == "choices.yaml"
    stem = "prefix0.conv.weight"
    ours, theirs = load_file(left)[stem], load_file(WHOLE)[stem]
    assert 0 < np.abs(ours - theirs).max() < 0.3 * np.abs(theirs).max()
    assert terminal("search", "mine.yaml", "--run", "runs/left", *LEFT).code == 0
    exported = terminal("export", "runs/left", "--json")
    for title in (
        "mobilenet_v3_small, the reference, on as many images, but for those of the earlier train",
        # It has seen no other images: winners are trained both ways, as in other runs.
        "fine-tuning a network of ",
        "weights) from scratch: 10 of 10 steps",
    ):
        assert title in exported.stderr
    assert exported.document["winner"]["accuracy"] >= 0


def test_without_epochs_the_weights_are_taken_as_they_are(whole: Path, terminal: Terminal) -> None:
    taken = (*LEFT, "--set", "train.epochs=0")
    trained = terminal(*TRAIN, *taken, "--json")
    assert (trained.document["steps"], trained.document["images"]) == (0, 0)
    left = whole / "runs/left/supernet.safetensors"
    assert same(left, WHOLE)
    assert terminal(*TRAIN, *taken, "--json").document == trained.document
    assert terminal("search", "mine.yaml", "--run", "runs/left", *taken).code == 0
    # From those a further run goes on.
    further = ("--run", "runs/further", "--from-supernet", str(left), *LEFT[2:])
    assert terminal("train", "mine.yaml", *further).code == 0


def test_a_run_belongs_to_the_weights_wherever_they_are(whole: Path, terminal: Terminal) -> None:
    assert terminal(*TRAIN, *LEFT).code == 0
    left = whole / "runs/left/supernet.safetensors"
    before = left.read_bytes()
    shutil.copy(WHOLE, "copy.safetensors")
    copied = (*TRAIN, "--from-supernet", "copy.safetensors", *LEFT[2:])
    assert terminal(*copied).code == 0
    assert "from_supernet is 'runs/mine/" in terminal(*TRAIN, *LEFT[2:]).stderr
    state, texts = load_weights(Path(WHOLE))
    state["prefix0.conv.weight"] += 1
    save_weights(Path("other.safetensors"), state, texts)
    refused = terminal(*TRAIN, "--from-supernet", "other.safetensors", *LEFT[2:])
    assert refused.code == 2
    assert f"from_supernet is '{WHOLE}' there and 'other.safetensors' here" in refused.stderr
    shutil.copy("other.safetensors", WHOLE)
    refused = terminal(*TRAIN, *LEFT)
    assert refused.code == 2
    assert "supernet.safetensors was trained with other weights to start from" in refused.stderr
    assert left.read_bytes() == before
    Path(WHOLE).unlink()  # the run has all it needs
    again = terminal(*TRAIN, *LEFT, "--json")
    assert again.document["images"] == 0
    assert f"{WHOLE} is gone; runs/left/supernet.safetensors continues without it" in again.stderr
    shutil.move(whole / "runs/left", whole / "elsewhere")
    assert terminal("search", "elsewhere/config.yaml", "--run", "elsewhere").code == 0


@pytest.mark.usefixtures("whole")
def test_an_interrupted_training_ends_with_the_same_weights_without_the_file() -> None:
    overrides = {"from_supernet": WHOLE, "space.choices": "choices.yaml"}
    experiment = Experiment(load_run_config("mine.yaml", overrides))
    through, part = RunFolder(Path("runs/through")), RunFolder(Path("runs/part"))
    train_supernet(estimator_inputs(experiment, through))
    inputs = estimator_inputs(experiment, part)

    def stop(step: int, steps: int, _loss: float) -> None:
        if step == steps - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            start_supernet(inputs).supernet,
            training_images(inputs),
            inputs.recipe,
            checkpoint=part.supernet_file,
            rule=rule_of(inputs),
            progress=stop,
            checkpoint_seconds=0.0,
        )
    assert "momentum/prefix0.conv.weight" in load_file(part.supernet_file)
    Path(WHOLE).unlink()
    train_supernet(estimator_inputs(experiment, part))
    assert same(through.supernet_file, part.supernet_file)


@pytest.mark.usefixtures("whole")
def test_weights_of_other_images_are_warned_of(terminal: Terminal) -> None:
    answer = terminal(*TRAIN, *START, "--set", "data.limit=110")
    assert answer.code == 0
    warning = f"{WHOLE} was trained on other images than those of this run, or on the same ones at"
    assert answer.stderr.count(warning) == 1
    assert (
        warning in terminal(*TRAIN[:2], "--run", "runs/smaller", *START, "--resolution", "8").stderr
    )


def _cut(path: Path) -> None:
    path.write_bytes(Path(WHOLE).read_bytes()[:-9])


def _changed(path: Path) -> None:
    content = bytearray(Path(WHOLE).read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def _unfinished(path: Path) -> None:
    state, texts = load_weights(Path(WHOLE))
    save_weights(path, state, texts | {"step": "1"})


def _of_another_program(path: Path) -> None:
    save_file(load_file(WHOLE), path)


def _of_other_conventions(path: Path) -> None:
    state, texts = load_weights(Path(WHOLE))
    save_weights(path, state, texts | {"conventions": "\nepsilon=0.001\x1b"})


def _of_more(path: Path) -> None:
    state, texts = load_weights(Path(WHOLE))
    save_weights(path, state | {"more\x1b": torch.ones(2)}, texts)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_cut, "start.safetensors is damaged"),
        (_changed, "start.safetensors is damaged (its weights were changed after they were"),
        (_unfinished, "the training of start.safetensors has not ended; run it again to resume"),
        (_of_another_program, "the weights start.safetensors were not written by hwnas; name a"),
        (lambda path: path.write_text("no weights"), "start.safetensors is damaged"),
        (_of_other_conventions, r"batch norms otherwise, epsilon=0.001\x1b there and what is us"),
        (_of_more, r"that of tiny: more\x1b is 2 (float32) there and missing here; name the file"),
        (lambda _: None, "supernet start.safetensors to start from is not there; name the super"),
        (Path.mkdir, "start from is a folder; name the supernet.safetensors in the folder of a ru"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_leaves_no_run(
    whole: Path, terminal: Terminal, make: object, sentence: str
) -> None:
    assert callable(make)
    make(Path("start.safetensors"))
    words = " ".join((*TRAIN, "--from-supernet", "start.safetensors"))
    answer = assert_refused(terminal, whole, words, sentence)
    assert answer.stderr.count("\n") == 1
    assert not (whole / "runs/left").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--from-supernet runs/mine", f"runs/mine to start from is a folder; name {WHOLE}"),
        (
            f"--from-supernet {WHOLE} --set width=2",
            "prefix0.conv.weight is 8×3×3×3 (float32) there and 16×3×3×3 (float32) here; name the",
        ),
        (
            f"--from-supernet {WHOLE} --set accuracy.estimator=bn",
            "from_supernet: the weights are for a supernet, and accuracy.estimator: bn trains none",
        ),
        (
            f"--from-supernet {WHOLE} --set fine_tune.epochs=0",
            "fine_tune.epochs is 0, which takes weights as they are; name a published supernet by",
        ),
        ("--set train.epochs=0", "or a supernet that was trained before by from_supernet, or tr"),
        ("--set from_supernet=3", "'from_supernet' is 3, but"),
        (
            f"--from-supernet {WHOLE} --set from_supernet=x",
            "--set from_supernet and --from-supernet are both given; leave one of them out",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_leaves_no_run(
    whole: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    answer = assert_refused(terminal, whole, f"{' '.join(TRAIN)} {words}", sentence)
    assert answer.stderr.count("\n") == 1
    assert not (whole / "runs/left").exists()


def test_another_run_folder_is_needed_than_that_of_the_file(
    whole: Path, terminal: Terminal
) -> None:
    sentence = f"runs/mine belongs to another config: from_supernet is not set there and '{WHOLE}'"
    assert_refused(terminal, whole, f"train mine.yaml {' '.join(START)}", sentence)


def test_the_next_command_is_typed_with_the_same_start(whole: Path, terminal: Terminal) -> None:
    assert whole
    answer = terminal(*TRAIN, *LEFT)
    assert f"next: hwnas search mine.yaml --run runs/left {' '.join(LEFT)}" in answer.stderr


def test_the_first_stage_of_a_shrinking_goes_on_from_it(whole: Path, terminal: Terminal) -> None:
    shrink = ("shrink", "mine.yaml", "--method", "da_nas", "--networks", "2", "--stages", "1")
    words = (*shrink, "--epochs", "1", "--run", "runs/left", "--from-supernet")
    sentence = "the supernet nowhere to start from is not there; name the"
    assert_refused(terminal, whole, " ".join((*words, "nowhere")), sentence)
    answer = terminal(*words, WHOLE)
    assert answer.code == 0, answer.stderr
    assert f"which goes on from {WHOLE}, learns" in answer.stderr
    assert "other images" not in answer.stderr


def test_a_shrinking_from_weights_of_other_images_is_warned_of_and_none_stay_frozen(
    whole: Path, terminal: Terminal
) -> None:
    assert whole
    settings = ("data.limit=110", "train.epochs=2", "train.frozen_epochs=1")
    given = [word for one in (*settings, f"from_supernet={WHOLE}") for word in ("--set", one)]
    shrink = ("shrink", "mine.yaml", "--method", "neas", "--networks", "2", "--stages", "1")
    answer = terminal(*shrink, "--epochs", "1", "--run", "runs/left", *given)
    assert answer.code == 0, answer.stderr
    warning = f"warning: {WHOLE} was trained on other images than those of this run"
    assert answer.stderr.count(warning) == 1
    # What is typed next names one file to start from.
    following = answer.stderr.splitlines()[-1]
    assert "--from-supernet runs/left/shrinking/stage_1_" in following
    assert "from_supernet=" not in following


def test_one_of_a_published_supernet_needs_its_kernels(ofa: Path, terminal: Terminal) -> None:
    assert terminal(*TRAIN_OFA).code == 0
    file = "runs/ofa/supernet.safetensors"
    start = ("train", "ofa.yaml", "--run", "runs/left", "--from-supernet", file)
    alone = terminal(*start, "--set", "fine_tune.epochs=1")
    assert alone.code == 2
    assert "name from_ofa, too, as it was there" in alone.stderr
    assert terminal(*start, "--from-ofa", "ofa.pth").code == 0
    assert same(file, ofa / "runs/left/supernet.safetensors")


def test_one_around_a_pretrained_network_has_its_conventions(
    weights: Path, terminal: Terminal
) -> None:
    assert terminal(*TRAIN_PRETRAINED).code == 0
    file = "runs/mine/supernet.safetensors"
    again = terminal(*TRAIN_PRETRAINED, "--run", "runs/left", "--from-supernet", file)
    assert again.code == 0, again.stderr
    assert same(file, weights / "runs/left/supernet.safetensors")
    assert load_weights(Path(file))[1]["conventions"].strip().startswith("epsilon=0.001")


@pytest.mark.usefixtures("weights")
def test_a_winner_of_no_supernet_starts_from_the_pretrained_network() -> None:
    changed = {"pretrained": PRETRAINED, "accuracy.estimator": "params"}
    folder = RunFolder(Path("runs/none"))
    alone, beside = (
        start_of_winners(Experiment(load_run_config("mine.yaml", changed | more)), folder)
        for more in ({}, {"from_supernet": "nowhere.safetensors"})
    )
    assert alone is not None
    assert beside is not None
    assert beside.at_its_start
    assert alone.digest == beside.digest
