"""The keys of a config that name weights for its supernet to start from: which go together."""

from collections.abc import Collection

from hwnas.estimators.estimator import Estimator
from hwnas.estimators.registry import SUPERNET_FILE

STARTS = ("from_ofa", "pretrained", "from_supernet")
"""Weights of `from_supernet` may be of a training that began with one of the others."""


def check_start(given: Collection[str], estimator: Estimator) -> None:
    """Refuses weights to start from that exclude each other, or that nothing starts from.

    Args:
        given: those of `STARTS` that a config sets.
        estimator: of the same config, made of the parts that it names.

    Raises:
        ValueError: with a sentence.
    """
    if "from_ofa" in given and "pretrained" in given:
        raise ValueError(
            "from_ofa and pretrained are both set, and a supernet starts from one of them; "
            "leave one of them out"
        )
    for key in given:
        # Networks that are trained each alone inherit from a pretrained one.
        inherits = estimator.trains_candidates and key == "pretrained"
        trains = (estimator.weights is not None or estimator.trains_candidates) and not inherits
        if trains and estimator.weights != SUPERNET_FILE and not estimator.takes_start:
            raise ValueError(
                f"{key}: the weights are for a supernet, and accuracy.estimator: {estimator.name} "
                "trains none; leave one of them out"
            )
