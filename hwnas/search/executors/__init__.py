"""Where the networks of a question are evaluated: in this process, or side by side elsewhere."""

from hwnas.search.executors.executor import Executor, ready
from hwnas.search.executors.in_process import InProcess

__all__ = ["Executor", "InProcess", "ready"]
