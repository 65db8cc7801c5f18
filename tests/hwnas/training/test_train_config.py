import json

import pytest

from hwnas.training.train_config import TrainConfig


def test_settings_are_every_key_but_the_device_and_what_the_identity_of_a_rule_says():
    known = json.loads(TrainConfig(epochs=2, body_rate=0.1, frozen_epochs=1).settings)
    assert {*known, "device", "paths", "budgets"} == set(TrainConfig.model_fields)


def test_keys_that_older_checkpoints_lack_do_not_change_what_these_are_known_by():
    known = json.loads(TrainConfig(epochs=1).settings)
    assert set(TrainConfig.model_fields) - set(known) == {
        "device",
        "paths",
        "budgets",
        "body_rate",
        "frozen_epochs",
    }


@pytest.mark.parametrize(
    "key",
    [
        {"body_rate": 0.1},
        {"frozen_epochs": 1},
        {"rule": "sandwich"},
        {"random_paths": 3},
        {"clip": 1.0},
        {"ema": 0.99},
        {"colour_jitter": 0.4},
        {"mixup": 0.2},
        {"cutmix": 1.0},
        {"precision": "bf16"},
        {"compile": True},
    ],
)
def test_any_key_makes_other_settings(key):
    assert TrainConfig(epochs=2, **key).settings != TrainConfig(epochs=2).settings


def test_where_it_runs_is_no_setting():
    assert TrainConfig(epochs=1, device="cpu").settings == TrainConfig(epochs=1).settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": -1},
        {"batch_size": 1},
        {"learning_rate": 0},
        {"momentum": 1.0},
        {"label_smoothing": 1},
        {"crop": 2},
        {"rule": "sandwhich"},
        {"random_paths": 0},
        {"clip": 0},
        {"ema": 1},
        {"mixup": -1},
        {"body_rate": 0},
        {"body_rate": 1.5},
        {"frozen_epochs": -1},
        {"colour_jitter": 1.1},
        {"precision": "int8"},
        {"device": "gpu"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        TrainConfig(**{"epochs": 1, **wrong})


@pytest.mark.parametrize(("epochs", "frozen"), [(3, 3), (3, 4), (0, 1)])
def test_a_training_that_never_reaches_more_than_the_classifier_is_refused(epochs, frozen):
    sentence = f"frozen_epochs is {frozen} and epochs {epochs}, so that nothing but the classifier"
    with pytest.raises(ValueError, match=sentence):
        TrainConfig(epochs=epochs, frozen_epochs=frozen)


def test_a_rules_own_number_of_paths_may_be_written_out():
    for rule, paths in (("single_path", 1), ("sandwich", 2)):
        plain = TrainConfig(epochs=1, rule=rule)
        assert TrainConfig(epochs=1, rule=rule, random_paths=paths).settings == plain.settings
        assert TrainConfig(epochs=1, rule=rule, random_paths=3).settings != plain.settings
