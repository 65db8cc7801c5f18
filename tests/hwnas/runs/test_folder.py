from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import RunError
from hwnas.runs.config import RunConfig, load_run_config
from hwnas.runs.folder import RunFolder


def config(key: str, value: Any) -> RunConfig:
    return load_run_config("quickstart", {"accuracy.estimator": "unas", key: value})


@pytest.mark.parametrize(
    ("key", "before", "after", "why"),
    [
        ("train.budgets", {}, {"macs": 1e7}, "train.budgets.macs is not set there"),
        (
            "accuracy.relaxation",
            {"penalty": {"hinge": {"warmup": 0.3}}},
            {"penalty": {"hinge": {"warmup": 0.3, "weight": 5}}},
            r"accuracy\.relaxation\.penalty\.hinge\.weight is not set there and 5 here",
        ),
    ],
)
def test_what_is_written_in_one_config_alone_is_a_difference(
    tmp_path: Path, key: str, before: Any, after: Any, why: str
) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.open(config(key, before)):
        pass
    folder.check(config(key, before))
    with pytest.raises(RunError, match=why):
        folder.check(config(key, after))
    folder.adopt(config(key, after))
    with pytest.raises(RunError, match="not set here"):
        folder.check(config(key, before))
