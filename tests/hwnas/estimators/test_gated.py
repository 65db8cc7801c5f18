"""Which channels a network keeps, learnt by gates beside the weights of the widest one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.core.listener import SILENT
from hwnas.estimators.gated.estimator import FIGS, PRUNING, GatedEstimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed import training
from hwnas.estimators.supernet.earlier import load_earlier
from hwnas.estimators.supernet.training import train_supernet
from hwnas.objectives.costs import MACS
from hwnas.relaxation.gates import GATE_VALUES
from hwnas.relaxation.learnt_logits import LOGITS
from hwnas.search.make_problem import make_problem
from hwnas.search.policies.history import HISTORY, MOMENTS
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import load_weights, weights_digest
from hwnas.training.train_config import TrainSettings
from hwnas.training.training_state import load_outcome
from tests.hwnas.estimators.test_policy_paths import KilledError, arrays_of
from tests.hwnas.estimators.test_relaxed import DATA
from tests.hwnas.supernet.gated_space import gated_space

RECIPES = {"figs": FIGS, "pruning": PRUNING}
train = training.train


def inputs_of(folder: Path, name: str = "gates", **settings: Any) -> EstimatorInputs:
    """A training of six steps in a folder, of a budget that no network is above."""
    folder.mkdir(exist_ok=True)
    space = gated_space(folder)
    budgets = {"macs": make_problem(space, MACS).cost.range[1]}
    config = TrainSettings(
        epochs=3, batch_size=12, crop_padding=1, **{"budgets": budgets, **settings}
    )
    return EstimatorInputs(
        space, images=lambda: DATA, weights=folder / f"{name}.safetensors", training=config
    )


def trained(
    gated: GatedEstimator, inputs: EstimatorInputs, monkeypatch: pytest.MonkeyPatch, at: int = 0
) -> None:
    """Trains to the end, or to a step."""

    def progress(step: int, steps: int, loss: float) -> None:
        del steps, loss
        if step == at:
            raise KilledError

    def written_at_every_step(*arguments: Any, **options: Any) -> Any:
        return train(*arguments, **options | {"progress": progress}, checkpoint_seconds=0.0)

    monkeypatch.setattr(training, "train", written_at_every_step)
    gated.train(inputs, SILENT)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_killed_training_ends_with_the_same_weights_and_gates_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    gated = RECIPES[recipe]
    whole, parts = (inputs_of(tmp_path / name) for name in ("whole", "parts"))
    trained(gated, whole, monkeypatch)
    for step in (2, 5):
        with pytest.raises(KilledError):
            trained(gated, parts, monkeypatch, at=step)
    trained(gated, parts, monkeypatch)
    (weights, _), (again, _) = map(load_weights, (whole.weights_file, parts.weights_file))
    assert weights_digest(weights) == weights_digest(again)
    outcome = load_outcome(parts.weights_file, {})
    assert arrays_of(outcome) == arrays_of(load_outcome(whole.weights_file, {}))
    assert (outcome[LOGITS] != 2.5).any()
    assert outcome[MOMENTS].tolist() == [1, 2, 3]
    assert outcome[HISTORY][-1].tolist() == outcome[GATE_VALUES].astype(np.float32).tolist()


def test_scores_are_sums_of_the_largest_logits_and_costs_pull_them_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for weight in (0.0, 1000.0):
        gated = FIGS.with_relaxation({"penalty": {"linear": {"weight": weight}}, "rate": 0.5})
        assert isinstance(gated, GatedEstimator)
        inputs = inputs_of(tmp_path / str(weight))
        trained(gated, inputs, monkeypatch)
        scores = gated.scores(inputs)
        assert scores.exact is not None
        assert scores.effects is not None
        assert scores.value_history is not None
        assert scores.value_history.values[-1].tolist() == pytest.approx(
            np.concatenate(scores.effects.values)
        )
        row = np.array([1, 2, 2, 1])
        logits = load_outcome(inputs.weights_file, {})[LOGITS]
        assert scores.evaluate_architectures(row[None])[0] == pytest.approx(logits.sum())
        found[weight] = logits.sum()
    assert found[1000.0] < found[0.0]


def test_pruning_starts_from_a_supernet_and_its_channels_are_in_order_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = inputs_of(tmp_path, "supernet", budgets={})
    train_supernet(first)
    inputs = replace(inputs_of(tmp_path), trained_before=first.weights_file)
    trained(PRUNING, inputs, monkeypatch)
    scores = PRUNING.scores(inputs)
    assert scores.info.short == "pruning"
    supernet = Supernet(inputs.one_space)
    load_earlier(supernet, inputs.weights_file)
    theirs, _ = load_weights(inputs.weights_file)
    logits = load_outcome(inputs.weights_file, {})[LOGITS]
    order = np.argsort(-logits[1:4], kind="stable")
    depthwise = "slot1.shared.depthwise.weight"
    ours = supernet.state_dict()[depthwise].reshape(3, 8, -1)
    assert ours.tolist() == theirs[f"supernet.{depthwise}"].reshape(3, 8, -1)[order].tolist()


def test_a_training_without_a_cost_and_an_unknown_setting_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train\.budgets names no cost; give one"):
        FIGS.train(inputs_of(tmp_path, budgets={}), SILENT)
    with pytest.raises(ConfigError, match=r"relaxation: .*temprature"):
        FIGS.with_relaxation({"temprature": 1})
    with pytest.raises(ConfigError, match="hing"):
        FIGS.with_relaxation({"penalty": "hing"})
