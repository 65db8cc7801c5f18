import numpy as np
import pytest
import torch

from hwnas.relaxation.chain import Chain
from hwnas.spaces import load_space
from hwnas.testing.search_problems import macro, small_space
from tests.hwnas.relaxation.problems import (
    enumerated,
    free_space,
    random_logits,
    skipping_space,
)
from tests.hwnas.search.random_spaces import random_space


@pytest.mark.parametrize("seed", range(20))
def test_probabilities_are_those_of_all_networks_enumerated(seed: int) -> None:
    space = random_space(np.random.default_rng(seed))
    chain = Chain(space)
    logits = random_logits(chain.counts, seed)
    rows, probabilities = enumerated(space, logits)
    assert torch.allclose(probabilities.sum(), torch.ones(()).double())
    assert torch.allclose(chain.log_probability(logits, rows).exp(), probabilities)
    marginals, joint = chain.marginals(logits), chain.joint(logits)
    for slot, count in enumerate(chain.counts):
        before = rows[:, slot - 1] if slot else torch.zeros_like(rows[:, 0])
        wanted = torch.zeros(joint[slot].shape, dtype=torch.float64)
        wanted.index_put_((before, rows[:, slot]), probabilities, accumulate=True)
        assert joint[slot].shape == (chain.counts[slot - 1] if slot else 1, count)
        assert torch.allclose(joint[slot], wanted)
        assert torch.allclose(marginals[slot], wanted.sum(dim=0))


def test_every_canonical_network_and_no_other_has_a_probability() -> None:
    space = small_space(((0, 2), (1, 2)), (3, 5))
    chain = Chain(space)
    logits = random_logits(chain.counts, 0)
    rows = torch.cartesian_prod(*map(torch.arange, chain.counts))
    probabilities = chain.log_probability(logits, rows).exp()
    canonical = (space.canonical(rows.numpy()) == rows.numpy()).all(axis=1)
    assert ((probabilities > 0).numpy() == canonical).all()
    assert probabilities.sum().item() == pytest.approx(1)


def test_a_skip_behind_a_skip_is_certain_whatever_its_logit() -> None:
    chain = Chain(skipping_space())
    logits = random_logits(chain.counts, 0)
    with torch.no_grad():
        logits[1][0] = -50
    joint = chain.joint(logits)[1]
    assert joint[0, 0] == joint[0].sum() > 0


def test_gradients_are_those_of_the_enumeration() -> None:
    space = skipping_space()
    chain = Chain(space)
    logits = random_logits(chain.counts, 1)
    rows, probabilities = enumerated(space, logits)
    factor = torch.arange(len(rows)).double()
    wanted = torch.autograd.grad((factor * probabilities).sum(), logits)
    given = chain.log_probability(logits, rows).exp()
    for one, other in zip(torch.autograd.grad((factor * given).sum(), logits), wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-12)


def test_draws_come_as_often_as_they_are_probable() -> None:
    space = skipping_space()
    chain = Chain(space)
    logits = random_logits(chain.counts, 2)
    rows, probabilities = enumerated(space, logits)
    count = 20_000
    drawn = chain.draw(logits, torch.Generator().manual_seed(0), count)
    same = (drawn[:, None, :] == rows.numpy()[None]).all(axis=2)
    assert same.any(axis=1).all()
    wanted = probabilities.detach().numpy()
    errors = np.sqrt(wanted * (1 - wanted) / count)
    assert (np.abs(same.mean(axis=0) - wanted) < 4 * errors).all()


def test_draws_follow_from_the_state_of_the_generator() -> None:
    chain = Chain(macro())
    logits = random_logits(chain.counts, 0)
    generator = torch.Generator().manual_seed(7)
    first, second = (chain.draw(logits, generator, 5) for _ in range(2))
    assert not np.array_equal(first, second)
    generator.manual_seed(7)
    assert np.array_equal(first, chain.draw(logits, generator, 5))
    assert first.dtype == np.int64


@pytest.mark.parametrize("seed", range(8))
def test_of_choices_that_are_taken_away_no_network_is_left(seed: int) -> None:
    generator = np.random.default_rng(seed)
    space = skipping_space()
    chain = Chain(space)
    logits = random_logits(chain.counts, seed)
    with torch.no_grad():
        for one in logits:
            gone = generator.random(len(one)) < [0.5, 0.5, 0.0]
            one[torch.from_numpy(gone)] = -torch.inf
    rows, probabilities = enumerated(space, logits)
    assert torch.allclose(chain.log_probability(logits, rows).exp(), probabilities)
    drawn = torch.from_numpy(chain.draw(logits, torch.Generator().manual_seed(0), 200))
    assert (drawn[:, None, :] == rows).all(dim=2).any(dim=1).all()
    everything = torch.cat([one.reshape(-1) for one in chain.joint(logits)])
    assert everything.sum().item() == pytest.approx(len(chain.counts))
    for one in torch.autograd.grad(everything.square().sum(), logits):
        assert one.isfinite().all()


def test_without_any_network_left_one_sentence_is_raised() -> None:
    chain = Chain(skipping_space())
    logits = [one.detach() for one in random_logits(chain.counts, 0)]
    logits[1][:] = -torch.inf
    with pytest.raises(ValueError, match="no network is left"):
        chain.marginals(logits)


def test_far_logits_lose_nothing() -> None:
    chain = Chain(free_space())
    logits = [torch.tensor([50.0, 0.0, -50.0], requires_grad=True) for _ in range(3)]
    row = torch.tensor([[2, 2, 2], [0, 0, 0]])
    found = chain.log_probability(logits, row)
    assert found.tolist() == pytest.approx([-300.0, 0.0], abs=1e-15)
    found[0].backward()
    assert logits[0].grad is not None
    assert logits[0].grad.tolist() == pytest.approx([-1.0, 0.0, 1.0])
    assert [one.sum().item() for one in chain.marginals(logits)] == pytest.approx([1.0] * 3)


def test_chains_beside_one_another_are_those_one_by_one() -> None:
    space = skipping_space()
    chain = Chain(space)
    alone = [random_logits(chain.counts, seed) for seed in range(3)]
    with torch.no_grad():
        alone[1][1][0] = -torch.inf
    beside = [torch.stack(slot) for slot in zip(*alone, strict=True)]
    for index, logits in enumerate(alone):
        for one, other in zip(chain.joint(beside), chain.joint(logits), strict=True):
            assert torch.equal(one[index], other)
    rows = torch.tensor([[1, 2, 0]] * 3)
    found = chain.log_probability(beside, rows)
    wanted = [chain.log_probability(logits, rows[:1])[0] for logits in alone]
    assert torch.equal(found, torch.stack(wanted))


def test_relaxed_samples_of_a_low_temperature_are_the_networks_that_are_walked() -> None:
    chain = Chain(skipping_space())
    scores = chain.padded(random_logits(chain.counts, 3))
    noisy = chain.perturbed(scores.expand(50, 3, 3), torch.Generator().manual_seed(0))
    relaxed = chain.spread(noisy / 1e-6)
    assert torch.allclose(relaxed, chain.one_hot(chain.walk(noisy)), atol=1e-6)
    assert torch.allclose(chain.spread(noisy).sum(dim=-1), torch.ones(50, 3).double())


def test_logits_of_another_space_are_refused() -> None:
    chain = Chain(free_space())
    with pytest.raises(ValueError, match=r"logits are of \(3, 3, 2\) choices"):
        chain.marginals([torch.zeros(3), torch.zeros(3), torch.zeros(2)])


def test_a_chain_of_a_large_space_has_all_its_slots() -> None:
    space = load_space("mobilenet_v3_large")
    chain = Chain(space)
    drawn = chain.draw([torch.zeros(c) for c in chain.counts], torch.Generator(), 50)
    assert np.array_equal(drawn, space.canonical(drawn))
