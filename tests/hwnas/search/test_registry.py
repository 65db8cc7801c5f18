import subprocess
import sys
from pathlib import Path

import pytest

from devices.errors import ConfigError
from hwnas.search import SEARCHERS, searcher_class

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", SEARCHERS)
def test_a_searcher_is_registered_under_its_own_name(name: str) -> None:
    assert searcher_class(name).name == name


def test_an_unknown_searcher_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'annealing'.*layernas, surrogate, nsga2, random"):
        searcher_class("annealing")


def test_importing_the_registry_imports_no_heavy_library() -> None:
    code = (
        "import sys, hwnas.search\n"
        "print([m for m in ('pymoo', 'moocore', 'sklearn', 'scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
