"""The searcher L2NAS, and the actor and critic that it learns."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from hwnas.search.searchers import make_searcher
from hwnas.search.searchers.actor_critic import ActorCritic, Perceptron, one_thread
from hwnas.search.searchers.l2nas import L2NAS, L2NASSettings
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import macro_problem, synthetic_score

ROOT = Path(__file__).resolve().parents[3]


def searched(seed: int, evaluations: int = 60) -> Architectures:
    searcher = make_searcher("l2nas", macro_problem(0.5), evaluations, seed)
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
    return searcher.evaluated[0]


def test_the_state_of_pytorch_is_neither_used_nor_changed() -> None:
    threads, before = torch.get_num_threads(), torch.get_rng_state()
    one = searched(0)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    torch.set_num_threads(threads + 1)
    try:
        other = searched(0)
        assert torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(before)
    assert one.tolist() == other.tolist()


def test_pytorch_is_imported_when_the_search_begins_to_learn_and_its_compiler_never() -> None:
    code = (
        "import sys\n"
        "from hwnas.runs.config import SearchConfig\n"
        "from hwnas.testing.search_problems import macro_problem, synthetic_score\n"
        "from hwnas.search.searchers import make_searcher\n"
        "SearchConfig(budgets={}, searchers=['l2nas'], settings={'l2nas': {'best': 5}})\n"
        "searcher = make_searcher('l2nas', macro_problem(), 20, 0)\n"
        "rows = searcher.ask()\n"
        "print('torch' in sys.modules)\n"
        "searcher.tell(rows, synthetic_score(rows))\n"
        "print('torch' in sys.modules, 'torch._dynamo' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "False"]


def test_the_state_is_the_mean_of_the_best_networks() -> None:
    searcher = L2NAS(macro_problem(), 40, 0, L2NASSettings(best=2))
    rows = searcher.ask()
    searcher.tell(rows, np.arange(len(rows), dtype=np.float64))
    state = searcher._state().reshape(8, 3)
    assert state == pytest.approx(np.eye(3)[rows[-2:]].mean(axis=0))


def test_what_a_budget_forbids_is_replaced_by_the_best_that_it_allows() -> None:
    problem = macro_problem(0.3)
    searcher = L2NAS(problem, 40, 0)
    values = np.tile([0.0, 1.0, 2.0], 8)  # most wants most of every slot
    (row,) = searcher._best(values)
    assert problem.feasible(row[None]).all()
    rows = problem.space.sample(np.random.default_rng(0), 3000)
    assert row.sum() >= rows[problem.feasible(rows)].sum(axis=1).max()


@pytest.mark.parametrize(("quantile", "expected"), [(0.9, 1.0), (0.1, 0.0)])
def test_a_critic_learns_a_quantile(quantile: float, expected: float) -> None:
    learner = ActorCritic([2], np.random.default_rng(0), quantile, (1e-3, 1e-2))
    action = np.tile(np.array([1.0, 0.0], dtype=np.float32), (10, 1))
    rewards = (np.arange(10) % 2).astype(np.float32)  # half of them
    learner.learn(action, action, rewards, 200, 64)
    with torch.no_grad():
        found = float(learner._critic(torch.from_numpy(np.hstack((action, action))))[0, 0])
    assert found == pytest.approx(expected, abs=0.2)


def test_the_actor_goes_where_the_critic_expects_most() -> None:
    generator = np.random.default_rng(0)
    learner = ActorCritic([2, 3], generator, 0.9, (3e-3, 3e-3))
    rows = np.column_stack((generator.integers(0, 2, 400), generator.integers(0, 3, 400)))
    actions = np.zeros((400, 5), dtype=np.float32)
    np.put_along_axis(actions, rows + np.array([0, 2]), 1.0, axis=1)
    rewards = (rows[:, 0] - 2.0 * (rows[:, 1] == 1) + 0.1 * generator.normal(size=400)).astype(
        np.float32
    )
    states = np.full((400, 5), 0.5, dtype=np.float32)
    learner.learn(states, actions, rewards, 300, 64)
    values = learner.values(states[0])
    assert values[1] > values[0]
    assert values[2:].argmin() == 1
    assert np.exp(values[:2]).sum() == pytest.approx(1.0, abs=1e-5)


def test_one_thread_ends_where_it_began() -> None:
    def fail() -> None:
        with one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError

    threads = torch.get_num_threads()
    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == threads


def test_weights_are_those_of_the_generator() -> None:
    one, other = (Perceptron(4, 2, np.random.default_rng(7)) for _ in range(2))
    assert all(map(torch.equal, one.parameters, other.parameters))
    assert one(torch.zeros(3, 4)).shape == (3, 2)
