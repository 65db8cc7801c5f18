"""hwnas: the most accurate network that really runs within your milliseconds.

    import hwnas

    device = hwnas.load_device("local_cpu")
    space = hwnas.load_space("mobilenet_v3_small", resolution=48, classes=10)
    latency = hwnas.profile(space, device)
    problem = hwnas.Problem(space, latency, budgets={"latency": "75 % of reference"})
    result = hwnas.run_search(problem, accuracy, evaluations=100)

What is listed in `__all__` is public; everything else may change from one version to the next.
Names are loaded when they are used, so that `import hwnas` takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hwnas.core import version

if TYPE_CHECKING:
    from hwnas.api.loading import load_device as load_device
    from hwnas.api.loading import load_energy as load_energy
    from hwnas.api.loading import load_latency as load_latency
    from hwnas.api.loading import load_space as load_space
    from hwnas.api.opening import open_run as open_run
    from hwnas.api.problem import Problem as Problem
    from hwnas.api.profiling import profile as profile
    from hwnas.api.progress import show_progress as show_progress
    from hwnas.api.results import Front as Front
    from hwnas.api.results import SearchResult as SearchResult
    from hwnas.api.results import to_torch as to_torch
    from hwnas.api.run import Run as Run
    from hwnas.api.searching import run_search as run_search
    from hwnas.core.errors import HwnasError as HwnasError
    from hwnas.estimators.loading import load_estimator as load_estimator

__version__ = version.VERSION

_MODULES = {
    "Front": "hwnas.api.results",
    "HwnasError": "hwnas.core.errors",
    "Problem": "hwnas.api.problem",
    "Run": "hwnas.api.run",
    "SearchResult": "hwnas.api.results",
    "load_device": "hwnas.api.loading",
    "load_energy": "hwnas.api.loading",
    "load_estimator": "hwnas.estimators.loading",
    "load_latency": "hwnas.api.loading",
    "load_space": "hwnas.api.loading",
    "open_run": "hwnas.api.opening",
    "profile": "hwnas.api.profiling",
    "run_search": "hwnas.api.searching",
    "show_progress": "hwnas.api.progress",
    "to_torch": "hwnas.api.results",
}

__all__ = [
    "Front",
    "HwnasError",
    "Problem",
    "Run",
    "SearchResult",
    "__version__",
    "load_device",
    "load_energy",
    "load_estimator",
    "load_latency",
    "load_space",
    "open_run",
    "profile",
    "run_search",
    "show_progress",
    "to_torch",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'hwnas' has no attribute '{name}'")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
