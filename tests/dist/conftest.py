"""The distribution of `make dist`, installed on each Python of this machine."""

import subprocess
import sys
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.dist.distribution import ROOT, Distribution, only
from tests.dist.environments import (
    Environment,
    environment,
    installed_requirements,
    linked_requirements,
)
from tests.dist.pythons import THIS, VERSIONS, python


@pytest.fixture(scope="session")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """What lies in dist/, and a wheel that is built outside of the repository from its sdist."""
    sdist = only(ROOT / "dist", "*.tar.gz")
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    source = only(folder, "hwnas-*")
    subprocess.run([sys.executable, "-m", "build", "--wheel", source], check=True, cwd=folder)
    return Distribution(only(ROOT / "dist", "*.whl"), sdist, only(source / "dist", "*.whl"))


Environments = Callable[..., Environment]


@pytest.fixture(scope="session")
def environments(
    distribution: Distribution, tmp_path_factory: pytest.TempPathFactory
) -> Environments:
    """Makes a fresh environment of a Python with a wheel in it."""

    @cache
    def make(version: str, wheel: Path = distribution.wheel) -> Environment:
        interpreter = python(version)
        folder = tmp_path_factory.mktemp(f"python{version}")
        if version == THIS:
            requirements = linked_requirements(folder / "requirements", distribution)
        else:
            requirements = installed_requirements(interpreter, distribution)
        return environment(folder / "venv", interpreter, wheel, requirements)

    return make


@pytest.fixture(scope="session", params=VERSIONS)
def installed(request: pytest.FixtureRequest, environments: Environments) -> Environment:
    """A fresh environment with the wheel, on one Python after the other."""
    return environments(request.param)


@pytest.fixture(scope="session", params=VERSIONS)
def installed_from_sdist(
    request: pytest.FixtureRequest, environments: Environments, distribution: Distribution
) -> Environment:
    """A fresh environment with the wheel that is built from the sdist."""
    return environments(request.param, distribution.sdist_wheel)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """An empty folder outside of the repository."""
    return tmp_path
