"""What every gradient estimator must do, as a suite that one of your own can be held to.

import pytest
from hwnas.testing.gradients import GradientContract

class TestMine(GradientContract):
@pytest.fixture
def gradient(self):
return MyGradient
"""

import pytest
import torch
from torch import Tensor

from hwnas.core.configs import StrictModel
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.gradients import GradientEstimator, Step, Weights
from hwnas.testing.search_problems import small_space

_STEPS = 4


class _Loss:
    """A loss of few choices with one parameter of its own; keeps what it was asked for."""

    def __init__(self, chain: Chain) -> None:
        generator = torch.Generator().manual_seed(1)
        self.values = [
            torch.rand(count, generator=generator, dtype=torch.float64) for count in chain.counts
        ]
        self.parameter = torch.ones((), dtype=torch.float64, requires_grad=True)
        self.asked: list[Weights] = []

    def __call__(self, weights: Weights) -> Tensor:
        self.asked.append(weights)
        sums = [(one * value).sum() for one, value in zip(weights, self.values, strict=True)]
        return 1 + self.parameter * torch.stack(sums).sum() ** 2


class GradientContract:
    """The suite; a subclass names the estimator by the fixture `gradient`."""

    @pytest.fixture
    def gradient(self) -> type[GradientEstimator]:
        """The class that is tested."""
        raise NotImplementedError("override the fixture 'gradient' with the class to test")

    @pytest.fixture
    def chain(self) -> Chain:
        """Of a small space with skips."""
        return Chain(small_space(((1, 2), (0, 2)), (3, 5)))

    def test_it_has_a_name_and_a_default_for_every_setting(
        self, gradient: type[GradientEstimator]
    ) -> None:
        """Configs name it, and may leave its settings out."""
        assert gradient.name == gradient.name.strip() != ""
        assert isinstance(gradient.settings_model(), StrictModel)

    def test_it_goes_on_from_what_it_has_learnt(
        self, gradient: type[GradientEstimator], chain: Chain
    ) -> None:
        """All of its memory is in `learnt`: a training that was killed goes on the same."""
        one, other = (gradient(chain, gradient.settings_model()) for _ in range(2))
        loss = _Loss(chain)
        for number in range(_STEPS):
            _stepped(one, chain, loss, number)
        assert one.learnt.keys() == other.learnt.keys()
        for name, tensor in other.learnt.items():
            tensor.copy_(one.learnt[name])
        again = _stepped(other, chain, loss, _STEPS)
        for mine, theirs in zip(_stepped(one, chain, loss, _STEPS), again, strict=True):
            assert torch.equal(mine, theirs)

    def test_the_logits_get_finite_gradients_and_the_parameters_none(
        self, gradient: type[GradientEstimator], chain: Chain
    ) -> None:
        """Weights of networks are learnt on other images than logits."""
        estimator, loss = gradient(chain, gradient.settings_model()), _Loss(chain)
        found = [_stepped(estimator, chain, loss, number) for number in range(_STEPS)]
        assert all(one.isfinite().all() for one in found[-1])
        assert any(one.any() for one in found[-1])
        assert loss.parameter.grad is None

    def test_the_parameters_get_the_gradient_of_the_shown_loss(
        self, gradient: type[GradientEstimator], chain: Chain
    ) -> None:
        """Where one is asked for: of a loss that is 1 + parameter times something."""
        estimator, loss = gradient(chain, gradient.settings_model()), _Loss(chain)
        shown = estimator.backward(Step(_logits(chain), loss, _generator(0), 0.5, parameters=True))
        assert loss.parameter.grad is not None
        assert float(loss.parameter.grad) == pytest.approx(float(shown) - 1)

    def test_one_path_is_of_networks_alone(
        self, gradient: type[GradientEstimator], chain: Chain
    ) -> None:
        """What promises the memory of one path asks for nothing else."""
        estimator, loss = gradient(chain, gradient.settings_model()), _Loss(chain)
        for number in range(_STEPS):
            _stepped(estimator, chain, loss, number)
        for weights in loss.asked:
            for one in weights:
                assert float(one.sum().detach()) == pytest.approx(1.0)
                if gradient.one_path:
                    assert not one.requires_grad
                    assert sorted(set(one.tolist())) in ([0.0, 1.0], [1.0])

    def test_a_choice_that_is_taken_away_weighs_nothing(
        self, gradient: type[GradientEstimator], chain: Chain
    ) -> None:
        """Its logit is -inf."""
        estimator, loss = gradient(chain, gradient.settings_model()), _Loss(chain)
        logits = _logits(chain)
        with torch.no_grad():
            logits[0][-1] = -torch.inf
        for number in range(_STEPS):
            estimator.backward(Step(logits, loss, _generator(number), number / _STEPS))
        assert all(float(weights[0][-1].detach()) == 0.0 for weights in loss.asked)
        assert all(one.grad is not None and one.grad.isfinite().all() for one in logits)


def _logits(chain: Chain) -> list[Tensor]:
    return [torch.zeros(n, dtype=torch.float64, requires_grad=True) for n in chain.counts]


def _generator(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def _stepped(estimator: GradientEstimator, chain: Chain, loss: _Loss, number: int) -> list[Tensor]:
    logits = _logits(chain)
    estimator.backward(Step(logits, loss, _generator(number), number / (_STEPS + 1)))
    return [torch.zeros_like(one) if one.grad is None else one.grad for one in logits]
