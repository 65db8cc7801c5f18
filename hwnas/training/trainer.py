"""The one trainer, of supernets and of single networks; it survives being killed."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError, DivergenceError, TrainingError
from hwnas.core.memory import ran_out
from hwnas.data.dataset import Split
from hwnas.data.resolutions import by_resolution, digest_of
from hwnas.networks.modules import NetworkModule
from hwnas.networks.trainable import Trainable
from hwnas.spaces import Architectures
from hwnas.training.allocator import keep_freed_memory
from hwnas.training.averaging import moving_average
from hwnas.training.batches import PATH, Batches, prefetch, stream
from hwnas.training.distributed import current_group
from hwnas.training.log import TrainingLog
from hwnas.training.optimizer import learning_rate, momentum
from hwnas.training.paths import Paths
from hwnas.training.placement import choose_device, placed
from hwnas.training.rules import PathRule, Plain, Rule
from hwnas.training.running_loss import RunningLoss
from hwnas.training.step_progress import StepProgress
from hwnas.training.steps import Steps, advice
from hwnas.training.train_config import TrainConfig
from hwnas.training.training_state import Position, TrainingState

# How often something is logged: every so many steps, and the watch so many times a training.
_LOG_STEPS = 10
_WATCHES = 10

Watch = Callable[[torch.nn.Module], Mapping[str, float]]
"""Judges a module in the middle of its training, and leaves it as it is: values by name."""

Judge = Callable[[torch.nn.Module, Architectures], NDArray[np.float64]]
"""The validation accuracies (N,), in percent, of paths (N, L) of a module, left as it is."""

Goes = Callable[[int, torch.nn.Module], bool]
"""Says after an epoch whether a training goes on, by what it would end with now.

It is given the epochs that are done and that module, which it leaves as it is.
"""


@dataclass(frozen=True)
class TrainReport:
    """What a call of `train` did.

    `steps` is the length of the whole training; `images` (of all processes), `seconds` and
    `images_per_second` are those of this call, zero when the training had already ended.
    `final_loss` is a running mean; `ended_early` says that `goes_on` has ended the training.
    """

    steps: int
    images: int
    seconds: float
    images_per_second: float
    final_loss: float
    ended_early: bool = False


def train(
    module: Trainable,
    split: Split | Sequence[Split],
    config: TrainConfig,
    *,
    checkpoint: Path,
    rule: Rule | None = None,
    progress: StepProgress | None = None,
    checkpoint_seconds: float = 15.0,
    log: Path | None = None,
    watch: Watch | None = None,
    judge: Judge | None = None,
    goes_on: Goes | None = None,
) -> TrainReport:
    """Trains a module in place, from its checkpoint when there is one.

    Killed at any moment and called again, it ends with the same weights, bit for bit, as without
    the kill (with the same number of threads and processes, on the CPU of the same machine). When
    it ends, the checkpoint holds the weights alone, and a further call just loads them. With
    `config.ema` these are the averaged ones.

    In processes of `hwnas.training.distributed.joined_group`, all of them call this alike: each
    trains on its part of every batch, the first one alone writes, all end with the same weights.

    Args:
        module: what is trained; left in evaluation mode, on the CPU.
        split: the training images; the same ones at every resolution of a family of spaces, of
            which each step draws one.
        config: hyper-parameters.
        checkpoint: the safetensors file, written every `checkpoint_seconds` and at the end.
        rule: what is trained in a step; without one, `Plain`.
        progress: called after each step with the steps done, all steps, and the running loss.
        checkpoint_seconds: at most about this much work is lost by a kill.
        log: a folder for TensorBoard.
        watch: called about ten times, at the end of an epoch, with the weights that would be the
            result; its values go into the log.
        judge: called after every epoch for what draws paths and learns from accuracies, with the
            weights that would be the result (in the first process); without it, that learns
            nothing.
        goes_on: asked after every epoch but the last. Where it says no, the training ends there:
            the module has the weights of that moment, and the checkpoint stays as it was. Not for
            several processes.

    Raises:
        ConfigError: `config.compile` with a supernet, a device that is not there, or a batch that
            the processes cannot share.
        RunError: the checkpoint belongs to another config, network or images, is damaged or
            cannot be written; or the loss is no longer finite, or diverges (`DivergenceError`), or
            memory runs out (`TrainingError`; the last checkpoint stays, from before).
    """
    if config.compile and not isinstance(module, NetworkModule):
        raise ConfigError(
            "compile is for single networks: a supernet runs another network at every step, and "
            "PyTorch would compile each of them; set it in fine_tune, not in train"
        )
    device = choose_device(config.device)
    if device.type == "cpu":
        keep_freed_memory()
    try:
        with placed(module, device):
            training = _Training(module, split, config, checkpoint, rule or Plain(), device)
            return training.run(progress, checkpoint_seconds, log, watch, judge, goes_on)
    except Exception as error:
        if not ran_out(error):
            raise
        where = "memory of the GPU" if device.type == "cuda" else "memory"
        kept = f"; {checkpoint} is kept" if checkpoint.is_file() else ""
        largest = by_resolution(split)[-1].resolution
        raise TrainingError(
            f"{where} ran out in a training with batch_size {config.batch_size} at resolution "
            f"{largest}{kept}; free some and run the same command again to resume, or lower "
            "batch_size or resolution in a new run folder (--run)"
        ) from error


class _Training:
    """The parts of one call of `train`."""

    def __init__(
        self,
        module: Trainable,
        split: Split | Sequence[Split],
        config: TrainConfig,
        checkpoint: Path,
        rule: Rule,
        device: torch.device,
    ) -> None:
        self._module, self._config, self._device = module, config, device
        self._group = current_group()
        self._batches = Batches(
            split,
            config,
            module.classes,
            conventions=module.conventions,
            rank=self._group.rank,
            processes=self._group.processes,
        )
        self._length = config.epochs * self._batches.per_epoch
        self._resolution = by_resolution(split)[-1].resolution
        self._steps = Steps(module, config, rule, self._group, device)
        self._average = moving_average(module, config.ema) if config.ema else None
        self._state = module.state_dict()  # references: always the present values
        until_end = _named("momentum", momentum(module, self._steps.optimizer))
        if self._average is not None:
            until_end |= _named("average", self._average.module.state_dict())
        belongs_to = identity(module, split, config, rule)
        self._paths = rule.drawn_by if isinstance(rule, PathRule) else None
        self._learnt = rule.learnt
        self._saved = TrainingState(
            checkpoint,
            self._state,
            until_end,
            belongs_to,
            self._length,
            self._learnt,
            module.conventions.text,
        )

    def run(
        self,
        progress: StepProgress | None,
        seconds: float,
        folder: Path | None,
        watch: Watch | None,
        judge: Judge | None,
        goes_on: Goes | None,
    ) -> TrainReport:
        first = self._saved.resume(self._group, self._device)
        self._steps.precision.read_text(first.scale)
        if self._average is not None:
            self._average.n_averaged.fill_(first.step)
        self._loss = RunningLoss(self._module.classes, first.loss, first.first_loss)
        started = written = time.monotonic()
        ended = self._length
        if first.step < self._length:
            with TrainingLog(folder if self._group.first else None, first.step) as log:
                speed = _Speed(first.step)
                for step in self._run(first.step):
                    if progress is not None:
                        progress(step, self._length, self._loss.mean)
                    if step % _LOG_STEPS == 0 or step == self._length:
                        rate = speed.since_last(step) * self._batches.size
                        log.write(step, {"images_per_second": rate} | self._shown(step))
                    if watch is not None and self._group.first and self._is_watched(step):
                        log.write(step, watch(self._result))
                    if step % self._batches.per_epoch == 0:
                        self._end_epoch(step // self._batches.per_epoch, judge)
                    if goes_on is not None and not self._goes_on(step, goes_on):
                        ended = step
                        break
                    due = time.monotonic() - written >= seconds and step < self._length
                    if due and not self._loss.too_high:
                        log.flush()
                        self._write(step)
                        written = time.monotonic()
            if ended == self._length:
                if self._loss.too_high:
                    raise self._divergence(self._length)
                self._finish()
        self._module.eval()
        images = (ended - first.step) * self._batches.size
        taken = time.monotonic() - started
        rate = images / taken if images else 0.0
        early = ended < self._length
        return TrainReport(self._length, images, taken, rate, self._loss.mean, early)

    @property
    def _result(self) -> torch.nn.Module:
        """What the training would end with now."""
        return self._module if self._average is None else self._average.module

    def _run(self, first: int) -> Iterator[int]:
        """Makes the steps that are left; the number of those done after each."""
        self._module.train()
        steps = range(first, self._length)
        inputs = prefetch(self._batches, steps, self._device)
        for step, (images, target) in zip(steps, inputs, strict=True):
            frozen = step < self._config.frozen_epochs * self._batches.per_epoch
            loss = self._steps.run(step, images, target, self._rate(step), classifier_alone=frozen)
            self._loss.add(loss)
            if self._loss.diverges:
                raise self._divergence(step + 1)
            if self._average is not None:
                self._average.update_parameters(self._module)
            yield step + 1

    def _divergence(self, step: int) -> DivergenceError:
        return DivergenceError(
            f"the loss diverges: at step {step} its mean is {self._loss.mean:.3g}, above "
            f"{self._loss.bound:.3g}; {advice(self._config)}"
        )

    def _rate(self, step: int) -> float:
        return learning_rate(self._config, step, self._batches.per_epoch)

    def _shown(self, step: int) -> dict[str, float]:
        shown = {} if self._learnt is None else self._learnt.shown
        return {"loss": self._loss.mean, "learning_rate": self._rate(step - 1), **shown}

    def _is_watched(self, step: int) -> bool:
        epoch, rest = divmod(step, self._batches.per_epoch)
        return rest == 0 and epoch % max(1, self._config.epochs // _WATCHES) == 0

    def _goes_on(self, step: int, goes_on: Goes) -> bool:
        epoch, rest = divmod(step, self._batches.per_epoch)
        return rest > 0 or step == self._length or goes_on(epoch, self._result)

    def _end_epoch(self, epoch: int, judge: Judge | None) -> None:
        """Tells what is learnt that an epoch is done, and what draws paths how some do now."""
        if judge is not None and self._paths is not None and self._paths.judged:
            self._learn_accuracies(self._paths, judge)
        if self._learnt is not None:
            self._learnt.end_epoch(epoch, self._config.epochs)

    def _learn_accuracies(self, paths: Paths, judge: Judge) -> None:
        """Has some paths judged and tells what draws them."""
        number = paths.judged
        generator = stream(self._config.seed, PATH, self._length)  # that of no step
        rows = paths.draw(number, self._resolution, generator)
        found = torch.zeros(number, dtype=torch.float64, device=self._device)
        if self._group.first:
            found.copy_(torch.from_numpy(judge(self._result, rows)))
        self._group.copy_from_first([found])
        paths.learn_accuracies(rows, found.cpu().numpy())

    def _finish(self) -> None:
        """Makes the result the module's weights, in every process, and writes them."""
        if self._average is not None:
            self._module.load_state_dict(self._average.module.state_dict())
        # Batch norm's statistics are each process's own until here.
        self._group.copy_from_first(self._state.values())
        self._write(self._length)

    def _write(self, step: int) -> None:
        if not self._group.first:
            return
        broken = self._saved.not_finite(step)
        if broken is not None:
            raise DivergenceError(
                f"{broken} is not finite after step {step}; {advice(self._config)}"
            )
        scale = self._steps.precision.to_text()
        self._saved.write(Position(step, self._loss.mean, self._loss.first, scale))


class _Speed:
    """Steps a second."""

    def __init__(self, step: int) -> None:
        self._step, self._time = step, time.monotonic()

    def since_last(self, step: int) -> float:
        """Since the last call."""
        steps, seconds = step - self._step, time.monotonic() - self._time
        self._step, self._time = step, time.monotonic()
        return steps / seconds


def _named(kind: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{kind}/{name}": tensor for name, tensor in tensors.items()}


def identity(
    module: Trainable, split: Split | Sequence[Split], config: TrainConfig, rule: Rule
) -> dict[str, str]:
    """What a training belongs to, stored in its checkpoint: settings, rule, network, images."""
    return {
        "settings": digest(f"{config.settings} {rule.identity}"),
        "network": digest(module.identity),
        "images": digest_of(by_resolution(split)),
        **({"start": module.start} if module.start else {}),
    }
