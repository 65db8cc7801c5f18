import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError
from hwnas.search.exact.climbed import ClimbedScore
from hwnas.search.searchers import SEARCHERS, make_searcher, searcher_class, searcher_settings
from hwnas.search.searchers.layernas import LayerNASSettings
from hwnas.search.searchers.random_search import RandomSearch
from tests.hwnas.search.problems import SyntheticScore, macro, macro_problem
from tests.installed import install

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", SEARCHERS.ours)
def test_a_searcher_is_registered_under_its_own_name(name: str) -> None:
    assert searcher_class(name).name == name


def test_an_unknown_searcher_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'tabu'.*surrogate, layernas, nsga2, .*, random"):
        searcher_class("tabu")


class Tabu(RandomSearch):
    name = "tabu"


def test_a_searcher_may_be_a_class() -> None:
    assert isinstance(make_searcher(Tabu, macro_problem(), 20, 0), Tabu)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("Tabu = 3\n", "is no subclass of hwnas.search.searchers.Searcher"),
        (
            "from hwnas.search.searchers.random_search import RandomSearch as Tabu\n",
            "has the name 'random'; both names must be the same",
        ),
    ],
)
def test_what_is_no_searcher_is_refused_with_its_package(
    code: str, sentence: str, site: Path
) -> None:
    install(site, "taboo", "hwnas.searchers", "tabu = taboo:Tabu", code)
    with pytest.raises(ConfigError) as caught:
        searcher_class("tabu")
    assert str(caught.value) == (
        f"the searcher 'tabu' (taboo:Tabu of taboo 1.0) {sentence}; correct that package"
    )


@pytest.mark.parametrize("name", SEARCHERS.ours)
def test_every_setting_has_a_default(name: str) -> None:
    problem = replace(macro_problem(), score=ClimbedScore(SyntheticScore(macro())))
    assert make_searcher(name, problem, 20, 0).settings == searcher_settings(name, {})


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
        "import sys, hwnas.search.searchers, hwnas.objectives.budgets\n"
        "print([m for m in ('pymoo', 'moocore', 'sklearn', 'scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
