import math

import pytest
import torch
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.gradients import GRADIENTS, GradientEstimator, Step, Weights, make_gradient
from hwnas.relaxation.gradients.gumbel import Gumbel
from tests.hwnas.relaxation.problems import (
    TableLoss,
    enumerated,
    free_space,
    random_logits,
    skipping_space,
)
from tests.hwnas.search.random_spaces import MaskedSpace

COUNT = 10_000


def exact(space: MaskedSpace, logits: list[Tensor], loss: TableLoss) -> Tensor:
    """(T,) the gradient of the mean loss, by enumeration."""
    rows, probabilities = enumerated(space, logits)
    return torch.cat(torch.autograd.grad((probabilities * loss.of(rows)).sum(), logits))


def estimates(
    estimator: GradientEstimator, logits: list[Tensor], loss: TableLoss, seed: int = 0
) -> Tensor:
    """(COUNT, T) estimates of the gradient."""
    copies = [one.detach().expand(COUNT, -1).clone().requires_grad_() for one in logits]
    estimator.backward(Step(copies, loss, torch.Generator().manual_seed(seed)))
    return torch.cat([one.grad for one in copies if one.grad is not None], dim=1)


def unbiased(found: Tensor, wanted: Tensor) -> bool:
    """Whether the mean of estimates is within 3 standard errors of each component.

    Of nine components one in forty is not, by chance; the seeds are those of tests that pass.
    """
    errors = found.std(dim=0) / math.sqrt(len(found))
    return bool(((found.mean(dim=0) - wanted).abs() <= 3 * errors + 1e-12).all())


@pytest.mark.parametrize("space", [free_space(), skipping_space()], ids=["free", "skips"])
@pytest.mark.parametrize("name", ["rebar", "score_function"])
def test_the_mean_of_ten_thousand_is_the_gradient(name: str, space: MaskedSpace) -> None:
    chain = Chain(space)
    logits, loss = random_logits(chain.counts, 1), TableLoss(2)
    wanted = exact(space, logits, loss)
    estimator = make_gradient(name, chain)
    estimates(estimator, logits, loss, seed=1)  # sets the baseline
    assert unbiased(estimates(estimator, logits, loss), wanted)
    assert not unbiased(estimates(make_gradient("gumbel", chain), logits, loss), wanted)


@pytest.mark.parametrize("temperature", [0.1, 2.0])
def test_no_temperature_biases_rebar(temperature: float) -> None:
    space = skipping_space()
    logits, loss = random_logits((3, 3, 3), 3), TableLoss(4)
    estimator = make_gradient("rebar", Chain(space), {"temperature": temperature})
    assert unbiased(estimates(estimator, logits, loss), exact(space, logits, loss))


@pytest.mark.parametrize("space", [free_space(), skipping_space()], ids=["free", "skips"])
def test_rebar_varies_five_times_less_than_plain_reinforce(space: MaskedSpace) -> None:
    chain = Chain(space)
    logits, loss = random_logits(chain.counts, 5, scale=0.3), TableLoss(6)
    rebar = estimates(make_gradient("rebar", chain), logits, loss)
    rows = torch.from_numpy(chain.draw(logits, torch.Generator().manual_seed(0), COUNT))
    copies = [one.detach().expand(COUNT, -1).clone().requires_grad_() for one in logits]
    (loss.of(rows) * chain.log_probability(copies, rows)).sum().backward()
    plain = torch.cat([one.grad for one in copies if one.grad is not None], dim=1)
    assert plain.var(dim=0).sum() >= 5 * rebar.var(dim=0).sum()


def conditional(chain: Chain, logits: list[Tensor], rows: Tensor, noise: Tensor) -> Tensor:
    """(N, L, C) noisy logits, given the networks (N, L) that were walked along them."""
    scores = chain.padded(logits)
    may = chain.open_behind(scores, rows)
    own = chain.one_hot(rows).bool()
    free = scores + noise
    total = scores.expand(free.shape).masked_fill(~may, -torch.inf).logsumexp(dim=-1)
    most = (total[..., None] + noise).masked_fill(~own, 0.0).sum(dim=-1, keepdim=True)
    held = -torch.logaddexp(-free, -most)
    return torch.where(own, most, torch.where(may, held, free))


def test_rebar_is_the_difference_of_the_relaxed_sample_and_of_that_given_the_network() -> None:
    # The same by definition, without what is derived in rebar.py: with the noise given the network
    # that leads to the same noisy logits.
    chain = Chain(skipping_space())
    logits, loss = random_logits(chain.counts, 7), TableLoss(8)
    generator = torch.Generator().manual_seed(9)
    noise = chain.perturbed(torch.zeros(3, 3).double(), generator)
    scores = chain.padded(logits)
    noisy = (scores + noise).detach()
    rows = chain.walk(noisy)
    may, own = chain.open_behind(noisy, rows), chain.one_hot(rows).bool()
    total = scores.masked_fill(~may, -torch.inf).logsumexp(dim=-1, keepdim=True)
    most = noisy.take_along_dim(rows[:, None], dim=-1)
    truncated = noisy - torch.log1p(-(noisy - most).exp()) - scores
    given = torch.where(own, noisy - total, torch.where(may, truncated, noise)).detach()
    again = conditional(chain, logits, rows, given)
    assert torch.allclose(again, noisy)

    def relaxed(scores: Tensor) -> Tensor:
        return loss(chain.split(chain.spread(scores / 0.4)))

    by_how_much = loss.of(rows[None])[0] - relaxed(noisy)
    objective = (
        by_how_much * chain.log_probability(logits, rows) + relaxed(scores + noise) - relaxed(again)
    )
    wanted = torch.autograd.grad(objective, logits)
    estimator = make_gradient("rebar", chain, {"temperature": 0.4})
    shown = estimator.backward(Step(logits, loss, generator.manual_seed(9)))
    assert shown == loss.of(rows[None])[0]
    for one, other in zip(logits, wanted, strict=True):
        assert one.grad is not None
        assert torch.allclose(one.grad, other)


def test_the_walked_network_and_its_conditional_noise_are_of_one_distribution() -> None:
    chain = Chain(skipping_space())
    logits = random_logits(chain.counts, 10)
    generator = torch.Generator().manual_seed(0)
    scores = chain.padded(logits).detach().expand(COUNT, 3, 3)
    noisy = chain.perturbed(scores, generator)
    rows = chain.walk(noisy)
    noise = chain.perturbed(torch.zeros(COUNT, 3, 3).double(), generator)
    again = conditional(chain, logits, rows, noise).detach()
    assert torch.equal(chain.walk(again), rows)
    errors = (noisy - again).std(dim=0) / math.sqrt(COUNT)
    assert ((noisy.mean(dim=0) - again.mean(dim=0)).abs() < 4 * errors).all()


def test_softmax_is_the_gradient_of_the_mixture() -> None:
    chain = Chain(skipping_space())
    logits, loss = random_logits(chain.counts, 11), TableLoss(12)
    wanted = torch.autograd.grad(loss(chain.marginals(logits)), logits)
    shown = make_gradient("softmax", chain).backward(Step(logits, loss, torch.Generator()))
    assert not shown.requires_grad
    assert [one.grad.tolist() for one in logits if one.grad is not None] == [
        one.tolist() for one in wanted
    ]


def seen_weights(estimator: GradientEstimator) -> list[Weights]:
    """What a loss is asked for, of logits in float32."""
    logits = [torch.zeros(3, requires_grad=True) for _ in range(3)]
    loss, seen = TableLoss(0), list[Weights]()

    def watched(weights: Weights) -> Tensor:
        seen.append(weights)
        return loss([one.double() for one in weights])

    estimator.backward(Step(logits, watched, torch.Generator().manual_seed(0)))
    assert all(one.grad is not None and one.grad.dtype == torch.float32 for one in logits)
    return seen


@pytest.mark.parametrize("name", GRADIENTS.ours)
def test_of_one_path_the_weights_are_of_a_network_and_have_no_gradient(name: str) -> None:
    estimator = make_gradient(name, Chain(free_space()))
    seen = seen_weights(estimator)
    assert all(one.dtype == torch.float32 for weights in seen for one in weights)
    single = [
        all(sorted(one.tolist()) == [0, 0, 1] and not one.requires_grad for one in weights)
        for weights in seen
    ]
    assert all(single) == estimator.one_path
    assert single == {"rebar": [True, False], "score_function": [True]}.get(name, [False])


def test_straight_through_weights_are_of_a_network_and_have_the_relaxed_gradient() -> None:
    chain = Chain(skipping_space())
    (weights,) = seen_weights(make_gradient("gumbel", chain, {"hard": True}))
    assert all(sorted(one.tolist()) == [0, 0, 1] and one.requires_grad for one in weights)
    sloped = []
    for hard in (False, True):
        logits = random_logits(chain.counts, 13)

        def linear(weights: Weights) -> Tensor:
            return torch.stack([one @ torch.arange(3.0).double() for one in weights]).sum()

        estimator = make_gradient("gumbel", chain, {"hard": hard})
        estimator.backward(Step(logits, linear, torch.Generator().manual_seed(0), 0.5))
        sloped.append([one.grad.tolist() for one in logits if one.grad is not None])
    assert sloped[0] == sloped[1]


def test_the_temperature_falls_by_the_same_factor() -> None:
    estimator = make_gradient("gumbel", Chain(free_space()), {"start": 8.0, "end": 0.5})
    assert isinstance(estimator, Gumbel)
    assert [estimator.temperature(p) for p in (0, 0.25, 0.5, 1)] == pytest.approx([8, 4, 2, 0.5])


@pytest.mark.parametrize("name", GRADIENTS.ours)
def test_parameters_get_the_gradient_of_the_shown_loss_where_that_is_wanted(name: str) -> None:
    chain = Chain(free_space())
    loss, factor, found = TableLoss(0), torch.tensor(2.0, requires_grad=True), []

    def scaled(weights: Weights) -> Tensor:
        return factor * loss(weights)

    for parameters in (False, True):
        logits, factor.grad = random_logits(chain.counts, 14), None
        estimator = make_gradient(name, chain)
        for seed in range(2):
            factor.grad = None
            generator = torch.Generator().manual_seed(seed)
            shown = estimator.backward(Step(logits, scaled, generator, parameters=parameters))
        found.append([one.grad.tolist() for one in logits if one.grad is not None])
        if parameters:
            assert factor.grad is not None
            assert float(factor.grad) == pytest.approx(float(shown) / 2)
        else:
            assert factor.grad is None
    assert found[0] == found[1]


def test_the_baseline_is_a_moving_average_that_begins_with_the_first_loss() -> None:
    chain = Chain(free_space())
    logits = random_logits(chain.counts, 15)
    estimator = make_gradient("score_function", chain, {"memory": 0.5})
    values = iter((4.0, 1.0, 7.0, 0.0))

    def loss(_: Weights) -> Tensor:
        return torch.tensor(next(values))

    moved = []
    for _ in range(4):
        for one in logits:
            one.grad = None
        estimator.backward(Step(logits, loss, torch.Generator().manual_seed(0)))
        moved.append(torch.cat([one.grad for one in logits if one.grad is not None]))
    assert not moved[0].any()
    score = moved[1] / (1.0 - 4.0)
    assert torch.allclose(moved[2], score * (7.0 - (4 + 2 * 1) / 3))
    assert torch.allclose(moved[3], score * (0.0 - (4 + 2 * 1 + 4 * 7) / 7))


@pytest.mark.parametrize("name", GRADIENTS.ours)
def test_choices_that_are_taken_away_have_no_gradient(name: str) -> None:
    chain = Chain(skipping_space())
    logits = [torch.tensor([0.5, -torch.inf, 0.0], requires_grad=True) for _ in range(3)]
    estimator, generator = make_gradient(name, chain), torch.Generator().manual_seed(0)

    def in_float32(weights: Weights) -> Tensor:
        return TableLoss(0)([one.double() for one in weights]).float()

    for _ in range(5):
        estimator.backward(Step(logits, in_float32, generator))
    for one in logits:
        assert one.grad is not None
        assert one.grad.isfinite().all()
        assert one.grad[1] == 0


@pytest.mark.parametrize("name", GRADIENTS.ours)
def test_an_estimator_is_registered_under_its_own_name(name: str) -> None:
    assert make_gradient(name, Chain(free_space())).name == name


def test_an_unknown_estimator_or_setting_is_refused() -> None:
    chain = Chain(free_space())
    with pytest.raises(ConfigError, match="no gradient estimator 'reba'; did you mean 'rebar'"):
        make_gradient("reba", chain)
    with pytest.raises(ConfigError, match="gumbel: unknown key 'hart'"):
        make_gradient("gumbel", chain, {"hart": True})
