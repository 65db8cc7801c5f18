"""Supernets whose paths a policy draws, and what stays of the policy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwnas.core.errors import ConfigError, RunError
from hwnas.core.listener import SILENT
from hwnas.data import ImageDataset
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet import training
from hwnas.estimators.supernet.learnt_values import read_learnt_values
from hwnas.estimators.supernet.paths import VALUES, PolicyPaths, paths_of
from hwnas.estimators.supernet.policy import PolicyEstimator
from hwnas.estimators.supernet.start import rule_of
from hwnas.estimators.supernet.training import load_supernet, train_supernet
from hwnas.objectives.costs import MACS
from hwnas.search.make_problem import make_problem
from hwnas.search.policies.history import HISTORY, MOMENTS
from hwnas.training.checkpoint import load_weights, save_weights, weights_digest
from hwnas.training.paths import UniformPaths
from hwnas.training.rules import PathRule, SinglePath, supernet_rule
from hwnas.training.train_config import TrainSettings
from hwnas.training.training_state import load_outcome
from tests.hwnas.supernet.families import tiny_family
from tests.hwnas.supernet.helpers import images, state_bytes
from tests.hwnas.supernet.small_space import small_space

NAMES = tuple("abcdefghij")
DATA = ImageDataset("random", NAMES, images(36, 8), images(20, 8, 1), images(20, 8, 2))
EPOCHS, STEPS = 3, 9


class KilledError(Exception):
    """Stands for a kill at a chosen step."""


def inputs_of(folder: Path, **settings: Any) -> EstimatorInputs:
    """A run of nine steps in a folder."""
    folder.mkdir(exist_ok=True)
    config = TrainSettings(epochs=EPOCHS, batch_size=12, crop_padding=1, **settings)
    return EstimatorInputs(
        small_space(folder),
        images=lambda: DATA,
        weights=folder / "supernet.safetensors",
        training=config,
    )


def trained(inputs: EstimatorInputs, monkeypatch: pytest.MonkeyPatch, kill_at: int = 0) -> Any:
    """Trains a run, to its end or to a step; returns what drew its paths."""
    made: list[PathRule] = []

    def rule(given: EstimatorInputs) -> PathRule:
        made.append(rule_of(given))
        return made[-1]

    def progress(step: int, steps: int, loss: float) -> None:
        del steps, loss
        if step == kill_at:
            raise KilledError

    monkeypatch.setattr(training, "rule_of", rule)
    monkeypatch.setattr(training, "with_loss", lambda _: progress)
    monkeypatch.setattr(training, "train", written_at_every_step)
    train_supernet(inputs, SILENT)
    return made[-1].drawn_by


def written_at_every_step(*arguments: Any, **options: Any) -> Any:
    return train(*arguments, **options, checkpoint_seconds=0.0)


train = training.train


def arrays_of(state: dict[str, np.ndarray]) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Every array to the last bit."""
    return {name: (str(one.dtype), one.shape, one.tobytes()) for name, one in state.items()}


@pytest.mark.parametrize(
    "settings",
    [
        {"paths": {"mcts": {"explore": 0.5}}, "random_paths": 2},
        {"paths": "mdenas", "ema": 0.9},
        {"paths": "parsec", "rule": "sandwich"},
    ],
    ids=lambda settings: str(settings["paths"]),
)
def test_a_killed_training_ends_with_the_same_weights_and_the_same_policy_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    whole, parts = (inputs_of(tmp_path / name, **settings) for name in ("whole", "parts"))
    drawn_by = trained(whole, monkeypatch)
    for step in (4, 7):  # of which the third and the sixth were written, ends of epochs
        with pytest.raises(KilledError):
            trained(parts, monkeypatch, kill_at=step)
    resumed = trained(parts, monkeypatch)
    assert state_bytes(load_supernet(parts)) == state_bytes(load_supernet(whole))
    assert arrays_of(resumed.state) == arrays_of(drawn_by.state)
    outcome = load_outcome(parts.weights_file, {})
    assert arrays_of(outcome) == arrays_of(drawn_by.outcome)
    values = outcome[VALUES]
    assert len(values) == whole.space.choice_counts.sum()
    # Of every epoch, whenever the training was killed, and in the end what the values are.
    assert outcome[MOMENTS].tolist() == list(range(1, EPOCHS + 1))
    assert outcome[HISTORY][-1].tolist() == values.astype(np.float32).tolist()
    begun = rule_of(whole).drawn_by.state
    told = [name for name, one in drawn_by.state.items() if not np.array_equal(one, begun[name])]
    assert len(told) > 2


def test_uniform_paths_are_what_a_config_without_paths_trains_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = inputs_of(tmp_path / "one"), inputs_of(tmp_path / "other", paths={"uniform": {}})
    assert isinstance(trained(one, monkeypatch), UniformPaths)
    trained(other, monkeypatch)
    (weights, texts), (again, same) = map(load_weights, (one.weights_file, other.weights_file))
    assert weights_digest(weights) == weights_digest(again)
    assert texts == same
    assert set(weights) == set(load_supernet(one).state_dict())
    assert rule_of(one).identity == SinglePath(one.space).identity == "single path"


@pytest.mark.parametrize("name", ["uniform", "mcts"])
def test_what_breaks_the_budgets_of_a_training_is_not_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    problem = make_problem(small_space(tmp_path), MACS)
    bound = sum(problem.cost.range) / 2
    inputs = inputs_of(tmp_path, paths=name, random_paths=4, budgets={"macs": bound})
    drawn: list[Any] = []

    def heard(_: PolicyPaths, rows: Any, losses: Any) -> None:
        assert len(rows) == len(losses)
        drawn.append(rows)

    monkeypatch.setattr(PolicyPaths, "learn_losses", heard)
    trained(inputs, monkeypatch)
    assert len(np.concatenate(drawn)) >= 4 * STEPS
    assert (problem.costs(np.concatenate(drawn)) <= bound).all()
    identity = rule_of(inputs).identity
    assert identity.startswith(f"4 paths, paths by {name} ")
    assert identity.endswith(f" within macs {bound}")


def test_another_policy_or_another_setting_is_another_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KilledError):
        trained(inputs_of(tmp_path, paths="mcts"), monkeypatch, kill_at=3)
    for paths in ("uniform", "ddpnas", {"mcts": {"explore": 0.5}}):
        with pytest.raises(RunError, match="was trained with other training settings; delete it"):
            trained(inputs_of(tmp_path, paths=paths), monkeypatch)


def test_a_policy_is_told_by_what_share_each_path_loses_less_than_paths_did_of_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[float]] = []
    paths = paths_of(inputs_of(tmp_path, paths="mcts", random_paths=2))
    assert isinstance(paths, PolicyPaths)
    monkeypatch.setattr(paths.policy, "learn", lambda _, found: told.append(found.tolist()))
    rows = paths.draw(2, 8, np.random.default_rng(0))
    paths.learn_losses(rows, np.array([1.0, 3.0]))
    assert told == [[0.5, -0.5]]
    mean = 2.0 - 0.05 * 1.0
    mean += 0.05 * (3.0 - mean)
    paths.learn_losses(rows, np.array([mean, 0.0]))
    assert told[1] == pytest.approx([0.0, 1.0])


def test_a_sandwich_tells_the_losses_of_its_random_paths_alone(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, paths="uniform")
    told: list[Any] = []

    class Listening(UniformPaths):
        def learn_losses(self, paths: Any, losses: Any) -> None:
            told.append((len(paths), losses.tolist()))

    config = inputs.recipe.model_copy(update={"rule": "sandwich"})
    rule = supernet_rule(config, inputs.space, drawn_by=Listening(inputs.space))
    pixels, labels = torch.zeros(2, 3, 8, 8), torch.tensor([0, 1])
    module = torch.nn.Identity()  # no pass is run
    assert len(rule.passes(module, pixels, labels, np.random.default_rng(0), 0.0)) == 4
    rule.learn([9.0, 8.0, 2.0, 1.0])
    assert told == [(2, [2.0, 1.0])]


def test_mdenas_is_told_accuracies_of_few_paths_after_each_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = trained(inputs_of(tmp_path, paths="mdenas"), monkeypatch)
    epochs = paths.policy.learnt["epochs"]
    assert epochs[: paths.policy.choices.counts[0]].sum() == paths.judged * EPOCHS == 12


def test_a_file_of_an_earlier_version_has_values_and_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = inputs_of(tmp_path, paths="mcts")
    trained(inputs, monkeypatch)
    path, space = inputs.weights_file, inputs.space
    found = read_learnt_values(path, space)
    assert found is not None
    assert found.history is not None
    assert len(np.unique(found.history.values, axis=0)) == EPOCHS
    tensors, texts = load_weights(path)
    older = {name: one for name, one in tensors.items() if not name.endswith((HISTORY, MOMENTS))}
    assert len(older) == len(tensors) - 2
    save_weights(path, older, texts)
    again = read_learnt_values(path, space)
    assert again is not None
    assert again.history is None
    assert all(map(np.array_equal, again.values, found.values))
    picture = PolicyEstimator().scores(inputs).choice_values()
    assert picture.history is None
    assert all(map(np.array_equal, picture.values, found.values))


def test_a_checkpoint_without_a_history_goes_on_with_that_of_the_rest(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, paths="mcts")
    first, second = paths_of(inputs), paths_of(inputs)
    assert isinstance(first, PolicyPaths)
    assert isinstance(second, PolicyPaths)
    first.end_epoch(1, 3)
    state = {name: one for name, one in first.state.items() if name not in (MOMENTS, HISTORY)}
    second.restore(state)
    second.end_epoch(2, 3)
    assert second.outcome[MOMENTS].tolist() == [2]
    for broken in ({MOMENTS: np.array([2])}, {MOMENTS: np.array([2]), HISTORY: np.zeros((1, 1))}):
        with pytest.raises(ConfigError, match="no history of a policy's values; begin anew"):
            second.restore(state | broken)


def test_of_many_epochs_at_most_a_hundred_and_the_last_one_are_kept(tmp_path: Path) -> None:
    paths = paths_of(inputs_of(tmp_path, paths="mcts"))
    assert isinstance(paths, PolicyPaths)
    for epoch in range(1, 252):
        paths.end_epoch(epoch, 251)
    assert paths.outcome[MOMENTS].tolist() == [*range(3, 251, 3), 251]
    assert len(paths.outcome[HISTORY]) <= 100


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        (VALUES, lambda one: one[:-1], "holds values of the choices of another space"),
        (VALUES, lambda one: one * np.nan, "a value of a choice is no finite number"),
        (MOMENTS, lambda one: one[::-1].copy(), "the moments do not rise"),
        (HISTORY, lambda one: one[:, 1:].copy(), "not one number for each choice and moment"),
        (HISTORY, lambda one: one + np.inf, "a value of a choice is no finite number"),
    ],
)
def test_values_that_cannot_be_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, change: Any, sentence: str
) -> None:
    inputs = inputs_of(tmp_path, paths="mcts")
    trained(inputs, monkeypatch)
    tensors, texts = load_weights(inputs.weights_file)
    key = f"paths/{name}"
    changed = torch.from_numpy(change(tensors[key].numpy()))
    save_weights(inputs.weights_file, tensors | {key: changed}, texts)
    with pytest.raises(RunError, match=sentence):
        read_learnt_values(inputs.weights_file, inputs.space)


def test_what_cannot_be_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no policy 'mtcs'"):
        paths_of(inputs_of(tmp_path, paths="mtcs"))
    with pytest.raises(ConfigError, match="explor"):
        paths_of(inputs_of(tmp_path, paths={"mcts": {"explor": 1}}))
    family = replace(inputs_of(tmp_path, paths="mcts"), space=tiny_family(tmp_path))
    with pytest.raises(ConfigError, match="draws networks of any resolution, and every step"):
        paths_of(family)
