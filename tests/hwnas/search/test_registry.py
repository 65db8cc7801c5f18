import subprocess
import sys
from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.search.searchers import SEARCHERS, make_searcher, searcher_class, searcher_settings
from hwnas.search.searchers.layernas import LayerNASSettings
from tests.hwnas.search.problems import macro_problem

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", SEARCHERS)
def test_a_searcher_is_registered_under_its_own_name(name: str) -> None:
    assert searcher_class(name).name == name


def test_an_unknown_searcher_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'annealing'.*surrogate, layernas, nsga2, .*, random"):
        searcher_class("annealing")


@pytest.mark.parametrize("name", SEARCHERS)
def test_every_setting_has_a_default(name: str) -> None:
    assert make_searcher(name, macro_problem(), 20, 0).settings == searcher_settings(name, {})


def test_settings_reach_the_searcher() -> None:
    searcher = make_searcher("layernas", macro_problem(), 20, 0, {"keep": 5})
    assert searcher.settings == LayerNASSettings(buckets=30, keep=5)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("layernas", {"kep": 5}, "layernas: unknown key 'kep'; did you mean 'keep'"),
        ("layernas", {"buckets": 0}, "'buckets' is 0, but input should be greater than or equal"),
        ("nsga3", {"start": "warm"}, "'start' is 'warm', but input should be 'random' or 'surrog"),
        ("random", {"batch": 5}, "random has no settings, leave batch out"),
    ],
)
def test_a_wrong_setting_is_refused(name: str, given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        make_searcher(name, macro_problem(), 20, 0, given)


def test_importing_the_registry_imports_no_heavy_library() -> None:
    code = (
        "import sys, hwnas.search\n"
        "print([m for m in ('pymoo', 'moocore', 'sklearn', 'scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
