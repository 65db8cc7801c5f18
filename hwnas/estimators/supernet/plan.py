"""What the training of a supernet amounts to, before it begins: steps, time, and if enough."""

import time

import numpy as np
import torch

from hwnas.data.loading import DIGITS
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.start import conventions_of, rule_of
from hwnas.estimators.trained import training_images
from hwnas.supernet.supernet import Supernet
from hwnas.training.auto import short_training, steps_of_epoch
from hwnas.training.batches import Batches
from hwnas.training.distributed import current_group
from hwnas.training.placement import choose_device, placed
from hwnas.training.steps import Steps

# Steps that are timed behind a first one, and the seconds after which no further one begins.
_TIMED, _PATIENCE = 5, 5.0
# A learning rate that moves nothing: no timed step diverges.
_STANDING_STILL = 1e-9


def plan(inputs: EstimatorInputs) -> str:
    """As in "117 epochs of 13 steps of 32 images, 1,521 steps in all: some 2 min here".

    The time is that of a few steps which are made to be timed and then forgotten. It is left out in
    a training of several processes, which would all have to make them.

    Raises:
        ConfigError, RunError: see `hwnas.training.trainer.train`.
    """
    config, images = inputs.recipe, len(inputs.dataset.train)
    of_epoch = steps_of_epoch(config, images)
    steps = config.epochs * of_epoch
    text = (
        f"the supernet's training: {config.epochs:,} epochs of {of_epoch:,} steps of "
        f"{min(config.batch_size, images)} images, {steps:,} steps in all"
    )
    if current_group().processes > 1:
        return text
    return f"{text}: some {duration(steps * _seconds_of_step(inputs))} here"


def _seconds_of_step(inputs: EstimatorInputs) -> float:
    """The mean over the resolutions, of which every step draws one."""
    config = inputs.recipe
    device = choose_device(config.device)
    supernet = Supernet(inputs.space, seed=config.seed, conventions=conventions_of(inputs))
    rule = rule_of(inputs)
    splits = training_images(inputs)
    with placed(supernet, device):
        steps = Steps(supernet, config, rule, current_group(), device)
        supernet.train()
        seconds = []
        for split in splits:
            batches = Batches(split, config, supernet.classes, conventions=supernet.conventions)
            seconds.append(_median(steps, batches, device, _PATIENCE / len(splits)))
    return sum(seconds) / len(seconds)


def _median(steps: Steps, batches: Batches, device: torch.device, patience: float) -> float:
    """The seconds of a step; no further one begins after so many."""
    taken: list[float] = []
    begin = time.perf_counter()
    for step in range(1 + _TIMED):
        images, target = batches.inputs(step)
        start = time.perf_counter()
        steps.run(step, images.to(device), target.to(device), _STANDING_STILL)
        taken.append(time.perf_counter() - start)
        if step and time.perf_counter() - begin > patience:
            break
    return float(np.median(taken[1:]))  # a first step also builds what later ones use


def too_short(inputs: EstimatorInputs) -> str | None:
    """A warning of a supernet of too few steps to judge by; None where they are enough.

    The digits, which are learnt in some hundred steps, and weights that are trained already are
    excepted.
    """
    trained = inputs.published or inputs.pretrained or inputs.trained_before
    if trained or inputs.dataset.name == DIGITS:
        return None
    config, images = inputs.recipe, len(inputs.dataset.train)
    return short_training(config.epochs * steps_of_epoch(config, images))


def duration(seconds: float) -> str:
    """As in "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
