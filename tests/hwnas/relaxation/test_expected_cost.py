import numpy as np
import pytest
import torch
from torch import Tensor

from hwnas.core.errors import BudgetError
from hwnas.objectives.costs import MACS
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.expected_cost import ExpectedCost
from hwnas.search.trellis import Trellis
from hwnas.testing.search_problems import (
    every_architecture,
    family_problem,
    macro_problem,
    tiny_problem,
)
from tests.hwnas.relaxation.problems import enumerated, free_space, random_logits
from tests.hwnas.search.random_spaces import MaskedSpace, random_space, random_trellis


def scaled(trellis: Trellis, factor: float) -> Trellis:
    """The same in another unit, so that costs are near 1."""
    steps = tuple(step * factor for step in trellis.steps)
    return Trellis(trellis.name, "u", trellis.constant * factor, steps, trellis.allowed)


def check(space: MaskedSpace, trellises: list[Trellis], logits: list[Tensor]) -> None:
    """Compares value and gradient of each with those of all networks."""
    found = ExpectedCost(Chain(space), trellises)(logits)
    assert found.dtype == torch.float64
    assert found.shape == (len(trellises),)
    rows, probabilities = enumerated(space, logits)
    for trellis, value in zip(trellises, found, strict=True):
        size = max(1.0, trellis.magnitude)
        wanted = (probabilities * torch.from_numpy(trellis.evaluate(rows.numpy()))).sum()
        assert (value - wanted).abs().item() <= 1e-12 * size
        gradients = [torch.autograd.grad(one, logits, retain_graph=True) for one in (value, wanted)]
        for one, other in zip(*gradients, strict=True):
            assert float((one - other).abs().max()) <= 1e-12 * size


@pytest.mark.parametrize("seed", range(30))
def test_value_and_gradient_are_those_of_all_networks(seed: int) -> None:
    # Neighbours that decide together, sheets, choices that lead nowhere, ties: of all some.
    generator = np.random.default_rng(seed)
    space = random_space(generator)
    trellises = [random_trellis(generator, space, f"cost{index}") for index in range(2)]
    check(space, trellises, random_logits(Chain(space).counts, seed))


def test_of_a_space_of_skips_every_network_counts_once() -> None:
    problem = macro_problem()
    cost = scaled(problem.cost, 1e-7)
    chain = Chain(problem.space)
    logits = random_logits(chain.counts, 0)
    rows = every_architecture(problem.space)
    probabilities = chain.log_probability(logits, torch.from_numpy(rows)).exp()
    wanted = (probabilities * torch.from_numpy(cost.evaluate(rows))).sum()
    found = ExpectedCost(chain, [cost])(logits)[0]
    assert (found - wanted).abs().item() <= 1e-9
    for one, other in zip(
        torch.autograd.grad(found, logits), torch.autograd.grad(wanted, logits), strict=True
    ):
        assert float((one - other).abs().max()) <= 1e-9


def test_of_a_family_the_first_choice_says_which_costs_hold() -> None:
    problem = family_problem(1.0)
    cost = scaled(problem.cost, 1e-5)
    chain = Chain(problem.space)
    logits = random_logits(chain.counts, 0)
    rows = every_architecture(problem.space)
    probabilities = chain.log_probability(logits, torch.from_numpy(rows)).exp()
    assert probabilities.sum().item() == pytest.approx(1)
    wanted = (probabilities * torch.from_numpy(cost.evaluate(rows))).sum()
    assert (ExpectedCost(chain, [cost])(logits)[0] - wanted).abs().item() <= 1e-9


def test_the_mixture_of_one_network_costs_what_the_network_costs() -> None:
    problem = macro_problem()
    chain = Chain(problem.space)
    row = chain.draw([torch.zeros(c) for c in chain.counts], torch.Generator(), 1)
    logits = [
        torch.where(torch.arange(count) == choice, 0.0, -torch.inf).requires_grad_()
        for count, choice in zip(chain.counts, row[0].tolist(), strict=True)
    ]
    found = ExpectedCost(chain, [problem.cost])(logits)
    assert found.item() == pytest.approx(problem.cost.evaluate(row)[0], rel=1e-14)
    found.backward()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in logits)


def test_chains_beside_one_another_have_costs_of_their_own() -> None:
    generator = np.random.default_rng(5)
    space = random_space(generator)
    cost = ExpectedCost(Chain(space), [random_trellis(generator, space, "cost")] * 2)
    alone = [random_logits(cost.chain.counts, seed) for seed in range(3)]
    beside = [torch.stack(slot) for slot in zip(*alone, strict=True)]
    assert torch.allclose(cost(beside), torch.stack([cost(one) for one in alone]), rtol=1e-12)


def test_the_unit_is_that_of_the_trellis() -> None:
    problem = tiny_problem(3)
    assert ExpectedCost(Chain(problem.space), [problem.cost]).units == ("ms",)


def test_what_does_not_add_up_is_refused() -> None:
    space = tiny_problem(3).space
    cost = Trellis.of(space, MACS)  # type: ignore[arg-type]
    peak = Trellis("peak_memory", "bytes", 1.0, cost.steps, cost.allowed, np.maximum)
    with pytest.raises(BudgetError, match=r"the peak_memory of a mixture .* not a sum over blocks"):
        ExpectedCost(Chain(space), [cost, peak])
    with pytest.raises(ValueError, match="is of another space"):
        ExpectedCost(Chain(free_space()), [cost])
    with pytest.raises(ValueError, match="there is no trellis"):
        ExpectedCost(Chain(space), [])
