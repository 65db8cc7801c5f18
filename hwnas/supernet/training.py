"""The one trainer, of supernets and of single networks; it survives being killed."""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from devices.errors import RunError
from hwnas.data.dataset import Split
from hwnas.data.preprocessing import to_input
from hwnas.supernet.batches import PATH, Batches, stream
from hwnas.supernet.progress import Progress
from hwnas.supernet.rules import Plain, Rule, SinglePath
from hwnas.supernet.train_config import TrainConfig

# Checkpoints of before rules had names were made by these, and can be continued.
_RULES_OF_BEFORE = (Plain.identity, SinglePath.identity)


@dataclass(frozen=True)
class TrainReport:
    """What a call of `train` did.

    `steps` is the length of the whole training; `images`, `seconds` and `images_per_second` are
    those of this call, zero when the training had already ended. `final_loss` is a running mean.
    """

    steps: int
    images: int
    seconds: float
    images_per_second: float
    final_loss: float


def train(
    module: torch.nn.Module,
    split: Split,
    config: TrainConfig,
    *,
    checkpoint: Path,
    rule: Rule | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    checkpoint_seconds: float = 15.0,
) -> TrainReport:
    """Trains a module in place, from its checkpoint when there is one.

    Killed at any moment and called again, it ends with the same weights, bit for bit, as without
    the kill (with the same number of threads on the same machine). When it ends, the checkpoint
    holds the weights alone, and a further call just loads them.

    Args:
        module: what is trained; left in evaluation mode. Its `identity` is a text that is equal
            exactly for modules of equal blocks.
        split: the training images.
        config: hyper-parameters.
        checkpoint: the safetensors file, written every `checkpoint_seconds` and at the end.
        rule: what is trained in a step; without one, `Plain`.
        progress: called after each step with the steps done, all steps, and the loss.
        checkpoint_seconds: at most about this much work is lost by a kill.

    Raises:
        RunError: the checkpoint belongs to another config, network or images, is damaged or
            cannot be written; or the loss is no longer finite (the last checkpoint stays).
    """
    batches = Batches(
        split, config.batch_size, seed=config.seed, flip=config.flip,
        crop_padding=config.crop_padding,
    )  # fmt: skip
    steps = config.epochs * batches.per_epoch
    optimizer = _optimizer(module, config)
    rule = rule or Plain()
    belongs_to = identity(module, split, config, rule)
    saved = Progress(checkpoint, module, optimizer, belongs_to, steps)
    step, loss = saved.resume()
    first, started = step, time.monotonic()
    written = started
    module.train()
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step, batches.per_epoch)
        value = _step(module, optimizer, batches, config, step, rule)
        step += 1
        loss = value if math.isnan(loss) else 0.9 * loss + 0.1 * value
        if progress is not None:
            progress(step, steps, loss)
        if time.monotonic() - written >= checkpoint_seconds or step == steps:
            saved.write(step, loss)
            written = time.monotonic()
    module.eval()
    seconds, images = time.monotonic() - started, (step - first) * batches.size
    return TrainReport(steps, images, seconds, images / seconds if images else 0.0, loss)


def learning_rate(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """Linear warm-up, then half a cosine to zero (Loshchilov and Hutter 2017, arXiv 1608.03983)."""
    steps = config.epochs * steps_per_epoch
    warmup = min(config.warmup_epochs * steps_per_epoch, steps / 2)
    if step < warmup:
        return config.learning_rate * (step + 1) / (math.floor(warmup) + 1)
    return config.learning_rate * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def _optimizer(module: torch.nn.Module, config: TrainConfig) -> torch.optim.SGD:
    # Decay pulls weights towards zero; for batch norm and biases that only hurts.
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
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


def _step(
    module: torch.nn.Module, optimizer: torch.optim.SGD, batches: Batches,
    config: TrainConfig, step: int, rule: Rule,
) -> float:  # fmt: skip
    images, labels = batches.get(step)
    passes = rule.passes(
        module, to_input(images), torch.from_numpy(labels),
        stream(config.seed, PATH, step), config.label_smoothing,
    )  # fmt: skip
    optimizer.zero_grad(set_to_none=True)
    shown = math.nan
    for number, run in enumerate(passes):
        loss = run()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise RunError(
                f"the loss is {value} at step {step + 1}; lower the learning rate (it is "
                f"{config.learning_rate:g}) and train again from the start"
            )
        loss.backward()  # type: ignore[no-untyped-call]
        shown = shown if number else value
    optimizer.step()
    return shown


def identity(
    module: torch.nn.Module, split: Split, config: TrainConfig, rule: Rule | None = None
) -> dict[str, str]:
    """What a training belongs to, stored in its checkpoint: settings, rule, network, images."""
    settings = config.model_dump_json()
    if rule is not None and rule.identity not in _RULES_OF_BEFORE:
        settings += rule.identity
    return {
        "settings": hashlib.sha256(settings.encode()).hexdigest()[:16],
        "network": hashlib.sha256(str(module.identity).encode()).hexdigest()[:16],
        "images": split.digest,
    }
