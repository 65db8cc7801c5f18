import numpy as np
import pytest
import torch

from hwnas.networks.blocks import Skip
from hwnas.spaces import SearchSpace, load_space
from hwnas.spaces.shrunk import shrunk_space
from hwnas.supernet.mixing import MixingSupernet

IMAGES = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def one_hot(counts: list[int], row: list[int]) -> list[torch.Tensor]:
    """Weights of one network alone."""
    pairs = zip(counts, row, strict=True)
    return [torch.eye(count)[choice] for count, choice in pairs]


@pytest.fixture
def space() -> SearchSpace:
    return load_space("nas_bench_macro", resolution=16)


@pytest.mark.parametrize("own_weights", [False, True])
@pytest.mark.parametrize("shrunk", [False, True])
def test_one_hot_weights_are_a_path(space: SearchSpace, own_weights: bool, shrunk: bool) -> None:
    chosen = shrunk_space(space, [[1, 2]] + [[0, 2]] * 7) if shrunk else space
    assert isinstance(chosen, SearchSpace)
    module = MixingSupernet(chosen, own_weights=own_weights).eval()
    for row in chosen.sample(np.random.default_rng(0), 3):
        weights = one_hot(chosen.choice_counts.tolist(), row.tolist())
        with torch.no_grad():
            assert torch.equal(module(IMAGES, weights), module.supernet(IMAGES, row))


def test_a_slot_is_the_sum_of_its_choices(space: SearchSpace) -> None:
    module = MixingSupernet(space).eval()
    weights = one_hot(space.choice_counts.tolist(), [0] * 8)
    weights[0] = torch.tensor([0.25, 0.75, 0.0], requires_grad=True)
    logits = module(IMAGES, weights)
    with torch.no_grad():
        x = IMAGES
        for each, block in module.supernet.prefix:
            x = each(x, block)
        outs = [x if each is None else each(x, block) for each, block in module.supernet.choices[0]]
        x = 0.25 * outs[0] + 0.75 * outs[1]
        for choices in module.supernet.choices[1:]:
            each, block = choices[0]
            x = x if each is None else each(x, block)
        for each, block in module.supernet.suffix:
            x = each(x, block)
    assert torch.allclose(logits, x, atol=1e-5)
    logits.square().sum().backward()
    assert weights[0].grad is not None
    assert (weights[0].grad != 0).all()  # of the choice that weighs nothing, too


def test_own_weights_are_those_of_each_choice_alone(space: SearchSpace) -> None:
    shared, own = MixingSupernet(space), MixingSupernet(space, own_weights=True)
    assert shared.identity != own.identity
    for choices in own.supernet.choices:
        modules = [module for module, block in choices if not isinstance(block, Skip)]
        assert len(set(map(id, modules))) == len(modules)
    assert sum(p.numel() for p in own.parameters()) > sum(p.numel() for p in shared.parameters())


def test_what_is_not_run_keeps_no_gradient(space: SearchSpace) -> None:
    module = MixingSupernet(space, own_weights=True)
    module(IMAGES, one_hot(space.choice_counts.tolist(), [1] * 8)).sum().backward()
    for choices in module.supernet.choices:
        grads = [one and [p.grad for p in one.parameters()] for one, _ in choices]
        assert all(grad is not None for grad in grads[1] or [])
        assert all(grad is None for grad in grads[2] or [])


def test_wrong_weights_are_refused(space: SearchSpace) -> None:
    module = MixingSupernet(space)
    weights = one_hot(space.choice_counts.tolist(), [0] * 8)
    with pytest.raises(ValueError, match="not weights of the choices"):
        module(IMAGES, weights[1:])
    weights[3] = torch.zeros(3)
    with pytest.raises(ValueError, match="all the weights of a slot are 0"):
        module(IMAGES, weights)
