"""Values of choices that a selector takes from losses of a trained mixture, kept in a file."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hwnas.core.errors import RunError
from hwnas.core.files import write_atomically
from hwnas.core.listener import Listener
from hwnas.data.dataset import Split
from hwnas.relaxation.selectors import Selector
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.checkpoint import load_weights, weights_digest
from hwnas.training.inputs import in_order
from hwnas.training.placement import choose_device, placed

_BATCH = 128
_ORDER = 61  # of the random numbers that say in which order slots are judged


@dataclass(frozen=True)
class JudgedChoices:
    """The file of such values.

    Attributes:
        path: of the file.
        of: what the values depend on, see `what_values_are_of`.
        counts: of the choices of each slot.
    """

    path: Path
    of: str
    counts: Sequence[int]

    def read(self) -> dict[int, NDArray[np.float64]]:
        """The slots whose values are known; none where they are of something else.

        Raises:
            RunError: the file is damaged.
        """
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["of"] != self.of:
                return {}
            found = {
                int(slot): np.array(row, dtype=np.float64) for slot, row in content["slots"].items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._damaged() from error
        for slot, row in found.items():
            fits = 0 <= slot < len(self.counts) and row.shape == (self.counts[slot],)
            if not (fits and np.isfinite(row).all()):
                raise self._damaged()
        return found

    def write(self, values: dict[int, NDArray[np.float64]]) -> None:
        """Writes what is known, in place of what is there.

        Raises:
            RunError: it cannot be written.
        """
        slots = {str(slot): row.tolist() for slot, row in sorted(values.items())}
        text = json.dumps({"of": self.of, "slots": slots})
        write_atomically(self.path, text, error=RunError)

    def _damaged(self) -> RunError:
        return RunError(f"{self.path} is damaged; delete it and run 'hwnas train' again")


def judge_choices(
    file: JudgedChoices,
    selector: Selector,
    mixing: MixingSupernet,
    mixture: Sequence[Tensor],
    images: Split,
    *,
    seed: int,
    device: str,
    listener: Listener,
) -> None:
    """Fills the file of values; what is known is not judged again.

    Args:
        file: of the values.
        selector: whose they are.
        mixing: with its trained weights.
        mixture: L tensors (C,), the share that each choice has.
        images: that no weights were learnt on.
        seed: of the order of the slots.
        device: see `hwnas.training.placement.choose_device`.
        listener: is told how far it is.

    Raises:
        RunError: the file is damaged, or cannot be written; or a loss is no finite number.
    """
    known = file.read()
    order = np.random.default_rng([seed, _ORDER]).permutation(len(mixture)).tolist()
    some, place = images.sample(selector.images), choose_device(device)
    labels = torch.from_numpy(some.labels).to(place)
    title = f"judging choices of {mixing.supernet.space.name} on {len(some):,} images"
    with placed(mixing, place), listener.progress(title, "slots") as update:

        def loss(shares: Sequence[Tensor]) -> float:
            of_place = [one.to(place, torch.float32) for one in shares]
            # Batch norms have the statistics of each batch: those of the training are of the whole
            # mixture.
            mixing.train()
            total, done = 0.0, 0
            with torch.no_grad():
                for batch in in_order(some.images, place, _BATCH, mixing.conventions):
                    target = labels[done : done + len(batch)]
                    logits = mixing(batch, of_place)
                    total += float(functional.cross_entropy(logits, target, reduction="sum"))
                    done += len(batch)
            if not math.isfinite(total):
                raise RunError(
                    "the loss of a mixture is no finite number; train again with a lower "
                    "learning rate"
                )
            return total / done

        def keep(slot: int, row: NDArray[np.float64]) -> None:
            known[slot] = row
            file.write(known)
            update(len(known), len(order), "")

        file.write(selector.values(mixture, loss, order, dict(known), keep))


def what_values_are_of(weights: Path, selector: Selector) -> str:
    """A text that is equal exactly for equal values: weights say images and seed.

    Raises:
        RunError: see `load_weights`.
    """
    tensors = dict(sorted(load_weights(weights)[0].items()))
    return f"{selector.name} {selector.model_dump_json()} of {weights_digest(tensors)}"
