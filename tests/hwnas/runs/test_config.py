import subprocess
import sys
from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.estimators import ESTIMATORS, find_estimator
from hwnas.runs.config import RunConfig, load_run_config

ROOT = Path(__file__).resolve().parents[3]


def load(**overrides: object) -> RunConfig:
    return load_run_config(
        "quickstart", {key.replace("__", "."): value for key, value in overrides.items()}
    )


@pytest.mark.parametrize(
    ("given", "held"),
    [(96, 96), ([96], 96), ([128, 96], (96, 128)), (None, None)],
)
def test_a_resolution_is_one_value_or_several_from_the_least(given: object, held: object) -> None:
    config = load(resolution=given)
    assert config.resolution == held
    assert RunConfig.model_validate(config.model_dump(mode="json")) == config


def test_budgets_of_a_training_without_paths_are_refused_by_their_name() -> None:
    given = {"accuracy__estimator": "sparse", "train__budgets": {"macs": 1e7}}
    sentence = (
        "train.budgets: budgets bound the paths of a supernet, and accuracy.estimator: sparse"
    )
    with pytest.raises(ConfigError, match=sentence):
        load(**given)


def test_settings_of_searchers_are_given_by_name() -> None:
    config = load(search__settings__layernas__keep=5, search__settings__nsga2={"population": 8})
    assert config.search.settings == {"layernas": {"keep": 5}, "nsga2": {"population": 8}}


def test_wrong_settings_are_refused_with_source_key_and_mend() -> None:
    sentence = (
        "^the command line: search.settings: layernas: unknown key 'kep'; "
        r"did you mean 'keep'\? \(known: buckets, children, defaults, keep, order, sweeps\)$"
    )
    with pytest.raises(ConfigError, match=sentence):
        load(search__settings__layernas__kep=5)


def test_settings_of_an_unknown_searcher_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"search\.settings: there is no searcher 'nsga9'"):
        load(search__settings__nsga9__population=5)


def test_settings_of_a_searcher_that_does_not_run_are_refused() -> None:
    with pytest.raises(ConfigError, match="settings: local is not among the searchers; add it"):
        load(search__settings__local__batch=4)


def test_a_sample_larger_than_its_population_is_refused() -> None:
    given = {"search__searchers": ["evolution"], "search__settings__evolution__sample": 50}
    with pytest.raises(ConfigError, match="sample is 50, more than the population of 20"):
        load(**given)


def test_a_searcher_that_is_named_twice_searches_once() -> None:
    searched = load(search__searchers=["surrogate", "random", "surrogate"]).search
    assert searched.searchers == ("surrogate", "random")


def test_an_asynchronous_search_is_for_searchers_that_can() -> None:
    given = {"search__searchers": ["random", "local"], "search__mode": "asynchronous"}
    assert load(**given).search.mode == "asynchronous"
    given["search__searchers"] = ["random", "nsga2"]
    with pytest.raises(ConfigError, match=r"search\.mode: nsga2 cannot search asynchronously: it"):
        load(**given)
    with pytest.raises(ConfigError, match="input should be 'synchronous' or 'asynchronous'"):
        load(search__mode="async")


FREE = {"space": "nas_bench_macro", "accuracy": {"estimator": "predictor", "file": "known.csv"}}


@pytest.mark.parametrize(
    "estimator", [name for name in ESTIMATORS.ours if find_estimator(name).free]
)
def test_scores_that_cost_nothing_are_searched_exactly_by_default(estimator: str) -> None:
    file = {"file": "a.csv"} if find_estimator(estimator).needs_file else {}
    accuracy = {"estimator": estimator} | file
    paths = {"paths": "mcts"} if estimator == "policy" else {}
    training = {"train": {"epochs": 1, **paths}, "fine_tune": {"epochs": 1}}
    given = {**FREE, "accuracy": accuracy, "search": {"budgets": {}}, **training}
    search = RunConfig.model_validate(given).search
    assert (search.searchers, search.evaluations) == (("exact_front",), 5000)


def test_searchers_that_are_named_are_kept() -> None:
    search = {"budgets": {}, "searchers": ["surrogate"], "evaluations": 200}
    found = RunConfig.model_validate({**FREE, "search": search}).search
    assert (found.searchers, found.evaluations) == (("surrogate",), 200)


def test_scores_that_cost_nothing_are_not_searched_asynchronously() -> None:
    search = {"budgets": {}, "searchers": ["random"], "mode": "asynchronous"}
    with pytest.raises(ValueError, match="scores of predictor cost nothing to compute, and all of"):
        RunConfig.model_validate({**FREE, "search": search})


def test_settings_of_a_searcher_that_the_estimator_does_not_call_for_are_refused() -> None:
    search = {"budgets": {}, "settings": {"surrogate": {"aim": "best"}}}
    with pytest.raises(ValueError, match="surrogate is not among the searchers; add it"):
        RunConfig.model_validate({**FREE, "search": search})


def test_another_estimator_by_the_command_line_has_its_own_defaults(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "space: nas_bench_macro\naccuracy: {estimator: macs}\nsearch: {budgets: {}, seed: 3}\n"
    )
    assert load_run_config(str(path)).search.searchers == ("exact_front",)
    other = load_run_config(str(path), {"accuracy.estimator": "synflow"}).search
    assert (other.searchers, other.evaluations, other.seed) == (("surrogate",), 200, 3)
    named = {"accuracy.estimator": "synflow", "search.searchers": ["random"]}
    assert load_run_config(str(path), named).search.searchers == ("random",)


@pytest.mark.parametrize(
    ("written", "estimator"),
    [("darts", "unas"), ("sparse", "figs"), ("mixed", "bn"), ("unas", "sparse")],
)
def test_another_estimator_by_the_command_line_has_its_own_parts(
    tmp_path: Path, written: str, estimator: str
) -> None:
    path, expected = tmp_path / "c.yaml", tmp_path / "d.yaml"
    for file, name in ((path, written), (expected, estimator)):
        file.write_text(
            f"space: nas_bench_macro\naccuracy: {{estimator: {name}}}\nsearch: {{budgets: {{}}}}\n"
            "train: {epochs: 1}\nfine_tune: {epochs: 1}\n"
        )
    changed = load_run_config(str(path), {"accuracy.estimator": estimator})
    assert changed.accuracy.relaxation == load_run_config(str(expected)).accuracy.relaxation
    assert changed.accuracy.parts is None


def test_settings_of_a_relaxation_by_the_command_line_join_those_that_are_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "space: nas_bench_macro\naccuracy: {estimator: darts, relaxation: {rate: 0.5}}\n"
        "search: {budgets: {}}\ntrain: {epochs: 1}\nfine_tune: {epochs: 1}\n"
    )
    overrides = {"accuracy.estimator": "unas", "accuracy.relaxation.images": 0.25}
    found = load_run_config(str(path), overrides).accuracy.relaxation
    assert found is not None
    assert (found["rate"], found["images"], found["gradient"]) == (0.5, 0.25, "rebar")


def test_a_run_keeps_the_searchers_it_was_made_with() -> None:
    written = RunConfig.model_validate({**FREE, "search": {"budgets": {}}}).to_yaml()
    assert "- exact_front" in written
    assert "evaluations: 5000" in written


def test_reading_a_config_without_settings_imports_no_searcher() -> None:
    code = (
        "import sys\n"
        "from hwnas.runs.config import load_run_config\n"
        "load_run_config('quickstart')\n"
        "print([m for m in ('pymoo', 'moocore', 'sklearn', 'scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
