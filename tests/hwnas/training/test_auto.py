"""What `auto` means in the settings of a training."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.core.errors import ConfigError
from hwnas.runs.config import load_run_config
from hwnas.training.auto import (
    ENOUGH_STEPS,
    FINE_TUNING,
    SUPERNET_LENGTH,
    auto_batch,
    resolved,
    steps_of_epoch,
)
from hwnas.training.train_config import TrainConfig, TrainSettings

AUTO = TrainSettings(
    epochs="auto",
    batch_size="auto",
    learning_rate="auto",
    warmup_epochs="auto",
    crop_padding="auto",
)
IMAGES = st.integers(2, 2_000_000)


@given(IMAGES)
def test_a_supernet_always_has_enough_steps(images: int) -> None:
    config = resolved(AUTO, images, 48, SUPERNET_LENGTH)
    assert config.epochs * steps_of_epoch(config, images) >= ENOUGH_STEPS
    assert config.epochs >= 40


@given(IMAGES)
def test_batches_are_large_where_the_images_make_steps_many(images: int) -> None:
    batch = auto_batch(images)
    assert batch in (32, 64, 128)
    assert batch == 32 or images // batch >= 32
    assert auto_batch(2 * images) >= batch


def test_fewer_images_make_more_epochs_of_smaller_steps() -> None:
    few, many = (resolved(AUTO, images, 48, SUPERNET_LENGTH) for images in (420, 50_000))
    assert (few.epochs, few.batch_size, few.learning_rate) == (116, 32, 0.075)
    assert (many.epochs, many.batch_size, many.learning_rate) == (40, 128, 0.3)
    assert (few.warmup_epochs, many.warmup_epochs) == (pytest.approx(5.8), pytest.approx(2))


def test_a_crop_moves_an_image_by_a_share_of_it() -> None:
    padding = [resolved(AUTO, 420, pixels, FINE_TUNING).crop_padding for pixels in (8, 48, 224)]
    assert padding == [1, 6, 28]


def test_what_is_written_stays() -> None:
    written = TrainSettings(epochs=20, batch_size=16, warmup_epochs="auto", seed=3, clip=5)
    config = resolved(written, 420, 48, SUPERNET_LENGTH)
    assert config == TrainConfig(epochs=20, batch_size=16, warmup_epochs=1, seed=3, clip=5)


def test_more_frozen_epochs_than_the_images_ask_for_are_one_sentence() -> None:
    frozen = AUTO.model_copy(update={"frozen_epochs": 40})
    assert resolved(frozen, 420, 48, SUPERNET_LENGTH).epochs == 116
    with pytest.raises(ConfigError, match="auto: frozen_epochs is 40 and epochs 40, so that"):
        resolved(frozen, 50_000, 48, SUPERNET_LENGTH)


def test_a_number_is_needed_where_a_training_runs() -> None:
    with pytest.raises(ValueError, match="valid integer"):
        TrainConfig(epochs="auto")  # type: ignore[arg-type]


def test_the_recipe_for_photos_mirrors_them_and_follows_from_the_images() -> None:
    recipe = load_run_config("photos").recipe.resolved(252, 64)
    steps = recipe.train.epochs * steps_of_epoch(recipe.train, 252)
    assert steps >= ENOUGH_STEPS
    assert (recipe.train.flip, recipe.train.crop_padding) == (True, 8)
    assert recipe.fine_tune.learning_rate < recipe.train.learning_rate
