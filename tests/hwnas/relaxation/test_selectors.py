"""Values of choices that are taken out of a mixture one by one."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.relaxation.parts import make_part
from hwnas.relaxation.selectors import SELECTORS, Perturbation, Selector

COSTS = (torch.tensor([1.0, 2.0, 4.0]), torch.tensor([3.0]), torch.tensor([5.0, 0.5]))


def loss(shares: Sequence[Tensor]) -> float:
    """Of the first slot what its mixture costs, times that of the last."""
    each = [float(share @ cost) for share, cost in zip(shares, COSTS, strict=True)]
    return each[0] * each[2] + each[1]


def judged(
    order: list[int], known: dict[int, NDArray[np.float64]]
) -> tuple[dict[int, list[float]], list[int]]:
    mixture = [torch.tensor([0.5, 0.25, 0.25]), torch.ones(1), torch.tensor([0.5, 0.5])]
    kept: list[int] = []
    found = Perturbation().values(mixture, loss, order, known, lambda slot, _: kept.append(slot))
    return {slot: row.tolist() for slot, row in found.items()}, kept


def test_a_value_is_the_loss_without_a_choice_beside_what_was_chosen_before() -> None:
    found, kept = judged([0, 1, 2], {})
    # Mixtures of the first slot cost 2; without a choice 3, 2, and 1 1/3. The last costs 2.75.
    assert found[0] == pytest.approx([2.75 * 1, 0.0, 2.75 * (4 / 3 - 2)])
    assert found[1] == [0.0]
    # The first choice is alone by now, and costs 1.
    assert found[2] == pytest.approx([0.5 - 2.75, 5 - 2.75])
    assert kept == [0, 2]


def test_what_is_known_is_not_judged_again() -> None:
    found, kept = judged([2, 0, 1], {2: np.array([1.0, 0.0])})
    assert kept == [0]
    assert found[2] == [1.0, 0.0]
    assert found[0] == pytest.approx([5.0 * 1, 0.0, 5 * (4 / 3 - 2)])


def test_a_choice_that_has_all_of_a_slot_is_taken_out_too() -> None:
    mixture = [torch.tensor([1.0, 0.0, 0.0]), torch.ones(1), torch.tensor([0.0, 1.0])]
    found = Perturbation().values(mixture, loss, [0, 1, 2], {}, lambda *_: None)
    assert found[0].tolist() == pytest.approx([0.5 * (3 - 1), 0.0, 0.0])


def test_selectors_are_named() -> None:
    assert list(SELECTORS.ours) == ["argmax", "perturbation"]
    with pytest.raises(ConfigError, match="there is no selector 'perturbaton'; did you mean"):
        make_part(SELECTORS, "perturbaton", Selector)
