"""Which whole networks of a space are measured: for the fit of a model, and for its check."""

from collections.abc import Iterator
from itertools import count, islice

import numpy as np

from hwnas.core.errors import ConfigError
from hwnas.latency.estimate import LEAST_NETWORKS
from hwnas.latency.whole_networks import BATCH
from hwnas.networks.blocks import Network
from hwnas.runs.profile_config import ProfileConfig
from hwnas.spaces import SearchSpace
from hwnas.spaces.sampling import spread_sample

Networks = tuple[list[Network], list[Network]]
"""Those to fit by, and those to check by."""

# Seeds of draws; those of the check are far from those of the fit.
_FIT, _CHECK = 1_000, 1_000_000
# So many draws in a row that bring nothing new, and a space has given what it has.
_FRUITLESS = 3


def sampled_networks(space: SearchSpace, counts: ProfileConfig, *, singly: bool = True) -> Networks:
    """Whole networks to measure, for the fit and for the check: always the same ones.

    Args:
        space: whose networks.
        counts: how many.
        singly: whether blocks are measured by themselves. Then each set goes from small networks to
            large ones; the smallest and the largest of the space are for the fit, so that it need
            not extrapolate. Else any first few of the fit are spread over the whole space, and
            more networks begin with the same ones: what is measured already is used.

    Raises:
        ConfigError: there are no two networks to check by, or too few to fit by.
    """
    fit, check = counts.fit_count(singly=singly), counts.check_networks
    if not singly and space.size > fit + check:
        return _without_blocks(space, fit, check)
    found = _spread(space, fit, fit + check)
    if not singly and len(found[0]) < LEAST_NETWORKS:
        raise ConfigError(
            f"the space {space.name} holds {space.size} networks, too few to estimate its blocks "
            "from half of them; measure its blocks (leave out profile.blocks)"
        )
    return found


def _spread(space: SearchSpace, fit: int, wanted: int) -> Networks:
    networks = space.networks(spread_sample(space, np.random.default_rng(0), wanted))
    if len(networks) < wanted:  # a tiny space: half of what there is for each
        fit = len(networks) // 2
    if len(networks) - fit < 2:
        raise ConfigError(
            f"the space {space.name} holds {len(networks)} networks, too few to check a latency "
            "model by; 'hwnas profile --model' times a single network"
        )
    chosen = set(np.linspace(0, len(networks) - 1, fit).round().astype(int).tolist())
    return (
        [network for index, network in enumerate(networks) if index in chosen],
        [network for index, network in enumerate(networks) if index not in chosen],
    )


def _without_blocks(space: SearchSpace, fit: int, check: int) -> Networks:
    ends = space.networks(spread_sample(space, np.random.default_rng(0), 2))
    judging = list(islice(_drawn(space, _CHECK, set(ends)), check))
    others = _drawn(space, _FIT, {*ends, *judging})
    return [*ends, *islice(others, fit - len(ends))], judging


def _drawn(space: SearchSpace, seed: int, seen: set[Network]) -> Iterator[Network]:
    """Distinct networks beside those seen, each `BATCH` of them spread over the space."""
    fruitless = 0
    for number in count():
        generator = np.random.default_rng(seed + number)
        rows = generator.permutation(spread_sample(space, generator, BATCH))
        new = [network for network in space.networks(rows) if network not in seen]
        fruitless = 0 if new else fruitless + 1
        if fruitless == _FRUITLESS:
            return
        seen.update(new)
        yield from new
