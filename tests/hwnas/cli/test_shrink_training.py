"""`hwnas shrink --epochs`: a supernet is trained before each stage, on what is left."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import load_file

from hwnas.core.listener import Silent
from hwnas.estimators.supernet.easiest import ClassOrder
from hwnas.runs.config import load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.stage_training import stage_training
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_from_ofa import ofa

__all__ = ["ofa"]  # the fixture

CONFIG = """
space: tiny_space.yaml
data: {source: digits, limit: 300}
device: npu.yaml
table: table.sqlite
train: {epochs: 1, batch_size: 16, learning_rate: 0.1, flip: false, crop_padding: 1}
search: {budgets: {latency: 1 s}, evaluations: 8, searchers: [random]}
fine_tune: {epochs: 1, batch_size: 16, learning_rate: 0.05, flip: false, crop_padding: 1}
"""
SHRINK = ("shrink", "mine.yaml", "--networks", "12", "--keep", "0.3", "--stages", "2")
STAGES = "runs/mine/shrinking"


@pytest.fixture
def mine(npu: Path) -> Path:
    """The working folder with `mine.yaml`."""
    (npu / "mine.yaml").write_text(CONFIG)
    return npu


def stage(folder: Path, number: int) -> Path:
    """The weights of a stage."""
    (found,) = (folder / STAGES).glob(f"stage_{number}_*.safetensors")
    return found


def test_weights_go_on_from_stage_to_stage(mine: Path, terminal: Terminal) -> None:
    words = (*SHRINK, "--method", "pad_nas", "--epochs", "2")
    first = terminal(*words, "--json")
    assert first.code == 0, first.stderr
    assert f"which goes on from {stage(mine, 1).relative_to(mine)}, learns" in first.stderr
    choices = yaml.safe_load((mine / "runs/mine/choices.yaml").read_text())
    assert choices["shrunk_by"]["epochs"] == 2
    assert choices["networks"]["share"] < 0.8
    weights = [load_file(stage(mine, number)) for number in (1, 2)]
    assert weights[0].keys() == weights[1].keys()  # those of the whole space
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    with safe_open(stage(mine, 2), framework="numpy") as file:
        assert file.metadata()["start"]  # which the first stage's does not have
    with safe_open(stage(mine, 1), framework="numpy") as file:
        assert "start" not in file.metadata()

    # Run again, nothing is trained; without the second stage's weights, these alone are.
    again = terminal(*words, "--json")
    assert again.document == first.document
    stage(mine, 2).unlink()
    assert terminal(*words, "--json").document == first.document
    after = load_file(stage(mine, 2))
    assert all(torch.equal(after[name], one) for name, one in weights[1].items())


def test_easy_classes_come_first_and_the_runs_own_supernet_is_gone_on_from(
    mine: Path, terminal: Terminal
) -> None:
    assert terminal("train", "mine.yaml").code == 0
    words = (*SHRINK, "--method", "da_nas", "--method-set", "classes=0.2", "--epochs", "1")
    answer = terminal(*words, "--json")
    assert answer.code == 0, answer.stderr
    said = " ".join(answer.stderr.split())
    first, second = re.findall(r"goes on from (\S+), learns [\d,]+ images(, of the classes)?", said)
    assert first == ("runs/mine/supernet.safetensors", ", of the classes")
    assert second == (str(stage(mine, 1).relative_to(mine)), "")
    assert len(list((mine / STAGES).glob("quick_*.safetensors"))) == 1
    last = answer.document["weights"]
    assert last == str(stage(mine, 2).relative_to(mine))
    # What is typed next goes on from the last stage's weights.
    again = terminal(*words)
    following = again.stderr.splitlines()[-1].partition("  # ")[0].removeprefix("next: hwnas ")
    trained = terminal(*shlex.split(following))
    assert trained.code == 0, trained.stderr
    assert f"weights of an earlier training: {last}" in trained.stderr
    config = yaml.safe_load((mine / "runs/mine_shrunk/config.yaml").read_text())
    assert config["from_supernet"] == last
    assert config["space"]["choices"] == "runs/mine/choices.yaml"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--set accuracy.estimator=params", "accuracy.estimator: params judges by none; leave"),
        ("--set train.frozen_epochs=1 --set train.epochs=2", "and a stage has 1; give stages more"),
        ('--set train.budgets={"macs":"1"}', "train.budgets: "),
    ],
)
def test_wrong_input_is_one_sentence(
    mine: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    typed = f"{' '.join(SHRINK)} --method da_nas --epochs 1 {words}"
    assert_refused(terminal, mine, typed, sentence)


def test_the_first_stage_says_which_published_weights_it_starts_from(ofa: Path) -> None:
    assert ofa
    said = list[str]()

    class Heard(Silent):
        """Keeps what is said."""

        def say(self, text: str) -> None:
            said.append(text)

    experiment = Experiment(load_run_config("ofa.yaml", {"from_ofa": "ofa.pth"}))
    training = stage_training(experiment, RunFolder(Path("runs/ofa")), 1, Heard())
    assert training.weights is None
    (text,) = said
    assert text.startswith("published weights: ofa.pth, ")


def test_a_share_of_the_classes_is_of_the_easiest_and_of_two_at_least() -> None:
    order = ClassOrder(np.array([3, 0, 2, 1]), np.array([0.9, 0.5, 0.5, 0.1]), 10)
    assert order.easiest(0.1).tolist() == [3, 0]
    assert order.easiest(0.7).tolist() == [3, 0, 2]
    assert order.easiest(1.0).tolist() == [3, 0, 2, 1]
