r"""A sparse supernet as it was trained, beside the network that is cut from a softmax mixture.

    python -m benchmarks.sparse_supernet --data cifar10 --table nas-bench-macro_cifar10.json \
        [--work FOLDER] --json

For each seed `sparse` and `darts` are trained on NAS-Bench-Macro's space for equal passes of images
(see `benchmarks.trained_relaxations`, whose files of `--work` are used). Then, without training
further, the accuracies on CIFAR-10's test images of

- `sparse`: the mixture that is left, without the choices whose weights are 0;
- `one choice`: of each of its slots the choice of the greatest weight alone;
- `argmax`: the most probable network of `darts` that has no more MACs than `sparse`.

Batch norms use the statistics of each batch. `zeros` is the share of weights that are exactly 0,
`MACs` those of what is left as a share of the whole mixture's.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.macro_images import MacroImages
from benchmarks.seed_means import means_of_seeds
from benchmarks.trained_relaxations import RECIPES, Setting
from hwnas.data import Split, load_dataset
from hwnas.estimators.supernet.learnt_values import read_learnt_values
from hwnas.objectives.costs import MACS
from hwnas.relaxation.sparse import WEIGHTS
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.problem import Limit, SearchProblem
from hwnas.supernet.mixing import MixingSupernet
from hwnas.training.inputs import in_order
from hwnas.training.training_state import load_trained

_BATCH = 500


def main() -> None:
    """Prints a line for each seed, and the means as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    MacroImages.add_options(parser)
    parser.set_defaults(work=Path("runs/trained_relaxations"), epochs=3, validation=500)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000, help="to train on")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.data, root = options.data / "train", options.data
    fields = {one.name: getattr(options, one.name) for one in dataclasses.fields(MacroImages)}
    setting = Setting(MacroImages(**fields), options.images)
    options.work.mkdir(parents=True, exist_ok=True)
    test = load_dataset(str(root), resolution=options.resolution).test
    assert test is not None
    found = []
    for seed in range(options.seeds):
        found.append(figures(setting, seed, test))
        print(f"seed {seed}: {json.dumps(found[-1])}", flush=True)
    print(json.dumps({"seeds": options.seeds, **means_of_seeds(found)}))


def figures(setting: Setting, seed: int, test: Split) -> dict[str, float]:
    """Of one seed."""
    space = setting.macro_images.space
    modules, paths = {}, {}
    for name in ("sparse", "darts"):
        paths[name] = setting.file(name, seed).with_suffix(".safetensors")
        setting.trained(RECIPES[name], seed, setting.file(name, seed))
        modules[name] = MixingSupernet(space, own_weights=True)
        load_trained(modules[name], paths[name], {})
    learnt = read_learnt_values(paths["sparse"], space, name=WEIGHTS)
    assert learnt is not None
    weights = learnt.values
    macs = _macs(setting, weights)
    argmax = setting.trained(RECIPES["darts"], seed, setting.file("darts", seed)).exact
    assert isinstance(argmax, SumScore)
    problem = SearchProblem(space, setting.cost, (Limit(setting.cost, macs),))
    cut = exact_best(argmax.trellis, problem)
    single = np.array([np.abs(one).argmax() for one in weights])
    every = [np.ones_like(one) for one in weights]
    return {
        "zeros": float(np.mean(np.concatenate(weights) == 0)),
        "MACs": macs / _macs(setting, every),
        "sparse": accuracy(modules["sparse"], [torch.from_numpy(one) for one in weights], test),
        "one choice": accuracy(modules["sparse"], _alone(single, weights), test),
        "argmax": accuracy(modules["darts"], _alone(cut, weights), test),
    }


def accuracy(mixing: MixingSupernet, weights: Sequence[Tensor], test: Split) -> float:
    """In per cent."""
    labels, right = torch.from_numpy(test.labels), 0
    mixing.train()
    order = np.random.default_rng(0).permutation(len(test))
    images, labels = test.images[order], labels[torch.from_numpy(order)]
    done = 0
    with torch.no_grad():
        for batch in in_order(images, torch.device("cpu"), _BATCH, mixing.conventions):
            predicted = mixing(batch, [one.float() for one in weights]).argmax(1)
            right += int((predicted == labels[done : done + len(batch)]).sum())
            done += len(batch)
    return round(100 * right / done, 2)


def _alone(row: NDArray[Any], weights: Sequence[NDArray[np.float64]]) -> list[Tensor]:
    return [
        torch.from_numpy((np.arange(len(one)) == choice).astype(np.float64))
        for one, choice in zip(weights, row.tolist(), strict=True)
    ]


def _macs(setting: Setting, weights: Sequence[NDArray[np.float64]]) -> float:
    """Of a mixture of the choices whose weights are not 0."""
    space = setting.macro_images.space
    blocks = [*space.prefix, *space.suffix]
    for slot, row in zip(space.slots, weights, strict=True):
        blocks += [block for block, one in zip(slot.choices, row.tolist(), strict=True) if one]
    return float(MACS.evaluate([tuple(blocks)])[0])


if __name__ == "__main__":
    main()
