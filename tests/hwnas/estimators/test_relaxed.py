"""Logits of choices that are learnt by gradient beside the weights of a mixing supernet."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from hwnas.core.errors import BudgetError, ConfigError, DivergenceError, RunError
from hwnas.core.listener import SILENT
from hwnas.data import ImageDataset
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed import training
from hwnas.estimators.relaxed.estimator import DARTS, UNAS, RelaxedEstimator, log_probabilities
from hwnas.estimators.relaxed.judged_choices import JudgedChoices, judge_choices
from hwnas.networks.conventions import Conventions
from hwnas.objectives.costs import MACS
from hwnas.relaxation.architecture import LOGITS, SNAPSHOTS, Architecture
from hwnas.relaxation.chosen_parts import selector_of
from hwnas.relaxation.rule import halves
from hwnas.relaxation.settings import RelaxationSettings
from hwnas.search.make_problem import make_problem
from hwnas.search.policies.history import HISTORY, MOMENTS
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.checkpoint import load_weights, weights_digest
from hwnas.training.train_config import TrainSettings
from hwnas.training.training_state import load_outcome
from tests.hwnas.estimators.test_policy_paths import KilledError, arrays_of
from tests.hwnas.supernet.helpers import images
from tests.hwnas.supernet.small_space import small_space

NAMES = tuple("abcdefghij")
DATA = ImageDataset("random", NAMES, images(48, 8), images(20, 8, 1), images(20, 8, 2))
RECIPES = {"darts": DARTS, "unas": UNAS}


def inputs_of(folder: Path, **settings: Any) -> EstimatorInputs:
    """A training of six steps in a folder."""
    folder.mkdir(exist_ok=True)
    config = TrainSettings(epochs=3, batch_size=12, crop_padding=1, **settings)
    return EstimatorInputs(
        small_space(folder),
        images=lambda: DATA,
        weights=folder / "architecture.safetensors",
        training=config,
    )


def trained(
    relaxed: RelaxedEstimator,
    inputs: EstimatorInputs,
    monkeypatch: pytest.MonkeyPatch,
    kill_at: int = 0,
) -> None:
    """Trains to the end, or to a step."""

    def progress(step: int, steps: int, loss: float) -> None:
        del steps, loss
        if step == kill_at:
            raise KilledError

    def written_at_every_step(*arguments: Any, **options: Any) -> Any:
        return train(*arguments, **options | {"progress": progress}, checkpoint_seconds=0.0)

    monkeypatch.setattr(training, "train", written_at_every_step)
    relaxed.train(inputs, SILENT)


train = training.train


@pytest.mark.parametrize(
    ("recipe", "relaxation"),
    [
        ("darts", {"schedule": {"cyclic": {"cycles": 2}}, "regulariser": "entropy"}),
        ("unas", {}),
        ("unas", {"gradient": "score_function", "own_weights": True}),
    ],
)
def test_a_killed_training_ends_with_the_same_weights_and_logits_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, relaxation: dict[str, Any]
) -> None:
    relaxed = RECIPES[recipe].with_relaxation(relaxation)
    least = make_problem(small_space(tmp_path), MACS).cost.range[0]
    settings = {"budgets": {"macs": 1.1 * least}}
    whole, parts = (inputs_of(tmp_path / name, **settings) for name in ("whole", "parts"))
    trained(relaxed, whole, monkeypatch)
    for step in (2, 5):
        with pytest.raises(KilledError):
            trained(relaxed, parts, monkeypatch, kill_at=step)
    trained(relaxed, parts, monkeypatch)
    (weights, _), (again, _) = map(load_weights, (whole.weights_file, parts.weights_file))
    assert weights_digest(weights) == weights_digest(again)
    outcome = load_outcome(parts.weights_file, {})
    assert arrays_of(outcome) == arrays_of(load_outcome(whole.weights_file, {}))
    assert outcome[LOGITS].any()
    assert outcome[MOMENTS].tolist() == [1, 2, 3]
    assert outcome[HISTORY][-1].tolist() == outcome[LOGITS].astype(np.float32).tolist()
    assert len(outcome[SNAPSHOTS]) == (2 if "schedule" in relaxation else 1)
    assert outcome[SNAPSHOTS][-1].tolist() == outcome[LOGITS].tolist()


def test_scores_are_log_probabilities_of_networks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = inputs_of(tmp_path)
    trained(UNAS, inputs, monkeypatch)
    scores = UNAS.scores(inputs)
    space = inputs.one_space
    counts = space.choice_counts.tolist()
    every = np.unique(space.canonical(np.array(list(np.ndindex(*counts)))), axis=0)
    assert np.exp(scores.evaluate_architectures(every)).sum() == pytest.approx(1.0)
    assert scores.exact is not None
    assert scores.value_history is not None
    assert scores.effects is not None
    last = np.concatenate(scores.effects.values)
    assert scores.value_history.values[-1] == pytest.approx(last, abs=1e-6)
    flat = log_probabilities(space, np.zeros(sum(counts)), "flat", "nats").evaluate(every)
    assert np.exp(flat).sum() == pytest.approx(1.0)
    other = inputs_of(tmp_path, seed=1)  # which shares the images otherwise
    with pytest.raises(RunError, match="other images"):
        UNAS.scores(other)


def test_expected_costs_are_pulled_below_their_budgets(tmp_path: Path) -> None:
    space = small_space(tmp_path)
    least, most = make_problem(space, MACS).cost.range
    (budget,) = TrainSettings(
        epochs=1, budgets={"macs": least + 0.2 * (most - least)}
    ).budgets.values()
    problem = make_problem(space, MACS, [budget])
    settings = RelaxationSettings(gradient="score_function", rate=0.1, weights_first=0.0)
    architecture = Architecture(problem, settings, 60)
    before = architecture.expected[0]
    assert before > problem.limits[0].bound
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        architecture.advance(lambda weights: torch.zeros((), dtype=weights[0].dtype), generator)
    assert architecture.expected[0] <= 1.02 * problem.limits[0].bound
    assert architecture.text.startswith("expected macs ")
    assert architecture.shown["architecture/expected macs"] == architecture.expected[0]


def test_the_images_of_weights_and_logits_are_different_ones() -> None:
    split = images(40, 8)
    one, other = halves(split, 0.25, seed=3)
    assert (len(one), len(other)) == (30, 10)
    together = np.concatenate((one.images, other.images)).reshape(40, -1)
    assert len(np.unique(together, axis=0)) == len(np.unique(split.images.reshape(40, -1), axis=0))
    with pytest.raises(ValueError, match="cannot be shared"):
        halves(images(2, 8), 0.01, seed=0)


def test_too_little_memory_is_refused_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MixingSupernet, "image_bytes", 1 << 60)
    with pytest.raises(ConfigError, match="score_function, which runs one network at a time"):
        DARTS.train(inputs_of(tmp_path))
    assert not (tmp_path / "architecture.safetensors").exists()
    UNAS.with_relaxation({"gradient": "score_function"}).train(inputs_of(tmp_path))


def test_memory_is_that_of_a_batch_of_the_images_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = psutil.virtual_memory().available
    monkeypatch.setattr(MixingSupernet, "image_bytes", free // 1000)
    inputs = inputs_of(tmp_path)
    more = TrainSettings(epochs=1, batch_size=4096, crop_padding=1)  # of 24 images a part
    DARTS.train(replace(inputs, training=more))
    assert DARTS.scores(inputs).exact is not None


@pytest.mark.parametrize("gradient", ["rebar", "score_function", "gumbel"])
def test_a_training_that_diverges_is_one_sentence(tmp_path: Path, gradient: str) -> None:
    relaxed = UNAS.with_relaxation({"gradient": gradient, "weights_first": 0.0})
    with pytest.raises(DivergenceError, match="lower "):
        relaxed.train(inputs_of(tmp_path, learning_rate=1e20))


def test_images_of_the_mixture_are_normalised_as_those_of_the_weights(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path)
    module = MixingSupernet(
        inputs.one_space, conventions=Conventions(mean=(0, 0, 0), std=(1, 1, 1))
    )
    settings = RelaxationSettings(gradient="score_function", weights_first=0.0)
    architecture = Architecture(make_problem(inputs.one_space, MACS), settings, 6)
    ranges = []

    def seen(_: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        ranges.append((float(arguments[0].min()), float(arguments[0].max())))

    module.register_forward_pre_hook(seen)
    parts = training.image_parts(inputs, 0.5)
    training.train_mixture(inputs, module, architecture, parts, "seen", SILENT)
    assert len(ranges) == 12  # a step has a batch of each part
    assert all(least >= 0 and most <= 1 for least, most in ranges)


def test_a_cost_without_an_expectation_is_refused(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, budgets={"peak_memory": "1 GB"})
    with pytest.raises(BudgetError, match="peak_memory"):
        UNAS.train(inputs)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"gradient": "newton"}, "newton"),
        ({"gradient": {"gumbel": {"soft": 1}}}, "unknown key 'soft'"),
        ({"images": 1.0}, "images"),
        ({"regulariser": "sparse_group_lasso"}, "without a softmax, which the estimator sparse"),
        ({"selector": {"perturbation": {"images": 1}}}, "perturbation: 'images' is 1"),
        ({"gradient": 3}, "name one gradient, as in 'gradient: gumbel'"),
    ],
)
def test_wrong_settings_are_one_sentence(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        UNAS.with_relaxation(settings)


def test_a_selector_judges_the_choices_once_and_goes_on_where_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = inputs_of(tmp_path)
    DARTS.train(inputs, SILENT)
    by_logits = DARTS.scores(inputs)
    relaxed = DARTS.with_relaxation({"selector": {"perturbation": {"images": 20}}})
    with pytest.raises(RunError, match="are not judged by perturbation yet; run 'hwnas train'"):
        relaxed.scores(inputs)
    judged = JudgedChoices.write
    slots: list[int] = []

    def killed_after_two(file: JudgedChoices, values: dict[int, Any]) -> None:
        judged(file, values)
        slots.append(len(values))
        if slots == [1, 2]:
            raise KilledError

    monkeypatch.setattr(JudgedChoices, "write", killed_after_two)
    with pytest.raises(KilledError):
        relaxed.train(inputs, SILENT)
    relaxed.train(inputs, SILENT)
    counts = inputs.one_space.choice_counts.tolist()
    free = sum(count > 1 for count in counts)
    assert slots == [1, 2, *range(3, free + 1), len(counts)]
    scores = relaxed.scores(inputs)
    assert scores.identity != by_logits.identity
    assert scores.info.label == "loss without its choices, by perturbation"
    assert scores.effects is not None
    values = [one.tolist() for one in scores.effects.values]
    assert [len(one) for one in values] == counts
    path = inputs.weights_file.with_suffix(".perturbation.json")
    path.unlink()
    relaxed.train(inputs, SILENT)
    again = relaxed.scores(inputs).effects
    assert again is not None
    assert [one.tolist() for one in again.values] == values
    path.write_text(path.read_text()[:-9])
    with pytest.raises(RunError, match=r"perturbation\.json is damaged; delete it and run"):
        relaxed.scores(inputs)


def test_a_mixture_whose_loss_is_no_number_is_one_sentence(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path)
    mixing = MixingSupernet(inputs.one_space)
    with torch.no_grad():
        next(mixing.parameters()).fill_(torch.nan)
    counts = inputs.one_space.choice_counts.tolist()
    file = JudgedChoices(tmp_path / "values.json", "nothing", counts)
    mixture = [torch.full((count,), 1 / count) for count in counts]
    with pytest.raises(RunError, match="no finite number; train again with a lower learning rate"):
        judge_choices(
            file,
            selector_of(DARTS.with_relaxation({"selector": "perturbation"}).relaxation),
            mixing,
            mixture,
            DATA.train,
            seed=0,
            device="cpu",
            listener=SILENT,
        )
    assert not file.path.exists()
