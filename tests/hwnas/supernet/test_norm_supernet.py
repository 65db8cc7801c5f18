import numpy as np
import pytest
import torch

from hwnas.data.preprocessing import to_input
from hwnas.networks.blocks import ConvBlock, InvertedResidual, Skip
from hwnas.networks.modules import NetworkModule
from hwnas.supernet.norm_supernet import NormSupernet
from hwnas.supernet.supernet import Supernet
from hwnas.training.rules import SinglePath
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train
from tests.hwnas.supernet.helpers import images, randomise, state_bytes
from tests.hwnas.supernet.small_space import small_space
from tests.hwnas.training.test_trainer import KilledError


@pytest.fixture
def space(tmp_path):
    return small_space(tmp_path)


def trained(space, file, *, kill_at=None, reported=None):
    def progress(step, steps, loss):
        del steps, loss
        if step == kill_at:
            raise KilledError

    supernet = NormSupernet(space)
    config = TrainConfig(epochs=4, batch_size=16, learning_rate=3, warmup_epochs=1, crop_padding=1)
    train(
        supernet,
        images(48, 8),
        config,
        checkpoint=file,
        rule=SinglePath(space),
        progress=reported or progress,
        checkpoint_seconds=0.0,
    )
    return supernet


def test_a_path_computes_what_the_network_with_its_blocks_computes(space):
    supernet = NormSupernet(space).eval()
    randomise(supernet)
    inputs = to_input(images(3, 8).images)
    for row in space.sample(np.random.default_rng(0), 8):
        names = ["_prefix.0"]
        names += [f"slot{i}.{c}" for i, c in enumerate(row.tolist()) if not skipped(space, i, c)]
        network = NetworkModule(space.network(row)).eval()
        for name, block in zip([*names, "_suffix.0"], network.children(), strict=True):
            block.load_state_dict(supernet.get_submodule(name).state_dict())
        with torch.no_grad():
            assert torch.equal(supernet(inputs, row), network(inputs))


def skipped(space, slot, choice):
    return isinstance(space.slots[slot].choices[choice], Skip)


def test_equal_networks_take_the_same_path(space):
    supernet = NormSupernet(space).eval()
    inputs = to_input(images(3, 8).images)
    row = np.array([0, 2, 1, 0])
    with torch.no_grad():
        assert torch.equal(supernet(inputs, row), supernet(inputs, space.canonical(row)[0]))


def test_batch_norms_alone_learn(tmp_path, space):
    before = {name: tensor.clone() for name, tensor in NormSupernet(space).state_dict().items()}
    after = trained(space, tmp_path / "norms").state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(".norm." in name for name in changed)
    assert {"slot0.0.project.norm.weight", "slot0.1.project.norm.weight"} <= changed


def test_a_training_that_stops_goes_on_bit_for_bit(tmp_path, space):
    whole = trained(space, tmp_path / "whole")
    with pytest.raises(KilledError):
        trained(space, tmp_path / "parts", kill_at=5)
    assert state_bytes(trained(space, tmp_path / "parts")) == state_bytes(whole)


def test_only_what_learns_has_a_momentum_in_the_checkpoint(tmp_path, space):
    from hwnas.training.checkpoint import load_weights

    with pytest.raises(KilledError):
        trained(space, tmp_path / "norms", kill_at=3)
    momentum = [name for name in load_weights(tmp_path / "norms")[0] if "momentum/" in name]
    assert momentum
    assert all(name.endswith((".norm.weight", ".norm.bias")) for name in momentum)


def test_an_indicator_is_the_mean_absolute_scale_of_a_choices_own_last_norm(space):
    supernet = NormSupernet(space)
    randomise(supernet)
    for slot, (indicators, choices) in enumerate(
        zip(supernet.indicators(), space.slots, strict=True)
    ):
        for choice, (value, block) in enumerate(zip(indicators, choices.choices, strict=True)):
            if isinstance(block, InvertedResidual):
                scales = supernet.get_parameter(f"slot{slot}.{choice}.project.norm.weight")
                with torch.no_grad():
                    scales[0] = -scales[0]
                    assert supernet.indicators()[slot][choice] == pytest.approx(value)
                assert value == pytest.approx(float(scales.detach().abs().mean()))
        blocks = [
            v
            for v, b in zip(indicators, choices.choices, strict=True)
            if isinstance(b, InvertedResidual)
        ]
        assert len(set(blocks)) == len(blocks)


def test_what_is_left_out_adds_nothing(space):
    indicators = NormSupernet(space).indicators()
    for values, slot in zip(indicators, space.slots, strict=True):
        for value, block in zip(values, slot.choices, strict=True):
            assert (value == 0) == isinstance(block, Skip | ConvBlock)


def test_it_is_another_module_than_the_supernet(space):
    assert NormSupernet(space).identity != Supernet(space).identity
    assert NormSupernet(space, seed=4).identity == NormSupernet(space).identity
