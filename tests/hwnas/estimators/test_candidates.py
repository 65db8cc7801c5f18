"""Networks that are trained to be scored: their curves, their early ends, and being killed."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.data import load_dataset
from hwnas.estimators.candidates.estimator import TrainedEstimator
from hwnas.estimators.candidates.settings import StopSettings
from hwnas.estimators.candidates.staged import TrainedCandidates
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.networks.modules import NetworkModule
from hwnas.search.outcome import Candidate, Outcome
from hwnas.spaces import Architectures
from hwnas.supernet.pretrained import Pretrained
from hwnas.testing.estimators import small_space
from hwnas.training.train_config import TrainSettings
from hwnas.training.trainer import train

SPACE = small_space()
ROW = SPACE.sample(np.random.default_rng(3), 1)[0]
TRAINING = TrainSettings(epochs=3, batch_size=8, learning_rate=0.05, crop_padding=1, ema=0.5)


class Killed(Exception):  # noqa: N818
    """Stands for a kill."""


def staged(folder: Path | None, **changed: object) -> TrainedCandidates:
    """How a search would train candidates with their checkpoints in a folder."""
    dataset = load_dataset("digits", resolution=8, limit=60)
    inputs = EstimatorInputs(SPACE, images=lambda: dataset, candidates=folder, training=TRAINING)
    made = TrainedEstimator().scores(replace(inputs, **changed)).staged  # type: ignore[arg-type]
    assert isinstance(made, TrainedCandidates)
    return made


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Where candidates of a run are kept."""
    return tmp_path / "candidates"


@pytest.fixture(scope="module")
def whole() -> Outcome:
    """The training of `ROW` without any interruption, where no folder of a run is."""
    return staged(Path("/nowhere/at/all"))(Candidate(ROW, 1.0))


def test_a_training_gives_the_accuracy_after_each_epoch_and_the_last_is_the_score(
    whole: Outcome, run: Path
) -> None:
    assert whole.is_measured
    assert whole.curve[-1] == whole.score
    assert len(whole.curve) == TRAINING.epochs
    assert all(0 <= accuracy <= 100 for accuracy in whole.curve)
    found = staged(run)(Candidate(ROW, 1.0))
    assert (found.score, found.curve) == (whole.score, whole.curve)
    assert list(run.iterdir()) == []


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_killed_training_goes_on_with_the_same_curve(
    whole: Outcome, run: Path, epoch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        del candidate
        if len(curve) == epoch:
            raise Killed
        return None

    monkeypatch.setattr(
        "hwnas.training.single.train", lambda *a, **kw: train(*a, checkpoint_seconds=0, **kw)
    )
    with pytest.raises(Killed):
        staged(run)(Candidate(ROW, 1.0, kill))
    assert {path.suffix for path in run.iterdir()} == {".json", ".safetensors"}
    asked: list[int] = []

    def go_on(candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        del candidate
        asked.append(len(curve))
        return None

    found = staged(run)(Candidate(ROW, 1.0, go_on))
    assert (found.score, found.curve) == (whole.score, whole.curve)
    assert asked == list(range(epoch, TRAINING.epochs))  # what was trained before is not again
    assert list(run.iterdir()) == []


def test_what_a_training_has_left_whose_process_died_can_be_removed(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        del candidate, curve
        raise Killed

    monkeypatch.setattr(
        "hwnas.training.single.train", lambda *a, **kw: train(*a, checkpoint_seconds=0, **kw)
    )
    with pytest.raises(Killed):
        staged(run)(Candidate(ROW, 1.0, kill))
    other = SPACE.sample(np.random.default_rng(4), 1)[0]
    staged(run).discard(other)
    assert len(list(run.iterdir())) == 2
    staged(run).discard(ROW)
    assert list(run.iterdir()) == []


def test_a_stopped_training_gives_what_is_predicted_and_its_curve_so_far(
    whole: Outcome, run: Path
) -> None:
    def stop(candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        assert candidate.cost == 1.0
        return Outcome(42.0, deviation=2.0) if len(curve) == 2 else None

    found = staged(run)(Candidate(ROW, 1.0, stop))
    assert (found.score, found.deviation, found.is_measured) == (42.0, 2.0, False)
    assert found.curve == whole.curve[:2]
    assert list(run.iterdir()) == []


def test_a_training_that_diverges_is_a_failure_with_its_reason(run: Path) -> None:
    wild = TRAINING.model_copy(update={"learning_rate": 1e30})
    found = staged(run, training=wild)(Candidate(ROW, 1.0))
    assert found.score is None
    assert "lower the learning rate (it is 1e+30)" in str(found.failure)
    assert not run.exists()


def test_candidates_that_no_rule_stops_are_not_trained_in_stages(run: Path) -> None:
    assert staged(run).every is None
    assert staged(run, stop=StopSettings(rule="curve", every=9)).every == 9


def test_what_trains_candidates_can_be_sent_to_another_process(whole: Outcome, run: Path) -> None:
    sent = pickle.loads(pickle.dumps(staged(run)))
    assert sent(Candidate(ROW, 1.0)).curve == whole.curve


def inherited(row: Architectures, run: Path) -> tuple[NetworkModule, Pretrained]:
    """A network with the weights of the largest of the space, and that."""
    largest = NetworkModule(SPACE.network(SPACE.choice_counts - 1), 5)
    found = Pretrained("file", "mine", largest.conventions, largest.blocks, largest.state_dict())
    sent = pickle.loads(pickle.dumps(staged(run, pretrained=found)))
    return sent.candidates.module(row, 0), found


def test_a_candidate_inherits_the_weights_of_a_pretrained_network(run: Path) -> None:
    row = SPACE.choice_counts - 1
    module, pretrained = inherited(row, run)
    assert module.start == pretrained.digest
    name = "block0.conv.weight"
    assert sorted(module.state_dict()[name].sum(dim=(1, 2, 3)).tolist()) == pytest.approx(
        sorted(pretrained.state[name].sum(dim=(1, 2, 3)).tolist())
    )
    assert staged(run).candidates.module(row, 0).start == ""


def test_scores_of_other_weights_recipes_or_rules_are_told_apart(run: Path) -> None:
    dataset = load_dataset("digits", resolution=8, limit=60)
    inputs = EstimatorInputs(SPACE, images=lambda: dataset, candidates=run, training=TRAINING)
    _, pretrained = inherited(ROW, run)
    changes: list[dict[str, object]] = [
        {},
        {"training": TRAINING.model_copy(update={"epochs": 4})},
        {"pretrained": pretrained},
        {"stop": StopSettings(rule="curve")},
        {"stop": StopSettings(rule="curve", every=9)},
    ]
    every = [
        TrainedEstimator().scores(replace(inputs, **one)).identity  # type: ignore[arg-type]
        for one in changes
    ]
    assert len({str(one) for one in every}) == len(every)


def test_a_rule_that_could_end_no_training_is_refused(run: Path) -> None:
    late = StopSettings(rule="curve", least_epochs=3)
    with pytest.raises(ConfigError, match="no training ends before epoch 3 and each has 3"):
        staged(run, stop=late)
