"""A network that learns from a trained one."""

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from hwnas.networks.modules import NetworkModule
from hwnas.training.distillation import SHARE, TEMPERATURE, Taught
from tests.hwnas.supernet.helpers import tiny_space

LABELS = torch.tensor([0, 1, 2, 0])


def network(tmp_path, seed, resolution=8):
    space = tiny_space(tmp_path)
    blocks = space.networks(np.zeros((1, len(space.slots)), int))[0]
    return NetworkModule((replace(blocks[0], resolution=resolution), *blocks[1:]), seed)


def loss(rule, student, inputs, smoothing=0.0):
    (run,) = rule.passes(student, inputs, LABELS, np.random.default_rng(0), smoothing)
    return run()


def test_the_loss_is_that_of_softened_probabilities_beside_the_labels(tmp_path):
    teacher, student = network(tmp_path, 0), network(tmp_path, 1)
    inputs = torch.randn(4, 3, 8, 8)
    found = loss(Taught(teacher), student, inputs, smoothing=0.1)
    with torch.no_grad():
        soft = (teacher(inputs) / TEMPERATURE).softmax(1)
        logits = student(inputs)
        towards = -(soft * (logits / TEMPERATURE).log_softmax(1)).sum(1).mean()
        labels = functional.cross_entropy(logits, LABELS, label_smoothing=0.1)
    torch.testing.assert_close(
        found.detach(), (1 - SHARE) * labels + SHARE * TEMPERATURE**2 * towards
    )


def test_only_the_student_gets_gradients_and_the_teacher_is_evaluated(tmp_path):
    teacher, student = network(tmp_path, 0), network(tmp_path, 1)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    loss(Taught(teacher), student.train(), torch.randn(4, 3, 8, 8)).backward()
    assert not teacher.training
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())
    assert all(one.grad is None for one in teacher.parameters())
    assert any(one.grad is not None and one.grad.abs().sum() > 0 for one in student.parameters())


def test_the_teacher_sees_the_images_at_its_own_resolution(tmp_path):
    teacher, student = network(tmp_path, 0, resolution=16), network(tmp_path, 1)
    seen = []
    teacher.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    loss(Taught(teacher), student, torch.randn(4, 3, 8, 8))
    assert seen == [(4, 3, 16, 16)]


def test_what_is_taught_by_other_weights_is_another_training(tmp_path):
    first, second = Taught(network(tmp_path, 0)), Taught(network(tmp_path, 1))
    assert first.identity != second.identity
    assert first.identity == Taught(network(tmp_path, 0)).identity
