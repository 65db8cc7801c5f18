"""Averaged weights: an exponential moving average along a training."""

import torch
from torch.optim.swa_utils import AveragedModel

_Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]


def moving_average(module: torch.nn.Module, decay: float) -> AveragedModel:
    """A copy of a module that follows its weights and batch norm statistics, call by call.

    At call t the decay is min(decay, (1 + t) / (10 + t)), as in TensorFlow's
    `ExponentialMovingAverage`: an average that begins with random weights would keep them for
    1 / (1 - decay) steps. The number of calls is in its `n_averaged`.
    """

    def average(averaged: _Tensors, present: _Tensors, calls: torch.Tensor | int) -> None:
        done = int(calls)
        weight = 1 - min(decay, (1 + done) / (10 + done))
        for one, new in zip(averaged, present, strict=True):
            one.lerp_(new, weight)

    return AveragedModel(module, multi_avg_fn=average, use_buffers=True)
