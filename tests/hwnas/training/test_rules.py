import numpy as np
import pytest
import torch
from torch.nn import functional

from hwnas.networks.modules import NetworkModule
from hwnas.objectives.costs import MACS
from hwnas.spaces import load_space
from hwnas.spaces.extremes import largest, smallest
from hwnas.training.rules import Plain, Sandwich, SinglePath, supernet_rule
from hwnas.training.train_config import TrainConfig
from tests.hwnas.supernet.helpers import squeeze_space, tiny_space


class Recorder(torch.nn.Module):
    """Keeps the architectures it is asked for."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def forward(self, inputs, architecture):
        self.rows.append(architecture)
        return torch.zeros(len(inputs), 3)


def test_single_paths_are_canonical_and_differ(tmp_path):
    space = tiny_space(tmp_path)
    rule, module = SinglePath(space), Recorder()
    inputs, labels = torch.zeros(2, 3, 8, 8), torch.tensor([0, 1])
    for step in range(50):
        (run,) = rule.passes(module, inputs, labels, np.random.default_rng(step), 0.0)
        run()
    rows = np.stack(module.rows)
    assert (space.canonical(rows) == rows).all()
    assert len(np.unique(rows, axis=0)) > 25


def test_a_plain_pass_is_the_smoothed_cross_entropy(tmp_path):
    space = tiny_space(tmp_path)
    module = NetworkModule(space.networks(np.zeros((1, len(space.slots)), int))[0])
    inputs, labels = torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 0])
    (run,) = Plain().passes(module, inputs, labels, np.random.default_rng(0), 0.1)
    expected = functional.cross_entropy(module(inputs), labels, label_smoothing=0.1)
    assert torch.equal(run(), expected)


def passes(rule, module, target, smoothing=0.0, seed=0):
    inputs = torch.zeros(len(target), 3, 8, 8)
    return rule.passes(module, inputs, target, np.random.default_rng(seed), smoothing)


def test_several_random_paths_are_a_pass_each(tmp_path):
    module = Recorder()
    for run in passes(SinglePath(tiny_space(tmp_path), 3), module, torch.tensor([0, 1])):
        run()
    assert len({tuple(row) for row in module.rows}) == 3


def test_one_path_of_several_is_drawn_like_a_single_one(tmp_path):
    space, one, other = tiny_space(tmp_path), Recorder(), Recorder()
    config = TrainConfig(epochs=1)
    for rule, module in ((SinglePath(space), one), (supernet_rule(config, space), other)):
        assert rule.identity == "single path"
        for run in passes(rule, module, torch.tensor([0, 1])):
            run()
    assert (one.rows[0] == other.rows[0]).all()


def test_a_sandwich_is_the_largest_the_smallest_and_random_networks(tmp_path):
    space, module = tiny_space(tmp_path), Recorder()
    for run in passes(Sandwich(space, 4), module, torch.tensor([0, 1])):
        run()
    assert [tuple(row) for row in module.rows[:2]] == [
        tuple(largest(space)),
        tuple(smallest(space)),
    ]
    assert len(module.rows) == 6
    assert len({tuple(row) for row in module.rows[2:]}) > 1


def test_a_sandwich_may_be_taught_by_another_network(tmp_path):
    space, module = tiny_space(tmp_path), Recorder()
    teacher = space.sample(np.random.default_rng(1), 1)[0]
    rule = Sandwich(space, 1, teacher)
    for run in passes(rule, module, torch.tensor([0, 1])):
        run()
    assert [tuple(row) for row in module.rows[:2]] == [tuple(teacher), tuple(smallest(space))]
    assert rule.identity != Sandwich(space, 1).identity


class Logits(torch.nn.Module):
    """A row of logits for each architecture, whatever the images are."""

    def __init__(self, seed):
        super().__init__()
        self._seed, self.rows = seed, {}

    def forward(self, inputs, architecture):
        key = tuple(architecture)
        if key not in self.rows:
            generator = torch.Generator().manual_seed(self._seed + len(self.rows))
            self.rows[key] = torch.randn(len(inputs), 3, generator=generator).requires_grad_()
        return self.rows[key] * 1.0


def test_the_largest_learns_the_labels_and_teaches_the_others(tmp_path):
    space, module, labels = tiny_space(tmp_path), Logits(0), torch.tensor([0, 2])
    runs = passes(Sandwich(space, 1), module, labels, smoothing=0.1)
    losses = [run() for run in runs]
    for loss in losses:
        loss.backward()
    teacher, *students = module.rows.values()
    expected = functional.cross_entropy(teacher, labels, label_smoothing=0.1)
    torch.testing.assert_close(losses[0], expected)
    (own,) = torch.autograd.grad(expected, teacher)
    torch.testing.assert_close(teacher.grad, own)  # nothing flows back from its students
    for student in students:
        # The gradient of KL(teacher, student): the probabilities' difference.
        difference = (student.softmax(1) - teacher.softmax(1)) / len(labels)
        torch.testing.assert_close(student.grad, difference)


def test_mixed_labels_are_learnt_too(tmp_path):
    space, module = tiny_space(tmp_path), Logits(0)
    target = torch.tensor([[0.3, 0.7, 0.0], [0.0, 0.0, 1.0]])
    for rule in (Sandwich(space), SinglePath(space)):
        loss = passes(rule, module, target)[0]()
        assert torch.isfinite(loss)
    (run,) = passes(SinglePath(space), module, target)
    expected = -(target * next(reversed(module.rows.values())).log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(run(), expected)


@pytest.mark.parametrize("rule", ["single_path", "sandwich"])
def test_rules_that_train_otherwise_have_another_identity(tmp_path, rule):
    space = tiny_space(tmp_path)
    configs = [TrainConfig(epochs=1, rule=rule, random_paths=paths) for paths in (None, 3, 4)]
    assert len({supernet_rule(config, space).identity for config in configs}) == 3


def test_the_extremes_are_the_networks_of_most_and_fewest_macs(tmp_path):
    for space in (tiny_space(tmp_path), squeeze_space(), load_space("nas_bench_macro")):
        macs = [
            MACS.evaluate(space.networks(rows))
            for rows in (
                np.stack([smallest(space), largest(space)]),
                space.sample(np.random.default_rng(0), 50),
            )
        ]
        assert macs[0][0] <= macs[1].min()
        assert macs[0][1] >= macs[1].max()
        rows = np.stack([smallest(space), largest(space)])
        assert (space.canonical(rows) == rows).all()
    assert len(space.network(smallest(space))) < len(space.network(largest(space)))
