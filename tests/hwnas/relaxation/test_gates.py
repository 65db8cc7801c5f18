"""Gates of groups of channels: their exact expected cost, what is drawn, and what choices score."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.objectives.budgets import Budget
from hwnas.objectives.costs import MACS
from hwnas.relaxation.expected_cost import ExpectedCost
from hwnas.relaxation.gates import Gates, choice_values
from hwnas.relaxation.open_gates import open_counts
from hwnas.relaxation.settings import GateSettings
from hwnas.search.make_problem import make_problem
from hwnas.search.problem import SearchProblem
from hwnas.spaces import SearchSpace, load_space
from hwnas.spaces.gate_groups import gate_groups
from hwnas.training.train_config import TrainSettings
from tests.hwnas.supernet.gated_space import YAML, gated_space


def problem_of(space: SearchSpace) -> SearchProblem:
    """With a budget of a third of the way from the least MACs to the most."""
    least, most = make_problem(space, MACS).cost.range
    budget: Budget
    (budget,) = TrainSettings(
        epochs=1, budgets={"macs": least + (most - least) / 3}
    ).budgets.values()
    return make_problem(space, MACS, [budget])


def gates_of(space: SearchSpace, steps: int = 60, **settings: object) -> Gates:
    found = GateSettings.model_validate({"weights_first": 0, **settings})
    return Gates(space, problem_of(space), found, steps)


def network_of(gates: Gates, opened: tuple[int, ...]) -> list[int]:
    """The architecture of gates that are open or shut, all in a row."""
    counts = [one.gates for one in gates.groups]
    rows = np.split(np.array(opened), np.cumsum(counts)[:-1])
    found: list[int] = []
    for slot, row in enumerate(rows):
        gone = slot in gates._behind and found[-1] == 0
        found.append(0 if gone else gates.groups[slot].choice(int(row.sum())))
    return found


def test_groups_are_those_by_which_widths_differ(tmp_path: Path) -> None:
    space = gated_space(tmp_path)
    always = [(one.channels, one.always, one.gates) for one in gate_groups(space)]
    assert always == [(8, 2, 1), (8, 0, 3), (8, 0, 3), (8, 3, 1)]
    assert gate_groups(space)[1].living == (0, 2, 3)
    assert [gate_groups(space)[1].choice(count) for count in range(4)] == [0, 1, 1, 2]


def test_expected_costs_and_gradients_are_those_of_all_open_and_shut_gates(tmp_path: Path) -> None:
    gates = gates_of(gated_space(tmp_path))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for one in gates.logits:
            one.copy_(torch.randn(one.shape, generator=generator))
    trellis = make_problem(gated_space(tmp_path), MACS).cost
    (found,) = ExpectedCost(gates.chain, [trellis])(gates.choice_logits)
    flat = torch.cat(gates.logits)
    wanted = torch.zeros((), dtype=torch.float64)
    for opened in itertools.product((0, 1), repeat=len(flat)):
        signs = torch.tensor(opened) * 2 - 1
        probability = (signs * flat).sigmoid().prod()
        cost = float(trellis.evaluate(np.array([network_of(gates, opened)]))[0])
        wanted = wanted + probability * cost
    assert found.item() == pytest.approx(wanted.item(), rel=1e-12)
    ours = torch.cat(torch.autograd.grad(found, gates.logits))
    theirs = torch.cat(torch.autograd.grad(wanted, gates.logits))
    assert (ours - theirs).abs().max() <= 1e-9 * theirs.abs().max()


def test_the_expected_cost_of_open_and_shut_gates_is_the_counted_cost(tmp_path: Path) -> None:
    space = gated_space(tmp_path)
    gates, trellis = gates_of(space), make_problem(space, MACS).cost
    expected = ExpectedCost(gates.chain, [trellis])
    total = sum(one.gates for one in gates.groups)
    for seed in range(20):
        opened = tuple(np.random.default_rng(seed).integers(0, 2, total).tolist())
        with torch.no_grad():
            flat = torch.tensor(opened, dtype=torch.float64) * 160 - 80
            ends = [one.gates for one in gates.groups]
            for one, row in zip(gates.logits, flat.split(ends), strict=True):
                one.copy_(row)
            (found,) = expected(gates.choice_logits).tolist()
        (wanted,) = trellis.evaluate(np.array([network_of(gates, opened)]))
        assert found == pytest.approx(wanted, rel=1e-12)


def test_numbers_of_open_gates_add_up_to_one_for_a_hundred_gates() -> None:
    logits = [torch.linspace(-30, 30, 100, dtype=torch.float64), torch.zeros(1).double()]
    found = open_counts(logits)
    assert found.sum(dim=1).tolist() == pytest.approx([1, 1])
    mean = (found * torch.arange(101)).sum(dim=1)
    assert mean.tolist() == pytest.approx([one.sigmoid().sum().item() for one in logits])


@pytest.mark.parametrize("settings", [{}, {"temperature": 0, "gradient_temperature": 1}])
def test_gates_are_open_as_often_as_their_probability_says(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    gates = gates_of(gated_space(tmp_path), first=1.0, **settings)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([torch.cat(gates.drawn(generator)).detach() for _ in range(2000)])
    shares = (drawn > 0.5).double().mean(dim=0)
    # The slot behind one that can be skipped is there when that one is.
    wanted = torch.full((8,), torch.tensor(1.0).sigmoid().item())
    wanted[4:7] *= 1 - (1 - wanted[0]) ** 3
    assert (shares - wanted).abs().max() < 0.04
    if settings:
        assert set(drawn.unique().tolist()) == {0.0, 1.0}
    gradients = torch.autograd.grad(torch.cat(gates.drawn(generator)).sum(), gates.logits)
    assert all(torch.isfinite(one).all() for one in gradients)


def test_without_noise_a_gate_is_open_where_its_logit_is_above_0(tmp_path: Path) -> None:
    gates = gates_of(
        gated_space(tmp_path), temperature=0, gradient_temperature=1, noise=False, first=1.0
    )
    with torch.no_grad():
        gates.logits[3].fill_(-1.0)
    drawn = gates.drawn(torch.Generator().manual_seed(0))
    assert torch.cat(drawn).tolist() == [1.0] * 7 + [0.0]
    (slope,) = torch.autograd.grad(drawn[3].sum(), [gates.logits[3]])
    assert slope.tolist() == pytest.approx([0.19661193])


def test_the_best_choice_has_exactly_the_gates_above_0(tmp_path: Path) -> None:
    groups = gate_groups(gated_space(tmp_path))
    logits = [np.array(row) for row in ([0.5], [3.0, -1.0, 2.0], [-1.0, -2.0, -3.0], [-0.1])]
    values = choice_values(groups, logits)
    assert values[1].tolist() == [0.0, 5.0, 4.0]
    assert [int(one.argmax()) for one in values] == [1, 1, 0, 0]


def test_costs_are_pulled_to_their_budget(tmp_path: Path) -> None:
    gates = gates_of(gated_space(tmp_path), rate=0.2, penalty="hinge")
    before = gates.expected[0]
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        gates.advance(lambda drawn: 0.0 * torch.cat(drawn).sum(), generator)
    bound = problem_of(gated_space(tmp_path)).limits[0].bound
    assert before > bound
    assert gates.expected[0] <= 1.03 * bound


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("kernels: [3]", "kernels: [3, 5]", "differ in more than their width.*kernels: .3."),
        ("expansions: [3, 4]", "expansions: [1, 4]", "without expansion.*begin its expansions"),
    ],
)
def test_spaces_without_gates_are_refused_by_one_sentence(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(YAML.replace(old, new))
    with pytest.raises(ConfigError, match=f"slot [14] of gated has .*{sentence}"):
        gate_groups(load_space(str(path)))


def test_gates_without_a_gradient_are_refused() -> None:
    with pytest.raises(ValueError, match="give gradient_temperature"):
        GateSettings(temperature=0)
