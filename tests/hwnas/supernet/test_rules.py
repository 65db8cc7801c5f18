import numpy as np
import torch
from torch.nn import functional

from hwnas.supernet.modules import NetworkModule
from hwnas.supernet.rules import Plain, SinglePath
from tests.hwnas.supernet.helpers import tiny_space


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
