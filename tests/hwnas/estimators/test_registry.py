import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hwnas.estimators import ESTIMATORS, SUPERNET
from hwnas.estimators.source import Origin
from hwnas.runs.config import RunConfig
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.judging import judge_without_weights, make_judge
from tests.hwnas.supernet.helpers import TINY_YAML

UNTRAINED = [name for name, one in ESTIMATORS.items() if not one.file and one.weights is None]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def config(tmp_path: Path) -> dict[str, object]:
    space = tmp_path / "tiny.yaml"
    space.write_text(TINY_YAML)
    return {
        "space": str(space),
        "resolution": 16,
        "search": {"budgets": {}},
        "data": {"source": "digits", "limit": 100},
    }


@pytest.mark.parametrize("name", UNTRAINED)
def test_an_estimator_judges_as_the_registry_says(
    name: str, config: dict[str, object], tmp_path: Path
) -> None:
    estimator = ESTIMATORS[name]
    if not estimator.images:
        del config["data"]
    given = RunConfig.model_validate(config | {"accuracy": {"source": name}})
    experiment, folder = Experiment(given), RunFolder(tmp_path / "run")
    judge = judge_without_weights(experiment, folder)
    assert judge is not None
    rows = experiment.space.sample(np.random.default_rng(0), 3)
    scores = judge.accuracy.evaluate_architectures(rows)
    assert (judge.known is not None) == estimator.free
    if judge.known is not None:
        assert judge.known.evaluate(rows) == pytest.approx(scores, rel=1e-12)
    assert (judge.origin.source, judge.origin.unit) == (name, estimator.unit)
    assert judge.identity["accuracy source"] == name
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["synflow", "jacob_cov"])
def test_another_seed_gives_other_scores_that_are_kept_apart(
    name: str, config: dict[str, object], tmp_path: Path
) -> None:
    given = RunConfig.model_validate(config | {"accuracy": {"source": name}})
    experiment, folder = Experiment(given), RunFolder(tmp_path / "run")
    zero, one, by_config = (make_judge(experiment, folder, name, seed) for seed in (0, 1, None))
    rows = experiment.space.canonical([[0] * len(experiment.space.slots)])
    values = [j.accuracy.evaluate_architectures(rows)[0] for j in (zero, one, by_config)]
    assert values[0] == values[2] != values[1]
    assert zero.identity == by_config.identity != one.identity


def test_only_accuracies_are_called_percentages() -> None:
    supernet, table, macs = Origin(SUPERNET), Origin("table", "a.csv"), Origin("macs")
    assert supernet.axis == "validation accuracy with supernet weights (%)"
    assert (supernet.column, table.column, macs.column) == (
        "validation_accuracy",
        "accuracy",
        "macs",
    )
    assert table.axis == "accuracy in a.csv (%)"
    assert (macs.axis, Origin("synflow").axis) == ("MACs", "SynFlow (log score)")
    assert (macs.number(1234567.0), table.number(92.5)) == ("1,234,567", "92.50")
    assert macs.to_dict()["unit"] == "MACs"
    assert Origin.from_json(macs.to_json()) == macs


def test_importing_the_registry_imports_no_heavy_library() -> None:
    code = (
        "import sys, hwnas.estimators\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
