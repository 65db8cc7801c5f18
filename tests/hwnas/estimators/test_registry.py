import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.estimators import ESTIMATORS, SUPERNET, find_estimator
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.loading import load_estimator
from hwnas.estimators.scores import ScoreInfo, Scores
from hwnas.runs.config import RunConfig
from hwnas.runs.estimating import make_scores, scores_without_weights
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from tests.hwnas.search.problems import macro
from tests.hwnas.supernet.helpers import TINY_YAML

OURS = {name: find_estimator(name) for name in ESTIMATORS.ours}
UNTRAINED = [
    name
    for name, one in OURS.items()
    if not one.needs_file and one.weights is None and not one.trains_candidates
]
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


@pytest.mark.parametrize("name", OURS)
def test_an_estimator_is_found_by_its_own_name(name: str) -> None:
    assert find_estimator(name).name == name


@pytest.mark.parametrize("name", UNTRAINED)
def test_an_estimator_scores_as_it_says(
    name: str, config: dict[str, object], tmp_path: Path
) -> None:
    estimator = find_estimator(name)
    if not estimator.needs_images:
        del config["data"]
    given = RunConfig.model_validate(config | {"accuracy": {"estimator": name}})
    experiment, folder = Experiment(given), RunFolder(tmp_path / "run")
    made = scores_without_weights(experiment, folder)
    assert made is not None
    rows = experiment.space.sample(np.random.default_rng(0), 3)
    scores = made.evaluate_architectures(rows)
    assert (made.exact is not None) == estimator.free
    if made.exact is not None:
        assert made.exact.evaluate(rows) == pytest.approx(scores, rel=1e-12)
    assert (made.info.estimator, made.info.unit) == (name, estimator.unit)
    assert made.identity["estimator"] == name
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["synflow", "jacob_cov", "free_darts", "free_darts_snip"])
def test_another_seed_gives_other_scores_that_are_kept_apart(
    name: str, config: dict[str, object], tmp_path: Path
) -> None:
    given = RunConfig.model_validate(config | {"accuracy": {"estimator": name}})
    experiment, folder = Experiment(given), RunFolder(tmp_path / "run")
    zero, one, by_config = (make_scores(experiment, folder, name, seed) for seed in (0, 1, None))
    rows = experiment.space.canonical([[0] * len(experiment.space.slots)])
    values = [made.evaluate_architectures(rows)[0] for made in (zero, one, by_config)]
    assert values[0] == values[2] != values[1]
    assert zero.identity == by_config.identity != one.identity


def test_only_accuracies_are_called_percentages() -> None:
    supernet, table, macs, synflow = (
        find_estimator(name).info() for name in (SUPERNET, "table", "macs", "synflow")
    )
    assert supernet.axis == "validation accuracy with supernet weights (%)"
    assert (supernet.column, table.column, macs.column) == (
        "validation_accuracy",
        "accuracy",
        "macs",
    )
    assert replace(table, label="accuracy in a.csv").axis == "accuracy in a.csv (%)"
    assert (macs.axis, synflow.axis) == ("MACs", "SynFlow (log score)")
    assert (macs.number(1234567.0), table.number(92.5)) == ("1,234,567", "92.50")
    assert macs.to_dict()["unit"] == "MACs"
    assert ScoreInfo.from_json(macs.to_json()) == macs


@pytest.mark.parametrize("given", [object(), dict])
def test_what_is_no_estimator_is_refused(given: object) -> None:
    with pytest.raises(ConfigError, match="instead of an Estimator; derive its class from"):
        find_estimator(given)  # type: ignore[arg-type]


class Unfinished(Estimator):
    name, label = "unfinished", "score"


class Asking(Unfinished):
    def __init__(self, count: int) -> None:
        self.count = count

    def scores(self, inputs: EstimatorInputs) -> Scores:
        raise NotImplementedError


@pytest.mark.parametrize(("given", "lacking"), [(Unfinished, "scores"), (Asking, "count")])
def test_a_class_of_which_no_estimator_can_be_made_is_refused(
    given: type[Estimator], lacking: str
) -> None:
    sentence = f"cannot be made of its class: TypeError: .*{lacking}.*; define what it lacks, or"
    with pytest.raises(ConfigError, match=sentence):
        find_estimator(given)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("macs", {"file": "a.csv"}, "macs does not take a CSV of known accuracies; leave file out"),
        ("synflow", {"data": "digits"}, "synflow does not take images; leave data out"),
        ("table", {"weights": "w", "file": "a"}, "table does not take trained weights; leave weig"),
        ("macs", {"latency": 1}, "macs does not take a latency model; leave latency out"),
        ("table", {}, "table needs a CSV of known accuracies: file='known.csv'"),
        ("jacob_cov", {}, "jacob_cov needs images: data='my_images'"),
    ],
)
def test_an_estimator_takes_what_it_needs_and_nothing_else(
    name: str, given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_estimator(name, macro(), **given)  # type: ignore[arg-type]


def test_a_name_in_place_of_a_space_is_refused() -> None:
    with pytest.raises(ConfigError, match="the space is str; give a search space"):
        load_estimator("macs", "nas_bench_macro")  # type: ignore[arg-type]


def test_importing_the_registry_imports_no_heavy_library() -> None:
    code = (
        "import sys, hwnas.estimators\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'numpy') if m in sys.modules])\n"
        "hwnas.estimators.find_estimator('supernet')\n"
        "print([m for m in ('torch', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
