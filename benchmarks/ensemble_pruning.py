"""SAEP's three ways on small classifiers of digits: how many members can be left out?

Each seed draws a pool of small classifiers of scikit-learn's digits. Members are chosen on
validation images, and the whole pool is compared with what is left of it on test images. There are
three kinds of pools: networks of one family, trained alike; the same, each on some of the pixels
and images; and a mixture of nearest neighbours and trees on such parts. PIE is tried with several
shares of diversity.

    python -m benchmarks.ensemble_pruning --json
"""

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from hwnas.ensembles.pool import Pool
from hwnas.ensembles.pruning import WAYS, Fits, Members, by_information

_TRAIN, _VALIDATION = 900, 450  # images; the other 447 are for the test
_CLASSES = 10

Values = NDArray[np.float64]
Labels = NDArray[np.int64]
Classifier = Callable[[Values], Values]
"""Pixels (N, P) → probabilities (N, 10)."""


def network(
    pixels: Values, labels: NDArray[np.int64], generator: np.random.Generator
) -> Classifier:
    """Random features of one hidden layer, of a width by chance, and a ridge regression on them."""
    width = int(generator.integers(40, 161))
    weights = generator.standard_normal((pixels.shape[1], width)) / 8
    bias = generator.standard_normal(width)

    def features(some: Values) -> Values:
        found: Values = np.maximum(some @ weights + bias, 0)
        return found

    inputs, wanted = features(pixels), np.eye(_CLASSES)[labels]
    outputs = np.linalg.solve(inputs.T @ inputs + np.eye(width), inputs.T @ wanted)

    def classify(some: Values) -> Values:
        powers = np.exp(5 * (features(some) @ outputs))
        found: Values = powers / powers.sum(1, keepdims=True)
        return found

    return classify


def mixed(pixels: Values, labels: Labels, generator: np.random.Generator) -> Classifier:
    """Nearest neighbours or a tree."""
    one: Any
    if generator.random() < 0.5:
        one = DecisionTreeClassifier(max_depth=int(generator.integers(4, 13)), random_state=0)
    else:
        one = KNeighborsClassifier(int(generator.integers(1, 16)))
    one.fit(pixels, labels)

    def classify(some: Values) -> Values:
        found = np.zeros((len(some), _CLASSES))
        found[:, one.classes_] = one.predict_proba(some)  # it may not have seen every class
        return found

    return classify


KINDS = {"alike": network, "unequal": network, "mixed": mixed}


def _pie(share: float) -> Callable[[Pool, int, Fits, int], Members]:
    def prune(pool: Pool, most: int, fits: Fits, seed: int) -> Members:
        return by_information(pool, most, fits, seed, share)

    return prune


TRIED = {
    "PRS": WAYS["PRS"],
    "PAP": WAYS["PAP"],
    **{f"PIE {share:g}": _pie(share) for share in (0.5, 0.3, 0.1)},
}


def pools(kind: str, seed: int, count: int) -> tuple[Pool, Pool]:
    """The same classifiers on validation and test images."""
    generator = np.random.default_rng(seed)
    pixels, labels = load_digits(return_X_y=True)
    pixels = pixels / 16
    order = generator.permutation(len(labels))
    train, validation, test = np.split(order, [_TRAIN, _TRAIN + _VALIDATION])
    of_validation, of_test = [], []
    for _ in range(count):
        some, images = np.arange(64), train
        if kind != "alike":
            some = generator.choice(64, generator.integers(16, 49), replace=False)
            images = generator.choice(train, generator.integers(150, _TRAIN + 1))
        one = KINDS[kind](pixels[np.ix_(images, some)], labels[images], generator)
        of_validation.append(one(pixels[np.ix_(validation, some)]))
        of_test.append(one(pixels[np.ix_(test, some)]))
    return (
        Pool(np.stack(of_validation), labels[validation]),
        Pool(np.stack(of_test), labels[test]),
    )


def _everything(members: Sequence[int]) -> bool:
    """There is no budget."""
    del members
    return True


def measure(
    kind: str, seeds: Sequence[int], count: int, left: Sequence[int]
) -> list[dict[str, Any]]:
    """Accuracies on test images, in percent, for each number of members that are left."""
    whole: list[float] = []
    pruned: dict[tuple[int, str], list[float]] = {
        (each, name): [] for each in left for name in TRIED
    }
    for seed in seeds:
        validation, test = pools(kind, seed, count)
        whole.append(test.accuracy(range(count)))
        for each, name in pruned:
            members = TRIED[name](validation, each, _everything, seed)
            pruned[each, name].append(test.accuracy(members))
    return [
        {
            "pool": kind,
            "seeds": list(seeds),
            "members": count,
            "left": each,
            "fewer_percent": 100 * (count - each) / count,
            "whole": float(np.mean(whole)),
            "ways": {
                name: {
                    "accuracy": float(np.mean(pruned[each, name])),
                    "lost": float(np.mean(whole) - np.mean(pruned[each, name])),
                    "each": pruned[each, name],
                }
                for name in TRIED
            },
        }
        for each in left
    ]


def main() -> None:
    """Prints a table, and the same as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--members", type=int, default=20, help="of the whole ensemble")
    parser.add_argument("--left", type=int, nargs="+", default=[14, 10, 6], help="of them")
    parser.add_argument("--json", action="store_true", help="the JSON alone")
    options = parser.parse_args()
    found = []
    for kind in KINDS:
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        found += measure(kind, seeds, options.members, options.left)
    for one in [] if options.json else found:
        ways = ", ".join(
            f"{name} {way['accuracy']:.2f} % ({way['lost']:+.2f} lost)"
            for name, way in one["ways"].items()
        )
        print(
            f"{one['pool']}, {one['members']} members {one['whole']:.2f} %; {one['left']} left "
            f"({one['fewer_percent']:.0f} % fewer): {ways}"
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
