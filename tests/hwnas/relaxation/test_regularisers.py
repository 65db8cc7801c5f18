import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor

from hwnas.relaxation.chain import Chain
from hwnas.relaxation.parts import make_part
from hwnas.relaxation.proximal import ProximalDescent, shrunk_group, soft_threshold, sparse_group
from hwnas.relaxation.regularisers import (
    REGULARISERS,
    Entropy,
    NoRegulariser,
    Regulariser,
    SparseGroupLasso,
)
from tests.hwnas.relaxation.problems import free_space, random_logits, skipping_space


@pytest.mark.parametrize("name", REGULARISERS.ours)
def test_a_regulariser_is_registered_under_its_own_name(name: str) -> None:
    assert make_part(REGULARISERS, name, Regulariser).name == name


def test_without_a_regulariser_nothing_is_added_and_nothing_moves() -> None:
    logits = random_logits((3, 3, 3), 0)
    before = [one.tolist() for one in logits]
    assert NoRegulariser().term(Chain(free_space()), logits).item() == 0
    NoRegulariser().proximal(logits, 1.0)
    assert [one.tolist() for one in logits] == before


def test_the_entropy_is_the_mean_of_the_slots() -> None:
    chain = Chain(free_space())
    even, certain = torch.zeros(3), torch.tensor([0.0, -torch.inf, -800.0])
    found = Entropy(weight=0.5).term(chain, [even, certain, even])
    assert found.item() == pytest.approx(0.5 * 2 / 3 * math.log(3))
    assert NoRegulariser().term(chain, [even, even, even]).shape == found.shape == ()


def test_its_gradient_is_finite_where_a_choice_is_certain_or_taken_away() -> None:
    logits = [torch.tensor([50.0, -torch.inf, -800.0], requires_grad=True) for _ in range(3)]
    Entropy().term(Chain(skipping_space()), logits).backward()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in logits)


def test_descending_the_entropy_ends_in_one_network() -> None:
    chain, logits = Chain(skipping_space()), random_logits((3, 3, 3), 1)
    for _ in range(100):
        for one, slope in zip(
            logits, torch.autograd.grad(Entropy(weight=30).term(chain, logits), logits), strict=True
        ):
            one.data -= slope
    assert all(float(one.detach().max()) > 0.99 for one in chain.marginals(logits))


def test_a_threshold_moves_values_towards_0_and_not_beyond() -> None:
    weights = torch.tensor([3.0, -2.0, 0.5, -0.5, 0.0])
    assert soft_threshold(weights, 1.0).tolist() == [2.0, -1.0, 0.0, 0.0, 0.0]
    assert shrunk_group(torch.tensor([3.0, -4.0]), 1.0).tolist() == pytest.approx([2.4, -3.2])
    assert shrunk_group(torch.tensor([3.0, -4.0]), 5.0).tolist() == [0.0, 0.0]
    assert shrunk_group(torch.zeros(2), 0.0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", range(6))
def test_the_proximal_step_is_the_minimum_that_it_stands_for(seed: int) -> None:
    generator = np.random.default_rng(seed)
    weights = generator.normal(size=4)
    choice, slot = 0.3 * generator.random(2)
    found = sparse_group(torch.from_numpy(weights), choice, slot).numpy()

    # v = up - down with both at least 0 makes the absolute values smooth.
    def objective(parts: np.ndarray) -> float:
        v = parts[:4] - parts[4:]
        return float(
            0.5 * ((v - weights) ** 2).sum() + choice * parts.sum() + slot * np.linalg.norm(v)
        )

    start = np.concatenate((np.maximum(weights, 0), np.maximum(-weights, 0))) + 0.1
    numeric = minimize(objective, start, bounds=[(0, None)] * 8, tol=1e-14)
    assert np.allclose(found, numeric.x[:4] - numeric.x[4:], atol=1e-4)
    own = np.concatenate((np.maximum(found, 0), np.maximum(-found, 0)))
    assert objective(own) <= numeric.fun + 1e-12


def least_squares(
    regulariser: SparseGroupLasso, momentum: float, steps: int
) -> tuple[ProximalDescent, dict[str, Tensor], list[float]]:
    """Descends |A w - y|² / 2 of two slots; and the whole objective after every step."""
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn((12, 6), generator=generator, dtype=torch.float64)
    matrix[:, 0] *= 0.3  # hard for plain descent
    truth = torch.tensor([2.0, -1.5, 0, 0, 0, 0], dtype=torch.float64)
    target = matrix @ truth + 0.05 * torch.randn(12, generator=generator, dtype=torch.float64)
    rate = 1 / float(torch.linalg.matrix_norm(matrix, 2) ** 2)
    weights = {n: torch.zeros(3, dtype=torch.float64, requires_grad=True) for n in ("a", "b")}
    descent = ProximalDescent(weights, regulariser.proximal, momentum)
    objectives = []
    for _ in range(steps):
        both = torch.cat(list(weights.values()))
        slopes = torch.autograd.grad((matrix @ both - target).square().sum() / 2, both)[0]
        weights["a"].grad, weights["b"].grad = slopes[:3], slopes[3:]
        descent.step(rate)
        solved = torch.cat(list(descent.solution.values()))
        lasso = regulariser.choice * solved.abs().sum() + regulariser.slot * sum(
            float(one.norm()) for one in descent.solution.values()
        )
        objectives.append(float((matrix @ solved - target).square().sum() / 2 + lasso))
    return descent, weights, objectives


def test_a_slot_that_explains_nothing_ends_at_exactly_0() -> None:
    regulariser = SparseGroupLasso(choice=2.0, slot=2.0)
    descent, weights, objectives = least_squares(regulariser, 0.9, 150)
    assert descent.solution["b"].tolist() == [0.0] * 3
    assert [one == 0 for one in descent.solution["a"].tolist()] == [False, False, True]
    assert objectives[-1] == pytest.approx(min(objectives), abs=1e-9)
    descent.settle()
    assert weights["b"].tolist() == [0.0] * 3


def test_the_extrapolation_is_faster_than_plain_proximal_descent() -> None:
    regulariser = SparseGroupLasso(choice=0.05, slot=0.05)
    plain = least_squares(regulariser, 0.0, 50)[2]
    best = least_squares(regulariser, 0.9, 300)[2][-1]
    fast = least_squares(regulariser, 0.9, 50)[2]
    assert fast[-1] - best < 0.05 * (plain[-1] - best)


def test_a_stopped_descent_goes_on_from_its_weights_and_its_solution() -> None:
    regulariser = SparseGroupLasso()

    def steps(descent: ProximalDescent, weights: dict[str, Tensor], count: int) -> None:
        for _ in range(count):
            for one in weights.values():
                one.grad = one.detach() - 1
            descent.step(0.1)

    whole = {"slot": torch.zeros(3)}
    descent = ProximalDescent(whole, regulariser.proximal)
    steps(descent, whole, 3)
    stored = {name: one.clone() for name, one in whole.items()}
    again = ProximalDescent(stored, regulariser.proximal)
    for name, one in again.solution.items():
        one.copy_(descent.solution[name])
    steps(descent, whole, 4)
    steps(again, stored, 4)
    assert torch.equal(stored["slot"], whole["slot"])
    assert torch.equal(again.solution["slot"], descent.solution["slot"])
