"""The network that is framed in heat maps: what was exported, or else the best of the front."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwnas.networks.blocks import Network, block_from_dict
from hwnas.runs.folder import RunFolder
from hwnas.runs.searching import RunSearch
from hwnas.runs.summary_form import ExportSummary, Summary
from hwnas.spaces import Space


@dataclass(frozen=True)
class Framed:
    """A network.

    Attributes:
        chosen: the choice of each slot.
        words: what it is, as in "the best network of the front".
    """

    chosen: Sequence[int]
    words: str


def winner_network(folder: RunFolder) -> Network | None:
    """The exported network; None where its `config.json` cannot be read."""
    try:
        content = json.loads((folder.export_folder("winner") / "config.json").read_bytes())
        return tuple(map(block_from_dict, content["blocks"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def framed_network(
    result: RunSearch, space: Space, exported: ExportSummary | None, winner: Network | None
) -> Framed | None:
    """The exported winner, or the best of what was exported on request, or of the front.

    None where the front is empty and nothing was exported.
    """
    if isinstance(exported, Summary) and winner is not None:
        try:
            return Framed(space.architectures([winner])[0].tolist(), "the exported winner")
        except ValueError:  # a changed file's
            pass
    picks = list(() if exported is None else exported.picks)
    for best in sorted(picks, key=lambda one: math.inf if one.score is None else -one.score):
        try:
            (row,) = space.of_numbers(np.array(best.architecture)).tolist()
        except ValueError:  # a changed file's
            continue
        return Framed(row, f"the network {best.id}, exported on request,")
    if len(result.front.scores):
        return Framed(result.front.architectures[-1].tolist(), "the best network of the front")
    return None
