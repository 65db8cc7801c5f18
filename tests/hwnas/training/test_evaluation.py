import pickle

import numpy as np
import pytest
import torch

from hwnas.core.errors import DataError
from hwnas.data import ImageDataset, Split
from hwnas.data.preprocessing import to_input
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.networks.conventions import USUAL
from hwnas.networks.modules import BatchNorm
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import accuracy
from hwnas.training.recalibration import recalibrate
from tests.hwnas.supernet.helpers import images, randomise, state_bytes, tiny_space


def network_of(folder):
    space = tiny_space(folder)
    supernet = Supernet(space)
    randomise(supernet)
    return supernet.extract(space.choice_counts - 1)


def dataset(resolution=16, classes=10):
    names = tuple(str(label) for label in range(classes))
    parts = [images(count, resolution, seed) for seed, count in enumerate((60, 30, 30))]
    return ImageDataset("noise", names, *parts)


def test_recalibration_gives_the_statistics_of_the_images(tmp_path):
    network, pixels = network_of(tmp_path), images(32).images
    recalibrate(network, pixels, batch=32)
    weight = network.get_submodule("block0.conv").weight
    norm = network.get_submodule("block0.conv.norm")
    features = torch.nn.functional.conv2d(to_input(pixels), weight, stride=2, padding=1)
    torch.testing.assert_close(norm.running_mean, features.mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.running_var, features.var((0, 2, 3)), rtol=1e-4, atol=1e-5)


def test_after_recalibration_evaluation_mode_computes_what_training_mode_does(tmp_path):
    network, pixels = network_of(tmp_path), images(64).images
    recalibrate(network, pixels, batch=64)
    x = to_input(pixels)
    with torch.no_grad():
        evaluated = network.eval()(x)
        batch = network.train()(x)
    # Running variances are unbiased, a batch's are not: they differ by 1 / (64 × pixels).
    torch.testing.assert_close(evaluated, batch, rtol=0.02, atol=0.02)


def test_recalibration_over_batches_is_the_mean_of_their_statistics(tmp_path):
    network, pixels = network_of(tmp_path), images(30).images
    norm = network.get_submodule("block0.conv.norm")
    means = []
    for part in np.split(pixels, 3):
        recalibrate(network, part, batch=10)
        means.append(norm.running_mean.clone())
    recalibrate(network, pixels, batch=10)
    torch.testing.assert_close(norm.running_mean, torch.stack(means).mean(0), rtol=1e-5, atol=1e-6)


def test_recalibration_mixes_images_that_come_class_by_class(tmp_path):
    network = network_of(tmp_path)
    pixels = np.zeros((64, 3, 16, 16), np.uint8)
    pixels[32:] = 255
    recalibrate(network, pixels, batch=16)
    in_batches = network.get_submodule("block0.conv.norm").running_var.clone()
    recalibrate(network, pixels, batch=64)
    in_all = network.get_submodule("block0.conv.norm").running_var
    assert (in_batches > 0.7 * in_all).all()


def test_recalibration_leaves_weights_and_momentum_as_they_were(tmp_path):
    network = network_of(tmp_path)
    before = {name: p.clone() for name, p in network.named_parameters()}
    recalibrate(network, images(5).images, batch=2)
    assert all(torch.equal(p, before[name]) for name, p in network.named_parameters())
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    assert {norm.momentum for norm in norms} == {USUAL.momentum}
    assert not network.training


def test_accuracy_is_the_share_of_right_labels_in_percent(tmp_path):
    network = network_of(tmp_path).eval()
    pixels = images(21).images
    with torch.no_grad():
        labels = network(to_input(pixels)).argmax(1).numpy()
    assert accuracy(network, Split(pixels, labels), batch=4) == 100.0
    labels[:7] = (labels[:7] + 1) % 10
    assert accuracy(network, Split(pixels, labels), batch=4) == pytest.approx(100 * 14 / 21)


def test_accuracy_leaves_the_network_as_it_was(tmp_path):
    network = network_of(tmp_path).train()
    before = state_bytes(network)
    accuracy(network, images(8))
    assert state_bytes(network) == before


def test_the_objective_is_the_accuracy_of_the_recalibrated_network(tmp_path):
    space, data = tiny_space(tmp_path), dataset()
    supernet = Supernet(space)
    randomise(supernet)
    row = space.choice_counts - 1
    network = supernet.extract(row)
    recalibrate(network, data.train.images)
    by_hand = accuracy(network, data.validation)
    objective = SupernetAccuracy(supernet, data, recalibration_images=60)
    # The order of images within a batch may move a logit by a rounding error, not a label.
    assert objective.evaluate_architectures(row) == pytest.approx([by_hand])


def test_the_objective_is_deterministic_and_leaves_the_supernet_alone(tmp_path):
    space = tiny_space(tmp_path)
    supernet = Supernet(space)
    randomise(supernet)
    before = state_bytes(supernet)
    rows = space.sample(np.random.default_rng(0), 4)
    first = SupernetAccuracy(supernet, dataset()).evaluate_architectures(rows)
    second = SupernetAccuracy(supernet, dataset()).evaluate(space.networks(rows[::-1]))
    assert first.tolist() == second[::-1].tolist()
    assert state_bytes(supernet) == before


def test_a_copy_for_another_process_judges_alike_and_takes_no_more_than_weights_and_images(
    tmp_path,
):
    space, data = tiny_space(tmp_path), dataset()
    supernet = Supernet(space)
    randomise(supernet)
    objective = SupernetAccuracy(supernet, data, recalibration_images=60)
    rows = space.sample(np.random.default_rng(0), 4)
    scores = objective.evaluate_architectures(rows).tolist()
    sent = pickle.dumps(objective.evaluate_architectures)
    weights = len(pickle.dumps(supernet))
    # The tensors that networks take are four times the images.
    assert len(sent) < weights + 2 * data.validation.images.nbytes + 60 * 16 * 16 * 3
    assert pickle.loads(sent)(rows).tolist() == scores


def test_equal_networks_are_judged_once(tmp_path, monkeypatch):
    space = tiny_space(tmp_path)
    supernet, judged = Supernet(space), []
    objective = SupernetAccuracy(supernet, dataset())
    judge = objective.judge
    monkeypatch.setattr(objective, "judge", lambda row: judged.append(row) or judge(row))
    one, same = np.array([1, 0, 2, 0, 1]), np.array([1, 2, 0, 0, 1])  # the skip elsewhere
    assert (space.canonical(one) == space.canonical(same)).all()
    values = objective.evaluate_architectures(np.stack([one, same, one]))
    assert len(set(values.tolist())) == 1
    assert objective.evaluate([space.network(same)]).tolist() == [values[0]]
    assert len(judged) == 1


def test_the_objective_is_an_accuracy_to_be_maximised(tmp_path):
    objective = SupernetAccuracy(Supernet(tiny_space(tmp_path)), dataset())
    assert (objective.name, objective.unit, objective.direction) == ("accuracy", "%", "maximize")
    values = objective.evaluate([])
    assert values.shape == (0,)
    assert values.dtype == np.float64


@pytest.mark.parametrize(("resolution", "classes"), [(8, 10), (16, 9)])
def test_images_of_another_size_or_class_count_are_refused(tmp_path, resolution, classes):
    supernet = Supernet(tiny_space(tmp_path))
    with pytest.raises(DataError, match="the supernet was made for 10 classes at 16 pixels"):
        SupernetAccuracy(supernet, dataset(resolution, classes))
