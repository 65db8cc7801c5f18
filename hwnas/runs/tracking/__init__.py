"""Trackers: programs that keep what came of many runs, one file each."""

from hwnas.core.registry import Registry
from hwnas.runs.tracking.tracker import Tracker

NONE = "none"
"""In a config: nothing but the run folder keeps the run."""

TRACKERS: Registry[type[Tracker]] = Registry(
    "tracker",
    "hwnas.trackers",
    {
        "mlflow": "hwnas.runs.tracking.mlflow:MlflowTracker",
        "tensorboard": "hwnas.runs.tracking.tensorboard:TensorBoardTracker",
    },
)
"""By name: ours, and those of installed packages."""

__all__ = ["NONE", "TRACKERS", "Tracker"]
