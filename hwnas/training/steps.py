"""A step of a training: the passes of its rule, and then the optimizer."""

import math
import warnings
from contextlib import nullcontext
from typing import cast

import torch
from torch import Tensor

from hwnas.core.errors import DivergenceError
from hwnas.networks.modules import NetworkModule
from hwnas.training.batches import PATH, stream
from hwnas.training.distributed import Group, without_sync
from hwnas.training.optimizer import build_optimizer, of_classifier
from hwnas.training.precision import Precision
from hwnas.training.rules import PathRule, Rule
from hwnas.training.train_config import TrainConfig


class Steps:
    """Moves the weights of one module, together with the other processes of a group."""

    def __init__(
        self,
        module: torch.nn.Module,
        config: TrainConfig,
        rule: Rule,
        group: Group,
        device: torch.device,
    ) -> None:
        """Takes a module that is on the device."""
        self._config, self._rule, self._group = config, rule, group
        self._module = module
        self._wrapped = group.wrap(module, device, paths=not isinstance(module, NetworkModule))
        self._called = self._wrapped
        if config.compile:
            # `named_layers` is a pure function, whatever is done about its cache.
            warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`")
            self._called = cast(torch.nn.Module, torch.compile(self._wrapped))
        self.optimizer = build_optimizer(module, config)
        self._body = [p for name, p in module.named_parameters() if not of_classifier(name)]
        self.precision = Precision(config.precision, device)

    def run(
        self,
        step: int,
        inputs: Tensor,
        target: Tensor,
        learning_rate: float,
        *,
        classifier_alone: bool = False,
    ) -> float:
        """Makes a step and returns the loss of its first pass, a mean over the processes.

        With `classifier_alone` the other layers keep their weights.

        Raises:
            DivergenceError: a loss is not finite; the weights are still as they were.
        """
        passes = self._rule.passes(
            self._called,
            inputs,
            target,
            stream(self._config.seed, PATH, step),
            self._config.label_smoothing,
        )
        self.optimizer.zero_grad()
        losses = []
        for number, run in enumerate(passes, start=1):
            last = number == len(passes)
            with nullcontext() if last else without_sync(self._wrapped):
                with self.precision.autocast():
                    loss = run()
                self.precision.backward(loss)
            losses.append(loss.detach())
        # All processes see the same values, and stop together.
        values: list[float] = self._group.mean(torch.stack(losses).float()).tolist()
        for value in values:
            if not math.isfinite(value):
                raise DivergenceError(
                    f"the loss is {value} at step {step + 1}; {advice(self._config)}"
                )
        if isinstance(self._rule, PathRule):
            self._rule.learn(values)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group["rate"]
        if classifier_alone:
            # Without a gradient the optimizer leaves a weight and its momentum alone.
            for parameter in self._body:
                parameter.grad = None
        self.precision.step(self.optimizer, self._config.clip)
        return values[0]


def advice(config: TrainConfig) -> str:
    """What to do about a training that went wrong."""
    clip = "" if config.clip else " or set clip, as in 'clip: 5',"
    return (
        f"lower the learning rate (it is {config.learning_rate:g}){clip} "
        "and train again from the start"
    )
