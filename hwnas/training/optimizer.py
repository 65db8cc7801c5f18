"""The optimizer, and the learning rate of each step."""

import math

import torch

from hwnas.training.train_config import TrainConfig


def learning_rate(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """Linear warm-up, then half a cosine to zero (Loshchilov and Hutter 2017, arXiv 1608.03983)."""
    steps = config.epochs * steps_per_epoch
    warmup = min(config.warmup_epochs * steps_per_epoch, steps / 2)
    if step < warmup:
        return config.learning_rate * (step + 1) / (math.floor(warmup) + 1)
    return config.learning_rate * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def build_optimizer(module: torch.nn.Module, config: TrainConfig) -> torch.optim.SGD:
    """SGD with Nesterov momentum for the parameters that are trained.

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
    optimizer = torch.optim.SGD(
        groups, config.learning_rate, config.momentum, nesterov=config.momentum > 0, fused=True
    )
    # Made here, not at the first gradient, so that a checkpoint always has the same tensors; a
    # first step from zero is the same as PyTorch's own.
    if config.momentum:
        for parameter in parameters:
            optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer


def of_classifier(name: str) -> bool:
    """Whether a parameter, by its name in a module, is one of the layer that gives the logits."""
    return "classifier" in name.split(".")[:-1]


def momentum(module: torch.nn.Module, optimizer: torch.optim.SGD) -> dict[str, torch.Tensor]:
    """The momentum of each parameter by its name; empty without momentum."""
    return {
        name: optimizer.state[parameter]["momentum_buffer"]
        for name, parameter in module.named_parameters()
        if parameter in optimizer.state
    }
