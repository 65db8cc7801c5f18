"""The optimizer, and the learning rate of each step."""

import math
from typing import Any

import torch
from torch.optim.sgd import sgd

from hwnas.training.train_config import TrainConfig


class Descent:
    """SGD with Nesterov momentum, by PyTorch's own function.

    Not by its class: the first optimizer of a process imports PyTorch's compiler, two seconds of
    every training's start.

    Attributes:
        param_groups: as `torch.amp.GradScaler` reads them; of each group its `params`, their
            `weight_decay`, the `lr` of the next step, and `rate`, its share of the learning rate.
        momentum: of each parameter; empty without momentum.
    """

    def __init__(self, groups: list[dict[str, Any]], config: TrainConfig) -> None:
        """Takes groups with `params`, `weight_decay` and `rate`."""
        self.param_groups = [{**group, "lr": config.learning_rate} for group in groups]
        self._momentum = config.momentum
        # Made here, not at the first gradient, so that a checkpoint always has the same tensors; a
        # first step from zero is the same as PyTorch's own.
        parameters = [one for group in groups for one in group["params"]] if config.momentum else []
        self.momentum = {one: torch.zeros_like(one) for one in parameters}

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Moves the parameters that have a gradient."""
        for group in self.param_groups:
            moved = [one for one in group["params"] if one.grad is not None]
            sgd(
                moved,
                [one.grad for one in moved],
                [self.momentum[one] for one in moved] if self._momentum else [],
                fused=True,
                weight_decay=group["weight_decay"],
                momentum=self._momentum,
                lr=group["lr"],
                dampening=0.0,
                nesterov=self._momentum > 0,
                maximize=False,
            )


def learning_rate(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """Linear warm-up, then half a cosine to zero (Loshchilov and Hutter 2017, arXiv 1608.03983)."""
    steps = config.epochs * steps_per_epoch
    warmup = min(config.warmup_epochs * steps_per_epoch, steps / 2)
    if step < warmup:
        return config.learning_rate * (step + 1) / (math.floor(warmup) + 1)
    return config.learning_rate * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def build_optimizer(module: torch.nn.Module, config: TrainConfig) -> Descent:
    """For the parameters that are trained.

    Decay pulls weights towards zero; batch norm and biases, which that only hurts, are spared. The
    `rate` of a group is its share of the learning rate.
    """
    named = [pair for pair in module.named_parameters() if pair[1].requires_grad]
    parameters = [parameter for _, parameter in named]
    parts: list[tuple[list[torch.nn.Parameter], float]] = [(parameters, 1.0)]
    if config.body_rate != 1:
        body = [parameter for name, parameter in named if not of_classifier(name)]
        parts = [
            (body, config.body_rate),
            ([parameter for name, parameter in named if of_classifier(name)], 1.0),
        ]
    groups = [
        {
            "params": [p for p in some if (p.ndim > 1) == decays],
            "weight_decay": config.weight_decay if decays else 0.0,
            "rate": rate,
        }
        for some, rate in parts
        for decays in (True, False)
    ]
    return Descent(groups, config)


def of_classifier(name: str) -> bool:
    """Whether a parameter, by its name in a module, is one of the layer that gives the logits."""
    return "classifier" in name.split(".")[:-1]


def momentum(module: torch.nn.Module, optimizer: Descent) -> dict[str, torch.Tensor]:
    """The momentum of each parameter by its name; empty without momentum."""
    return {
        name: optimizer.momentum[parameter]
        for name, parameter in module.named_parameters()
        if parameter in optimizer.momentum
    }
