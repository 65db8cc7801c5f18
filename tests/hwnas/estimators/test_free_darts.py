"""Saliencies of choices at initialisation, by signals without images and by losses on images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hwnas.core.errors import ConfigError
from hwnas.data import load_dataset, to_input
from hwnas.estimators.drawn_images import drawn
from hwnas.estimators.flow import without_signs
from hwnas.estimators.free_darts.flow_form import flow_saliencies
from hwnas.estimators.free_darts.loss_forms import batches, loss_saliencies
from hwnas.estimators.free_darts.saliency import equal_weights, shares
from hwnas.estimators.loading import load_estimator
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.spaces import SearchSpace, Slot
from hwnas.spaces.config import SpaceConfig, build_space
from hwnas.spaces.shrunk import shrunk_space
from hwnas.supernet.mixing import MixingSupernet
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
from tests.hwnas.supernet.helpers import images, tiny_space

FORMS = ("free_darts", "free_darts_snip", "free_darts_grasp")


def space(depth: int = 2) -> SearchSpace:
    """Of ReLUs alone, which let positive signals through; without squeeze-excite."""
    blocks = [{"kernel": 3, "expansion": 2}, {"kernel": 5, "expansion": 3}]
    stage = {"depth": [1, depth], "blocks": blocks, "activation": "relu"}
    config = {
        "name": "relus",
        "resolution": 8,
        "classes": 10,
        "stem": {"channels": 4, "stride": 1, "activation": "relu"},
        "stages": [{"channels": 4, **stage}, {"channels": 6, "stride": 2, **stage}],
        "head": {"features": 8, "activation": "relu"},
    }
    return build_space(SpaceConfig.model_validate(config), 8, 10)


def mixing(of: SearchSpace, seed: int = 0, *, own_weights: bool = True) -> MixingSupernet:
    return MixingSupernet(of, seed, own_weights=own_weights).double()


def flat(values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(values)


@pytest.mark.parametrize("own_weights", [False, True])
def test_a_share_is_what_is_lost_when_a_choice_is_taken_away(own_weights: bool) -> None:
    module = mixing(space(), own_weights=own_weights).eval()
    without_signs(module)
    counts = space().choice_counts.tolist()
    ones = torch.ones(1, 3, 8, 8, dtype=torch.float64)

    def response(weights: list[torch.Tensor]) -> float:
        """By the module's own pass: its batch norms only divide by √(1 + 1e-5)."""
        with torch.no_grad():
            return float(module(ones, weights).sum())

    whole = response([one.detach() for one in equal_weights(counts, torch.float64)])
    found = flow_saliencies(mixing(space(), own_weights=own_weights))
    for slot, values in enumerate(found):
        for choice, value in enumerate(values):
            weights = [one.detach().clone() for one in equal_weights(counts, torch.float64)]
            weights[slot][choice] = 0.0
            assert value == pytest.approx(1 - response(weights) / whole, rel=1e-3, abs=1e-6)


def test_shares_of_a_slot_sum_to_one_and_a_skip_has_less_than_a_block() -> None:
    found = flow_saliencies(mixing(space()))
    assert [one.sum() for one in found] == pytest.approx([1.0] * 4)
    assert all((one > 0).all() for one in found)
    assert all(one[0] < one[1:].min() for one in (found[1], found[3]))


def test_of_shared_weights_the_wider_choice_has_the_larger_share() -> None:
    for seed in range(3):
        found = flow_saliencies(mixing(space(), seed, own_weights=False))
        assert all((np.diff(one) > 0).all() for one in found)


def test_no_scale_of_the_initial_weights_counts() -> None:
    plain, scaled = mixing(space()), mixing(space())
    with torch.no_grad():
        for name, parameter in scaled.named_parameters():
            if "slot" not in name:
                parameter.mul_(1000)
    assert flat(flow_saliencies(scaled)) == pytest.approx(flat(flow_saliencies(plain)), rel=1e-9)


def test_shares_of_a_hundred_slots_are_numbers() -> None:
    found = flow_saliencies(mixing(space(depth=50)))
    assert len(found) == 100
    assert [one.sum() for one in found] == pytest.approx([1.0] * 100)


def test_a_loss_changes_as_its_saliencies_say() -> None:
    split, counts = images(6, resolution=8), space().choice_counts.tolist()
    found = flat(loss_saliencies(mixing(space()), split, "snip"))
    assert found.sum() == pytest.approx(len(counts))  # one a slot, on average
    module = mixing(space()).train()
    pixels, labels = to_input(split.images).double(), torch.from_numpy(split.labels)

    def loss(slot: int, choice: int, more: float) -> float:
        weights = [one.detach().clone() for one in equal_weights(counts, torch.float64)]
        weights[slot][choice] *= 1 + more
        with torch.no_grad():
            return float(functional.cross_entropy(module(pixels, weights), labels))

    places = [(slot, choice) for slot, count in enumerate(counts) for choice in range(count)]
    changes = np.array([abs(loss(*place, 1e-4) - loss(*place, -1e-4)) for place in places])
    assert found == pytest.approx(changes / changes.sum() * len(counts), abs=0.02)


def test_images_that_take_more_memory_are_split_into_batches() -> None:
    split = images(7, resolution=8)
    assert [len(one) for one in batches(split, 100)] == [7]
    assert [len(one) for one in batches(split, 4)] == [4, 3]
    assert [len(one) for one in batches(split, 0)] == [3, 2, 2]  # two at least
    parts = [one.labels for one in batches(split, 0)]
    assert np.concatenate(parts).tolist() == split.labels.tolist()
    for form in ("snip", "grasp"):
        found = loss_saliencies(mixing(space()), split, form, memory=1)
        assert np.abs(flat(found)).sum() == pytest.approx(4)


def test_saliencies_of_nothing_are_zero() -> None:
    zeros = [torch.zeros(3), torch.zeros(2)]
    assert flat(shares(equal_weights([3, 2]), zeros)).tolist() == [0.0] * 5


def test_images_are_drawn_by_the_seed_with_their_labels() -> None:
    split = images(20, resolution=8)
    one, other = drawn(split, 0, 5), drawn(split, 1, 5)
    assert (one.images != other.images).any()
    places = [int(np.flatnonzero((split.images == each).all((1, 2, 3)))[0]) for each in one.images]
    assert split.labels[places].tolist() == one.labels.tolist()
    assert len(drawn(split, 0)) == 20


def test_what_is_left_of_a_slot_keeps_its_proportions() -> None:
    left = shrunk_space(space(), [[0, 1], [0, 2], [0, 1], [0, 1, 2]])
    whole = load_estimator("free_darts", space()).choice_values().values
    found = load_estimator("free_darts", left).choice_values().values
    assert [len(one) for one in found] == [2, 2, 2, 3]
    assert found[1][0] / found[1][1] == pytest.approx(whole[1][0] / whole[1][2])


def test_choices_that_cannot_be_added_are_refused() -> None:
    stem, head = ConvBlock(3, 8, 3, 1, "relu", 8), Head(8, 16, 0, 10, "relu", 8)
    ends = [InvertedResidual(8, 16, 8, 3, stride, 0, "relu", 8) for stride in (1, 2)]
    odd = SearchSpace("odd", (stem,), (Slot(0, tuple(ends)),), (head,))
    with pytest.raises(ConfigError, match="slot 1 of odd has choices of different output shapes"):
        load_estimator("free_darts", odd)


@pytest.mark.parametrize("name", FORMS)
def test_a_choice_has_a_value_that_is_shown_and_searched(name: str, tmp_path: Path) -> None:
    tiny = tiny_space(tmp_path)  # squeeze-excite, hard-swish, skips, a stage that may be left out
    data = None if name == "free_darts" else load_dataset("digits", resolution=16, limit=60)
    scores = load_estimator(name, tiny, data=data)
    values = scores.choice_values()
    assert values.of == name
    assert "shares" in values._repr_html_()
    rows = tiny.canonical(tiny.sample(np.random.default_rng(0), 5))
    sums = [
        sum(one[choice] for one, choice in zip(values.values, row, strict=True)) for row in rows
    ]
    assert scores.evaluate_architectures(rows) == pytest.approx(sums)
