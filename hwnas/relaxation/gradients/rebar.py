"""REBAR on a chain: the score function with a relaxed sample as its control variate.

UNAS (arXiv 1912.07651) searches by such an estimator, REBAR (arXiv 1703.07370) is the unbiased one;
this is the latter for slots that depend on each other. Of one Gumbel noise G are

    g = logits + G                       noisy logits
    z = walk(g)                          a network, drawn as the chain draws
    ζ = spread(g / temperature)          the relaxed sample

In slot i let p be the probabilities of the choices that may follow z's choice before, M = g of z's
own choice, the greatest of these. With the loss f the score function has the mean

    E[f(z) ∇ log p(z)] = E[(f(z) - f(ζ)) ∇ log p(z)] + E[f(ζ) ∇ log p(z)].

Given z, the g of such a choice c is distributed as

    M = A + n,     g_c = -log(exp(-(logit_c + n_c)) + exp(-M)),     A = log Σ exp(logit)

with Gumbel n and n_c, and that of a choice that may not follow as without z: what z has in a slot
depends on the noise of that slot alone, once the choice before is known. Seen as a mean over z and
n, the mean of f(ζ) changes with the probability of z and along the path of g:

    ∇ E[f(ζ)] = E[f(ζ) ∇ log p(z)] + E[Σ d · ∇g | z, n],     d = ∂f(ζ) / ∂g,

and also E[Σ d · ∇g | G], where ∇g is the unit matrix. The difference of the two paths is what is
left. With r_c = exp(g_c - M), which is ∂g_c / ∂M (r = 0 where c may not follow),

    ∂g_c / ∂logit_j = (1 - r_c) [c = j] + r_c p_j     given z and n,

hence E[f(ζ) ∇ log p(z)] = E[Σ_c d_c r_c ∇ log p_c], and the estimate is

    ∇ Σ_slots Σ_c ((f(z) - f(ζ)) z_c + r_c d_c) log p_c.

No second relaxed sample is needed: that of the noise given z is the same as ζ.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.relaxation.gradients.estimator import GradientEstimator, Step
from hwnas.relaxation.gradients.moving_average import MemorySettings, MovingAverage


class RebarSettings(MemorySettings):
    """How near the relaxed sample is to a network, and how long losses are remembered.

    Both change the variance alone.

    Attributes:
        temperature: of the relaxed sample.
    """

    temperature: Annotated[float, Field(gt=0, le=1000)] = 1.0


class Rebar(GradientEstimator):
    """Unbiased, and of less variance the better the mixture's loss follows that of networks.

    The loss is asked for a network, then for a mixture of all choices: the memory of all. Only the
    network's is shown, and gives parameters a gradient. As the loss of mixtures may be far from
    that of networks as a whole, the moving average of f(z) - f(ζ) before is taken from it.
    """

    name: ClassVar[str] = "rebar"
    one_path: ClassVar[bool] = False
    settings_model: ClassVar[type[StrictModel]] = RebarSettings
    settings: RebarSettings

    @override
    def prepare(self) -> None:
        self._average = MovingAverage(self.learnt, self.settings.memory)

    @override
    def backward(self, step: Step) -> Tensor:
        scores = self.scores(step)
        noisy = self.chain.perturbed(scores.detach(), step.generator)
        rows = self.chain.walk(noisy)
        found = self.judged(step, rows)
        relaxed, slopes = self._relaxed(step, noisy)
        chosen = self.chain.one_hot(rows)
        may = self.chain.open_behind(noisy, rows)
        greatest = noisy.take_along_dim(rows[..., None], dim=-1)
        held = (noisy - greatest).masked_fill(~may, -torch.inf).exp()
        differences, baseline = found.double() - relaxed.double(), self._average.mean() or 0.0
        self._average.add(differences)
        factors = (differences - baseline)[..., None, None] * chosen + held * slopes
        followed = self.chain.followed(scores, rows).masked_fill(~may, 0.0)
        self.descend(step, (factors * followed).sum(dim=(-2, -1)))
        return found

    def _relaxed(self, step: Step, noisy: Tensor) -> tuple[Tensor, Tensor]:
        """(...) the loss of the relaxed sample; (..., L, C) its slopes along the noisy logits."""
        leaf = noisy.detach().requires_grad_()
        found = self.loss_of(step, self.chain.spread(leaf / self.settings.temperature))
        (slopes,) = torch.autograd.grad(found.sum(), [leaf])
        return found.detach(), slopes
