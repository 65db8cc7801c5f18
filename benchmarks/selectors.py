r"""Values of choices that are read off a mixing supernet: what they cost, and how well they rank.

    python -m benchmarks.selectors --saliency --table nas-bench-macro_cifar10.json \
        [--data data/cifar10/train] [--json]

`--saliency`: FreeDARTS at initialisation. For each seed 500 networks of NAS-Bench-Macro are ranked
by the sum of the saliencies of their choices in every form, with weights of each choice's own and
with shared ones: Kendall's tau with the published accuracies over all of them, and its mean within
ten bins of about equal MACs, beside those of MACs, parameters and the number of blocks. The forms
that look at images need `--data`. Then the seconds of each form in a space of 20 slots with 9
choices at 32 pixels.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.macro_table import Macro, Scores
from hwnas.data import ImageDataset, Split, load_dataset
from hwnas.estimators.drawn_images import IMAGES, drawn
from hwnas.estimators.free_darts.flow_form import flow_saliencies
from hwnas.estimators.free_darts.loss_forms import loss_saliencies
from hwnas.objectives.costs import PARAMETERS
from hwnas.objectives.statistics.ranking import ranking_report
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace
from hwnas.spaces.config import SpaceConfig, build_space, read_space
from hwnas.supernet.mixing import MixingSupernet

BINS = 10
Form = Callable[[MixingSupernet, Split], list[NDArray[np.float64]]]
FORMS: dict[str, Form] = {
    "synflow": lambda mixing, _: flow_saliencies(mixing),
    "snip": lambda mixing, images: loss_saliencies(mixing, images, "snip"),
    "grasp": lambda mixing, images: loss_saliencies(mixing, images, "grasp"),
}
WITHOUT_IMAGES = ("synflow",)


def main() -> None:
    """Prints a table, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--saliency", action="store_true", required=True)
    parser.add_argument("--table", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--data", type=Path, help="CIFAR-10's train folder")
    parser.add_argument("--networks", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    result = {
        "networks": options.networks,
        "seeds": options.seeds,
        "ranking": ranking(options),
        "cost": cost(options.seeds),
    }
    print(json.dumps(result))


def ranking(options: argparse.Namespace) -> dict[str, Any]:
    """Taus of every form, and of what it is compared with."""
    macro = Macro.load(options.table)
    images = options.data and load_dataset(str(options.data), resolution=macro.space.resolution)
    sizes = {
        "MACs": macro.cost.evaluate(macro.rows),
        "params": Trellis.of(macro.space, PARAMETERS).evaluate(macro.rows),
        "number of blocks": (macro.rows > 0).sum(axis=1).astype(np.float64),
    }
    result = {
        name: _shown(macro, name, [scores] * options.seeds, options.networks)
        for name, scores in sizes.items()
    }
    for name in FORMS if images else WITHOUT_IMAGES:
        for own in (True, False):
            every = [_scores(macro, name, seed, own, images) for seed in range(options.seeds)]
            label = f"{name}, {'own' if own else 'shared'} weights"
            result[label] = _shown(macro, label, every, options.networks)
    return result


def _scores(macro: Macro, form: str, seed: int, own: bool, images: ImageDataset | None) -> Scores:
    """(N,) of all networks."""
    mixing = MixingSupernet(macro.space, seed, own_weights=own)
    batch = drawn(images.train, seed) if images else _noise(macro.space, 0)
    values = FORMS[form](mixing, batch)
    each = [one[macro.rows[:, slot]] for slot, one in enumerate(values)]
    return np.asarray(np.sum(each, axis=0))


def _shown(macro: Macro, name: str, every: list[Scores], networks: int) -> dict[str, Any]:
    """Prints a line, and gives the figures of it."""
    macs = macro.cost.evaluate(macro.rows)
    whole, within = [], []
    for seed, scores in enumerate(every):
        places = macro.drawn(seed, networks)
        truth = macro.mean[places]
        bins = _bins(macs[places])
        whole.append(_tau([scores[places]], [truth]))
        within.append(_tau([scores[places][one] for one in bins], [truth[one] for one in bins]))
    print(
        f"{name:24} tau {np.mean(whole):6.3f} ±{np.std(whole, ddof=1):.3f}   "
        f"within equal MACs {np.mean(within):6.3f} ±{np.std(within, ddof=1):.3f}"
    )
    return {"tau": whole, "within_equal_macs": within}


def _bins(macs: Scores) -> list[NDArray[np.int64]]:
    """Places of networks by their MACs: equally many, as far as no two of equal MACs part."""
    edges = np.quantile(macs, np.linspace(0, 1, BINS + 1)[1:-1])
    numbers = np.searchsorted(edges, macs, side="right")
    return [np.flatnonzero(numbers == one) for one in range(BINS)]


def _tau(estimates: list[Scores], truths: list[Scores]) -> float:
    """The mean over pairs of estimates and truths."""
    tau = ranking_report(estimates, truths).tau
    assert tau is not None
    return tau.mean


def cost(seeds: int) -> dict[str, Any]:
    """Seconds of every form, the supernet's first weights included."""
    space = large_space()
    slots, choices = len(space.slots), {len(slot.choices) for slot in space.slots}
    result: dict[str, Any] = {"slots": slots, "choices": sorted(choices)}
    for name, form in FORMS.items():
        taken = []
        for seed in range(seeds):
            wall, cpu = time.perf_counter(), time.process_time()
            form(MixingSupernet(space, seed, own_weights=True), _noise(space, seed))
            taken.append((time.perf_counter() - wall, time.process_time() - cpu))
        seconds, of_cores = np.median(taken, axis=0).tolist()
        print(f"{name:24} {seconds:.2f} s, {of_cores:.2f} s of cores")
        result[name] = {"seconds": seconds, "core_seconds": of_cores}
    return result


def large_space() -> SearchSpace:
    """20 slots of 9 choices at 32 pixels: those of MobileNetV3, without skips."""
    config = read_space("once_for_all_mobilenet_v3")
    assert isinstance(config, SpaceConfig)
    stages = [one.model_copy(update={"depth": (4, 4)}) for one in config.stages]
    return build_space(config.model_copy(update={"stages": tuple(stages)}), 32, 10)


def _noise(space: SearchSpace, seed: int) -> Split:
    """Random images, which take as long as others."""
    generator = np.random.default_rng(seed)
    size = (IMAGES, 3, space.resolution, space.resolution)
    pixels = generator.integers(0, 256, size, dtype=np.uint8)
    return Split(pixels, generator.integers(0, space.classes, IMAGES))


if __name__ == "__main__":
    main()
