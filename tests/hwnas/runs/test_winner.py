"""Which weights a winner gets, where they are trained both ways."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hwnas.runs import winner
from hwnas.runs.config import load_run_config
from hwnas.runs.winner import Winner, train_winner, ways_to_train

TRAINED = SimpleNamespace(at_its_start=False)


@pytest.fixture
def trained_as(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Winner]:
    """Trains nothing: of the validation images each way is right on those that are given."""

    def run(tuned: int, scratch: int, images: int, *, supernet: Any = TRAINED, **changed: Any):
        ways = {
            "supernet": np.arange(images) < tuned,
            # As far as may be on other images than the first.
            "scratch": np.arange(images)[::-1] < scratch,
        }
        monkeypatch.setattr(winner, "fine_tuning", lambda *_: "supernet")
        monkeypatch.setattr(winner, "training_from_scratch", lambda *_: "scratch")
        monkeypatch.setattr(winner, "right", lambda module, _: ways[module])
        experiment = SimpleNamespace(
            config=load_run_config("photos", changed),
            space=SimpleNamespace(network=lambda row: row),
            dataset_of=lambda _: SimpleNamespace(validation=None),
        )
        row: Any = np.zeros(3, int)
        asked = ways_to_train(experiment, None, supernet, row)  # type: ignore[arg-type]
        won = train_winner(experiment, row, asked, lambda _, training: training)  # type: ignore[arg-type]
        assert won.module == won.weights_from
        return won

    return run


def test_fine_tuning_is_taken_where_the_validation_images_tell_that_it_is_better(trained_as):
    won = trained_as(700, 500, 1000)
    assert won.weights_from == "supernet"
    assert "70.0 % fine-tuned, 50.0 % from scratch on 1,000 validation images" in won.chosen


def test_weights_of_an_earlier_training_are_compared_as_those_of_any_supernet(trained_as):
    won = trained_as(500, 700, 1000, from_supernet="earlier.safetensors")
    assert (won.weights_from, "from scratch is better" in won.chosen) == ("scratch", True)


def test_a_lead_that_few_images_cannot_tell_from_none_is_not_enough(trained_as):
    won = trained_as(36, 32, 90)
    assert won.weights_from == "scratch"
    assert "from scratch is taken, as the reference is: 40.0 % fine-tuned" in won.chosen


def test_from_scratch_is_taken_where_it_is_better(trained_as):
    won = trained_as(500, 700, 1000)
    assert (won.weights_from, "from scratch is better" in won.chosen) == ("scratch", True)


@pytest.mark.parametrize(
    ("changed", "taken"),
    [
        ({"export.weights_from": "supernet"}, "supernet"),
        # Published weights saw far more images than there are here.
        ({"from_ofa": "published.safetensors"}, "supernet"),
        ({"pretrained": "published.safetensors"}, "supernet"),
        ({"supernet": None}, "scratch"),
    ],
)
def test_without_a_choice_one_way_is_trained_and_nothing_compared(trained_as, changed, taken):
    won = trained_as(0, 0, 10, **changed)
    assert (won.weights_from, won.chosen) == (taken, None)
