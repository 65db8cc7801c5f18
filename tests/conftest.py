"""What all tests share: the folders of the person who runs them are neither read nor written."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.ray_cluster import ray_cluster  # noqa: F401

# Several processes of pytest share the cores. For numpy and torch, which read it when they are
# loaded, and for child processes.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The fixtures that start a Ray.
_OF_RAY = {"ray_cluster", "workers"}

# How long a machine takes is no matter of tests.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a Ray come first, so that one process of pytest-xdist has them all.

    It begins with one half of all tests, and others take from the end of that half only: no second
    cluster is started, and what lasts longest is not what the other processes wait for at the end.
    """
    items.sort(key=lambda item: _OF_RAY.isdisjoint(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session", autouse=True)
def folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set once and for child processes, too."""
    os.environ["HWNAS_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["HWNAS_CONFIG"] = str(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session", autouse=True)
def one_thread_of_sessions() -> Iterator[None]:
    """ONNX Runtime's threads wait by spinning: with two, tiny graphs take three times the CPU."""
    import onnxruntime

    whole = onnxruntime.InferenceSession.__init__

    def limited(self: Any, model: Any, sess_options: Any = None, *rest: Any, **named: Any) -> None:
        options = onnxruntime.SessionOptions() if sess_options is None else sess_options
        options.intra_op_num_threads = options.intra_op_num_threads or 1
        whole(self, model, options, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnxruntime.InferenceSession, "__init__", limited)
        yield


@pytest.fixture(autouse=True)
def only_installed_parts() -> Iterator[None]:
    """Runtimes and transports that a test passed as objects are not known to the next test."""
    from hwnas.devices.runtimes import RUNTIMES
    from hwnas.devices.transports import TRANSPORTS

    known = [(registry, dict(registry._added)) for registry in (RUNTIMES, TRANSPORTS)]
    yield
    for registry, added in known:
        registry._added.clear()
        registry._added.update(added)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path for packages, see `tests.installed`; its modules are forgotten."""
    folder = tmp_path / "site"
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).is_relative_to(folder):
            del sys.modules[name]


@pytest.fixture(scope="class")
def few_trees() -> Iterator[None]:
    """Regressions of few trees, for what is not about how right a predictor is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hwnas.objectives.statistics.regression._TREES", 20)
        yield
