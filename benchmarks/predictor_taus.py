"""How well the forms of a predictor rank networks that they have not seen.

Of NAS-Bench-Macro a predictor knows one training of each of some networks, and is judged by the
mean accuracies of all others. Of once-for-all's space the accuracies are synthetic; nothing in them
was fitted to what a predictor does:

    76 + 0.7 · blocks + 0.9 · log MACs + noise, in points

`blocks` adds up, over the slots, kernels and expansions, each times a weight that a seed draws for
that slot: absolute values of a normal distribution. It and the log of the MACs are scaled to
standard deviation 1 over 3000 random networks; `noise` has 0.15.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from benchmarks.macro_table import Macro
from hwnas.estimators.space_features import SpaceCosts, space_features
from hwnas.estimators.traits import choice_traits
from hwnas.objectives.costs import MACS
from hwnas.objectives.statistics.regression import every_form, fit_regression
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, Space, load_space

Values = NDArray[np.float64]

_DRAWN = 3000
_BLOCKS, _MACS, _NOISE = 0.7, 0.9, 0.15


@dataclass(frozen=True)
class Known:
    """Networks that a predictor is fitted to, and others.

    Attributes:
        rows, accuracies: (N, L) and (N,), what it knows.
        rest, true: (M, L) and (M,), what it is judged by.
    """

    rows: Architectures
    accuracies: Values
    rest: Architectures
    true: Values


def of_macro(macro: Macro, networks: int, seed: int) -> Known:
    """Some networks of NAS-Bench-Macro, and all others."""
    order = np.random.default_rng(seed).permutation(len(macro.rows))
    known, rest = np.split(order, [networks])
    observed = macro.observed(seed)[known]
    return Known(macro.rows[known], observed, macro.rows[rest], macro.mean[rest])


def of_once_for_all(space: Space, networks: int, seed: int) -> Known:
    """Random networks of synthetic accuracies."""
    generator = np.random.default_rng([seed, 0])
    rows = space.sample(generator, _DRAWN)
    blocks = np.zeros(_DRAWN)
    for traits, column in zip(choice_traits(space), rows.T, strict=True):
        weights = np.abs(generator.normal(size=2))
        blocks += traits[column, 1:] @ weights
    logarithms = np.log(Trellis.of(space, MACS).evaluate(rows))
    true = 76 + _BLOCKS * _scaled(blocks) + _MACS * _scaled(logarithms)
    observed = true + _NOISE * generator.normal(size=_DRAWN)
    return Known(rows[:networks], observed[:networks], rows[networks:], true[networks:])


def _scaled(values: Values) -> Values:
    scaled: Values = (values - values.mean()) / values.std()
    return scaled


def ranked(
    macro: Macro, networks: Sequence[int], seeds: int, without: Collection[str]
) -> Iterator[dict[str, Any]]:
    """A line of figures for each space and number of networks.

    Args:
        macro: NAS-Bench-Macro.
        networks: how many are known.
        seeds: draws of them.
        without: forms that a second choice is made without.
    """
    wide = load_space("once_for_all_mobilenet_v3")
    for space, draw in (
        (macro.space, partial(of_macro, macro)),
        (wide, partial(of_once_for_all, wide)),
    ):
        for count in networks:
            of_seeds = [draw(count, seed) for seed in range(seeds)]
            yield {"space": space.name, "networks": count, **_taus(space, of_seeds, without)}


def _taus(space: Space, of_seeds: Sequence[Known], without: Collection[str]) -> dict[str, Any]:
    features = space_features(space, SpaceCosts(space))
    taus: list[dict[str, float]] = []
    chosen: list[str] = []
    others: list[str] = []
    for known in of_seeds:
        fitted = fit_regression(space.choice_counts, known.rows, known.accuracies, features)
        forms = every_form(fitted, known.rows, known.accuracies)
        taus.append(
            {one.kind: kendalltau(one.predict(known.rest), known.true).statistic for one in forms}
        )
        left = {kind: one.tau for kind, one in fitted.errors.items() if kind not in without}
        chosen.append(fitted.kind)
        others.append(max(left, key=lambda kind: left[kind]))

    def mean(kinds: Sequence[str]) -> float:
        found = [own[kind] for own, kind in zip(taus, kinds, strict=True)]
        return round(float(np.mean(found)), 4)

    return {
        "tau": mean(chosen),
        "tau_without": mean(others),
        "tau_of_forms": {kind: mean([kind] * len(taus)) for kind in taus[0]},
        "chosen": {kind: chosen.count(kind) for kind in dict.fromkeys(chosen)},
    }
