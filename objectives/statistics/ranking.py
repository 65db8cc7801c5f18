"""How well an estimate ranks networks of known accuracy, beside the noise of training them twice.

The figures follow "How Does Supernet Help in Neural Architecture Search?" (Zhang et al. 2020, arXiv
2010.08219): one tau over everything hides that an estimate may tell good networks from bad ones and
yet fail to tell the best from the good.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.statistics.top_k import best_of_top, overlap

LEAST_NETWORKS = 10
# A tau of fewer says nothing.
_LEAST_IN_TOP = 5
TOP_SHARE = 0.1

Values = NDArray[np.float64]
_Figures = dict[str, float | None]


@dataclass(frozen=True)
class Figure:
    """A figure over several seeds.

    Attributes:
        mean: of those seeds that have one.
        spread: their sample standard deviation; None of a single one.
        seeds: one each, None where it is not defined.
    """

    mean: float
    spread: float | None
    seeds: tuple[float | None, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"mean": self.mean, "spread": self.spread, "seeds": list(self.seeds)}


@dataclass(frozen=True)
class RankingReport:
    """How well an estimate ranks, over seeds; None is what these networks cannot show.

    Attributes:
        networks: of each seed, how many were ranked.
        tau: Kendall's tau-b of estimate and truth.
        tau_in_top: the same among the truly best 10 %.
        precision: by k ("1", "10", "5 %", "10 %"), the share of the estimated top k that is in the
            true top k.
        regret: by k, the best true accuracy of all minus the best true one among the estimated top
            k, in the truth's unit (points of a percent).
        worst_half: when the half of the lowest estimates is dropped, the share of it that truly is
            in the worst half.
    """

    networks: tuple[int, ...]
    tau: Figure | None
    tau_in_top: Figure | None
    precision: Mapping[str, Figure]
    regret: Mapping[str, Figure]
    worst_half: Figure | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "networks": list(self.networks),
            "tau": self.tau and self.tau.to_dict(),
            "tau_in_top": self.tau_in_top and self.tau_in_top.to_dict(),
            "precision": {k: figure.to_dict() for k, figure in self.precision.items()},
            "regret": {k: figure.to_dict() for k, figure in self.regret.items()},
            "worst_half": self.worst_half and self.worst_half.to_dict(),
        }


def ranking_report(estimates: Sequence[Values], truths: Sequence[Values]) -> RankingReport:
    """How well estimates rank distinct networks of known accuracy.

    Networks must be told apart before, by their canonical architectures: one that stands for
    several equal ones would count several times.

    Args:
        estimates: of each seed, (N,) scores of networks, in any unit, more is better.
        truths: of each seed, (N,) known accuracies of the same networks.

    Raises:
        ValueError: no seed, arrays that do not fit, a score that is not a number, or fewer than 10
            networks.
    """
    if not estimates:
        raise ValueError("a ranking needs one seed or more")
    found = [_figures(*pair) for pair in zip(estimates, truths, strict=True)]
    return _report(found, [len(truth) for truth in truths])


def noise_ceiling(trainings: Sequence[Values]) -> RankingReport | None:
    """How well one training of networks ranks another one of the same networks.

    This is all that one training of each network can show. Only an estimate that averages, over
    several trainings or over networks as a fitted predictor does, can be expected to do better.
    Each training in turn is the estimate of each other one, on the networks that have both; the
    figures of a seed are the means of these.

    Args:
        trainings: of each seed, (N, R) accuracies, NaN where a network has fewer than R trainings.

    Returns:
        None where no two trainings have 10 networks in common.

    Raises:
        ValueError: no seed.
    """
    if not trainings:
        raise ValueError("a ranking needs one seed or more")
    found, networks = [], []
    for runs in trainings:
        pairs, counts = [], [0]
        for one, other in permutations(range(runs.shape[1]), 2):
            both = np.isfinite(runs[:, one]) & np.isfinite(runs[:, other])
            if np.count_nonzero(both) >= LEAST_NETWORKS:
                pairs.append(_figures(runs[both, one], runs[both, other]))
                counts.append(int(np.count_nonzero(both)))
        if not pairs:
            return None
        # Where pairs have unequally many networks, those that every pair can separate.
        named = [name for name in pairs[0] if all(name in pair for pair in pairs)]
        found.append({name: _mean([pair[name] for pair in pairs]) for name in named})
        networks.append(max(counts))
    return _report(found, networks)


def tops(networks: int) -> dict[str, int]:
    """The k of precision and regret among N networks: 1, 10, 5 % and 10 %, up to a third of N."""
    wanted = {"1": 1, "10": 10, "5 %": math.ceil(networks / 20), "10 %": math.ceil(networks / 10)}
    return {name: k for name, k in wanted.items() if 3 * k <= networks}


def _figures(estimate: Values, truth: Values) -> _Figures:
    """The figures of one seed by name, "precision 10" and "regret 10" of k = 10."""
    if estimate.shape != truth.shape or estimate.ndim != 1:
        raise ValueError(f"{estimate.shape} scores do not fit {truth.shape} known accuracies")
    if len(truth) < LEAST_NETWORKS:
        raise ValueError(f"a ranking needs {LEAST_NETWORKS} networks or more, not {len(truth)}")
    if not (np.isfinite(estimate).all() and np.isfinite(truth).all()):
        raise ValueError("a score or a known accuracy is not a number")
    best = np.argsort(-truth, kind="stable")[: math.ceil(TOP_SHARE * len(truth))]
    found: _Figures = {
        "tau": _tau(estimate, truth),
        "tau_in_top": _tau(estimate[best], truth[best]) if len(best) >= _LEAST_IN_TOP else None,
        "worst_half": overlap(-estimate, -truth, len(truth) // 2),
    }
    for name, k in tops(len(truth)).items():
        found[f"precision {name}"] = overlap(estimate, truth, k)
        found[f"regret {name}"] = float(truth.max()) - best_of_top(estimate, truth, k)
    return found


def _tau(estimate: Values, truth: Values) -> float | None:
    """Kendall's tau-b; 0 for an estimate that orders nothing, None where there is no order."""
    if truth.min() == truth.max():
        return None
    if estimate.min() == estimate.max():
        return 0.0
    from scipy.stats import kendalltau  # a second of import, which most commands need not wait for

    return float(kendalltau(estimate, truth).statistic)


def _report(found: Sequence[_Figures], networks: Sequence[int]) -> RankingReport:
    figures = {name: _figure([one.get(name) for one in found]) for name in found[0]}

    def by_k(kind: str) -> dict[str, Figure]:
        return {
            name.partition(" ")[2]: figure
            for name, figure in figures.items()
            if figure is not None and name.startswith(f"{kind} ")
        }

    return RankingReport(
        tuple(networks),
        figures["tau"],
        figures["tau_in_top"],
        by_k("precision"),
        by_k("regret"),
        figures["worst_half"],
    )


def _figure(values: Sequence[float | None]) -> Figure | None:
    defined = [value for value in values if value is not None]
    if not defined:
        return None
    spread = float(np.std(defined, ddof=1)) if len(defined) > 1 else None
    return Figure(float(np.mean(defined)), spread, tuple(values))


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
