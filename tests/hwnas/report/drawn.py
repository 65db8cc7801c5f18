"""Networks drawn for a page without a run: two of them, found by one searcher."""

from typing import Any

import numpy as np

from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import block_key
from hwnas.report.networks import Drawings
from hwnas.report.points import DrawnPoints, DrawnReference
from hwnas.spaces import load_space

SPACE = load_space("nas_bench_macro", resolution=16, classes=4)
ROWS = SPACE.sample(np.random.default_rng(0), 2)
NETWORKS = SPACE.networks(ROWS)
MODEL = LatencyModel(
    {block_key(block): 0.25 for block in SPACE.blocks()}, Correction("overhead + scale", 0.5)
)


def two_networks(**changed: Any) -> DrawnPoints:
    """Two networks of 91 and 92 %, some of what is known of them replaced."""
    drawings = Drawings()
    content: dict[str, Any] = {
        "groups": ["surrogate"],
        "ms": np.array([1.0, 2.0]),
        "score": np.array([91.0, 92.0]),
        "member": np.array([1, 1]),
        "kept": np.array([True, False]),
        "ids": ["a", "b"],
        "architectures": [" ".join(map(str, row)) for row in ROWS.tolist()],
        "blocks": [drawings.add(network, MODEL) for network in NETWORKS],
        "front": [0, 1],
        "knee": 1,
        "references": [DrawnReference("v3", drawings.add(NETWORKS[0], MODEL), 1.0)],
        "drawings": drawings,
    }
    return DrawnPoints(**content | changed)
