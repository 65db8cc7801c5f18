"""What files of the version before are known by: were it to change, they could not be read."""

import hashlib

import pytest

from hwnas.runs.config import load_run_config
from hwnas.spaces import load_space
from hwnas.supernet.supernet import Supernet
from hwnas.training.train_config import TrainConfig


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("name", "resolution", "known"),
    [
        ("nas_bench_macro", None, "ada25327f868336f"),
        ("mobilenet_v3_small", 64, "68af2851160e83d2"),
    ],
)
def test_checkpoints_of_a_supernet_are_known(name, resolution, known):
    space = load_space(name, resolution=resolution)
    assert digest(Supernet(space).identity) == known


def test_trainings_without_new_settings_are_known():
    assert TrainConfig(epochs=3, seed=1).settings == (
        '{"epochs":3,"batch_size":128,"learning_rate":0.1,"momentum":0.9,"weight_decay":0.0001,'
        '"warmup_epochs":1.0,"label_smoothing":0.1,"flip":true,"crop_padding":4,"seed":1}'
    )


@pytest.mark.parametrize(
    ("name", "known"), [("quickstart", "8bc2b77d8ac13fd5"), ("cifar10", "4f2a29fa1782ba17")]
)
def test_exports_of_configs_without_new_keys_are_known(name, known):
    # Winners were fine-tuned before there was a choice.
    fine_tuned = {"export.weights_from": "supernet"}

    def known_as(**changed):
        other = {key.replace("__", "."): value for key, value in changed.items()}
        return digest(load_run_config(name, fine_tuned | other).text_of_before())

    assert known_as() == known
    assert known_as(train__device="cpu") == known
    for changed in (
        {"export__weights_from": "scratch"},
        {"export__weights_from": "auto"},
        {"profile__chains": "always"},
        {"profile__energy": True},
    ):
        assert known_as(**changed) != known
