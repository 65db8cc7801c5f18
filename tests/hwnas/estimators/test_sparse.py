"""Weights of choices that a sparse group lasso takes to exactly 0."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.data import ImageDataset
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed import training
from hwnas.estimators.sparse.estimator import SPARSE, single_branches
from hwnas.networks.blocks import ParallelInvertedResidual
from hwnas.relaxation.sparse import WEIGHTS, SparseSettings, SparseWeights
from hwnas.search.policies.history import HISTORY, MOMENTS
from hwnas.spaces import SearchSpace, load_space
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.checkpoint import load_weights, weights_digest
from hwnas.training.train_config import TrainSettings
from hwnas.training.training_state import load_outcome
from tests.hwnas.estimators.test_policy_paths import KilledError, arrays_of
from tests.hwnas.supernet.helpers import images

NAMES = tuple("abcdefghij")
DATA = ImageDataset("random", NAMES, images(48, 8), images(20, 8, 1), images(20, 8, 2))
SPACE = """
name: branched
resolution: 8
classes: 10
stem: {channels: 4, activation: relu}
stages:
  - {channels: 6, depth: [1, 2], kernels: [3, 5], expansions: [2], activation: relu, branches: 2}
  - {channels: 8, stride: 2, depth: [0, 1], kernels: [3], expansions: [2, 3], activation: relu,
     branches: 2}
head: {features: 8, activation: relu}
"""
LASSO = {"choice": 0.5, "slot": 0.1, "rate": 0.2}
train = training.train


def space_in(folder: Path) -> SearchSpace:
    path = folder / "branched.yaml"
    path.write_text(SPACE)
    space = load_space(str(path))
    assert isinstance(space, SearchSpace)
    return space


def inputs_of(folder: Path, **settings: Any) -> EstimatorInputs:
    folder.mkdir(exist_ok=True)
    return EstimatorInputs(
        space_in(folder),
        images=lambda: DATA,
        weights=folder / "sparse.safetensors",
        training=TrainSettings(epochs=3, batch_size=12, crop_padding=1, **settings),
    )


def trained(inputs: EstimatorInputs, monkeypatch: pytest.MonkeyPatch, kill_at: int = 0) -> None:
    def progress(step: int, steps: int, loss: float) -> None:
        del steps, loss
        if step == kill_at:
            raise KilledError

    def written_at_every_step(*arguments: Any, **options: Any) -> Any:
        return train(*arguments, **options | {"progress": progress}, checkpoint_seconds=0.0)

    monkeypatch.setattr(training, "train", written_at_every_step)
    SPARSE.with_relaxation(LASSO).train(inputs)


def test_a_killed_training_ends_with_the_same_weights_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = inputs_of(tmp_path / "whole"), inputs_of(tmp_path / "parts")
    trained(whole, monkeypatch)
    for step in (2, 5):
        with pytest.raises(KilledError):
            trained(parts, monkeypatch, kill_at=step)
    trained(parts, monkeypatch)
    (weights, _), (again, _) = map(load_weights, (whole.weights_file, parts.weights_file))
    assert weights_digest(weights) == weights_digest(again)
    outcome = load_outcome(parts.weights_file, {})
    assert arrays_of(outcome) == arrays_of(load_outcome(whole.weights_file, {}))
    assert outcome[MOMENTS].tolist() == [1, 2, 3]
    assert outcome[HISTORY][-1] == pytest.approx(np.abs(outcome[WEIGHTS]))


def test_a_pair_is_worth_what_its_branches_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = inputs_of(tmp_path)
    trained(inputs, monkeypatch)
    space = inputs.one_space
    scores = SPARSE.with_relaxation(LASSO).scores(inputs)
    assert scores.effects is not None
    assert scores.value_history is not None
    # Of the first stage k3, k5 and both; its second block and that of the second may be skipped.
    assert [len(one.choices) for one in space.slots] == [3, 4, 4]
    found = np.concatenate([np.delete(one, -1) for one in scores.effects.values])
    assert found == pytest.approx(np.abs(load_outcome(inputs.weights_file, {})[WEIGHTS]))
    for values in scores.effects.values:
        assert values[-1] == pytest.approx(values[-3] + values[-2])
    assert scores.value_history.values[-1] == pytest.approx(np.concatenate(scores.effects.values))


def test_weights_become_exactly_0_and_what_has_none_changes_no_logit(tmp_path: Path) -> None:
    space = single_branches(space_in(tmp_path))
    costs = [np.array([1.0, 3.0]), np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 3.0])]
    settings = SparseSettings(choice=0.1, slot=0.02, rate=0.1, weights_first=0.0)
    mixture = SparseWeights(costs, settings, 100)
    generator = torch.Generator()
    for _ in range(100):  # the loss wants the second choice of each slot alone
        mixture.advance(lambda each: sum((one[1] - 1) ** 2 for one in each), generator)  # type: ignore[arg-type, return-value]
    shares = mixture.shares(generator)
    assert [one.count_nonzero().item() for one in shares] == [2, 2, 2]
    assert [one[-1].item() for one in shares[1:]] == [0.0, 0.0]
    assert mixture.text == "6 of 8 choices left"
    module = MixingSupernet(space, own_weights=True).eval()
    x = torch.randn(2, 3, 8, 8, generator=generator.manual_seed(0))
    before = module(x, shares)
    with torch.no_grad():
        for slot, row in zip(module.supernet.choices, shares, strict=True):
            for (block, _), weight in zip(slot, row.tolist(), strict=True):
                if weight == 0 and block is not None:
                    for one in block.parameters():
                        one.fill_(float("nan"))
    assert torch.equal(module(x, shares), before)


def test_a_choice_of_each_slot_is_left() -> None:
    settings = SparseSettings(choice=10, slot=10, rate=1, weights_first=0)
    mixture = SparseWeights([np.array([1.0, 3.0]), np.array([2.0, 2.5])], settings, 3)
    for _ in range(3):
        mixture.advance(lambda each: 0 * each[0].sum() - each[1][1], torch.Generator())
    assert [one.count_nonzero().item() for one in mixture.shares(torch.Generator())] == [1, 1]


def test_what_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown key 'lasso'"):
        SPARSE.with_relaxation({"lasso": 1})
    with pytest.raises(ConfigError, match=r"train\.budgets: the weights of sparse are no prob"):
        SPARSE.train(inputs_of(tmp_path, budgets={"macs": 1e9}))
    space = space_in(tmp_path)
    assert isinstance(space.slots[0].choices[2], ParallelInvertedResidual)
    path = tmp_path / "pairs.yaml"
    alone = "kernels: [3], expansions: [2], activation: relu, kind: parallel_inverted_residual, "
    alone += "options: {second_kernel: [5], second_expansion: [2]}"
    both = "kernels: [3, 5], expansions: [2], activation: relu, branches: 2"
    path.write_text(SPACE.replace(both, alone))
    pairs = load_space(str(path))
    assert isinstance(pairs, SearchSpace)
    with pytest.raises(ConfigError, match=r"slot 1 of branched has .*, but not 'k3 e2' alone"):
        single_branches(pairs)
