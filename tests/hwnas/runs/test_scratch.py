"""How single networks are trained from scratch: as long as supernet and fine-tuning together."""

from dataclasses import replace

import pytest

from hwnas.core.errors import ConfigError
from hwnas.runs.config import DataConfig, Recipe
from hwnas.runs.training import scratch_config
from hwnas.training.train_config import TrainConfig


def recipe(train, fine_tune, **changed):
    tuned = TrainConfig(epochs=fine_tune, learning_rate=0.01, **changed)
    return Recipe(DataConfig(), TrainConfig(epochs=train, learning_rate=0.3, ema=0.9), tuned)


def test_from_scratch_is_the_supernets_recipe_for_all_epochs():
    config = scratch_config(recipe(5, 2))
    assert config == TrainConfig(epochs=7, learning_rate=0.3, ema=0.9)


def test_from_scratch_a_network_is_compiled_where_fine_tuning_is():
    assert scratch_config(recipe(5, 2, compile=True)).compile


def test_from_scratch_all_layers_are_trained_at_one_rate():
    spared = recipe(5, 2).train.model_copy(update={"body_rate": 0.1, "frozen_epochs": 5})
    config = scratch_config(replace(recipe(5, 2), train=spared))
    assert (config.body_rate, config.frozen_epochs) == (1, 0)


def test_no_epochs_at_all_train_nothing_from_scratch():
    with pytest.raises(ConfigError, match=r"train.epochs and fine_tune.epochs are both 0"):
        scratch_config(recipe(0, 0))
