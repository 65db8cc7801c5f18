"""One supernet of several resolutions and widths, from the config to the search."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.data import ImageDataset, load_dataset
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.estimators.supernet.training import load_supernet
from tests.hwnas.cli.conftest import Terminal
from tests.hwnas.cli.test_resolution_and_width import (
    ALONE,
    TRAINING,
    family,
    front,
    several,  # noqa: F401
)

JUDGED = f"""{ALONE}
data: {{source: digits, limit: 100}}
train: {TRAINING}
fine_tune: {TRAINING}
""".replace("estimator: macs", "estimator: supernet").replace(
    "evaluations: 100", "evaluations: 4, searchers: [random]"
)


def digits(resolution: int) -> ImageDataset:
    """What the config names."""
    return load_dataset("digits", resolution=resolution, limit=100)


def test_a_run_judges_every_network_with_one_supernet_at_its_own_resolution(
    several: Path,  # noqa: F811
    terminal: Terminal,
) -> None:
    (several / "judged.yaml").write_text(JUDGED)
    trained = terminal("train", "judged.yaml", "--json")
    assert trained.code == 0, trained.stderr
    searched = terminal("search", "judged.yaml")
    assert searched.code == 0, searched.stderr
    inputs = EstimatorInputs(
        family(),
        images=lambda: digits(12),
        images_at=digits,
        weights=several / "runs/judged/supernet.safetensors",
    )
    judge = SupernetAccuracy(load_supernet(inputs), [inputs.dataset_at(8), inputs.dataset_at(12)])
    rows = front("runs/judged")
    assert rows
    for row in rows:
        architecture = np.array(row["architecture"].split(), dtype=int)
        judged = float(list(row.values())[1])  # the column behind the id
        assert judged == pytest.approx(judge.evaluate_architectures(architecture)[0], rel=1e-5)
