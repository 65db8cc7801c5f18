"""MLflow: a run of hwnas as a run of MLflow, at the server or file that its variables name."""

import json
import os
import re
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from typing_extensions import override

from hwnas.core.errors import ConfigError, RunError
from hwnas.core.files import write_atomically
from hwnas.core.json_text import to_json
from hwnas.core.registry import brief
from hwnas.runs.tracking.tracker import Tracked, Tracker

FILE = "mlflow.json"
"""In a run folder: which run of MLflow it is, and the last step of each curve that is there."""
EXPERIMENT = "hwnas"
"""Unless `MLFLOW_EXPERIMENT_NAME` names another."""
# What MLflow takes at a time, and how long a value may be.
_MOST_METRICS, _MOST_PARAMETERS, _LONGEST = 1000, 100, 500
_NOT_IN_NAMES = re.compile(r"[^\w./ :-]")


class MlflowTracker(Tracker):
    """Parameters, curves, figures and files, by MLflow's own client."""

    name = "mlflow"

    @override
    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    @override
    def check(self) -> None:
        if find_spec("mlflow") is None:
            raise ConfigError(
                "tracker: mlflow needs the package mlflow; run \"pip install 'hwnas[mlflow]'\", or "
                "leave tracker out"
            )

    @override
    def keep(self, tracked: Tracked) -> str:
        self.check()
        import mlflow

        uri = mlflow.get_tracking_uri()
        try:
            client = mlflow.MlflowClient()
            kept = self._kept(client, uri) or self._begun(client, uri, tracked.name)
            run = str(kept["run"])
            self._parameters(client, run, tracked)
            every = [*tracked.curves, *tracked.search]
            last = dict(kept["last"])
            points = [point for point in every if point.step > last.get(point.name, -1)]
            curves = [(p.name, p.value, p.step, p.time) for p in points]
            now = time.time()
            figures = [(name, value, 0, now) for name, value in tracked.figures.items()]
            self._metrics(client, run, [*curves, *figures])
            last |= {point.name: point.step for point in points}
            write_atomically(self._file, to_json(kept | {"last": last}) + "\n")
            for file in tracked.files:
                inside = file.parent.relative_to(self._file.parent)
                client.log_artifact(run, str(file), None if inside == Path() else str(inside))
            client.set_terminated(run)
        except Exception as error:  # MLflow's own, of the network, of its store
            raise RunError(
                f"MLflow at {uri} has not taken the run ({brief(error)}); the run folder holds "
                "everything, and the next command of the run tries again"
            ) from error
        return f"MLflow at {uri}, run {run}"

    def _kept(self, client: Any, uri: str) -> dict[str, Any] | None:
        """What the file says, if MLflow still has that run."""
        try:
            kept: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
            if kept["uri"] != uri or not isinstance(kept["last"], dict):
                return None
            client.get_run(kept["run"])
        except Exception:  # no file, a damaged one, or a run that was deleted
            return None
        return kept

    def _begun(self, client: Any, uri: str, name: str) -> dict[str, Any]:
        experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        there = client.get_experiment_by_name(experiment)
        number = client.create_experiment(experiment) if there is None else there.experiment_id
        run = client.create_run(number, run_name=name)
        return {"uri": uri, "run": run.info.run_id, "last": {}}

    def _parameters(self, client: Any, run: str, tracked: Tracked) -> None:
        """New ones as parameters; those that another search has changed, as tags."""
        from mlflow.entities import Param, RunTag

        there = client.get_run(run).data.params
        given = {_name(k): v[:_LONGEST] for k, v in tracked.parameters.items()}
        new = [Param(key, value) for key, value in given.items() if key not in there]
        tags = [RunTag(k, v) for k, v in given.items() if there.get(k, v) != v]
        for start in range(0, max(len(new), len(tags)), _MOST_PARAMETERS):
            part = slice(start, start + _MOST_PARAMETERS)
            client.log_batch(run, params=new[part], tags=tags[part])

    def _metrics(
        self, client: Any, run: str, values: Sequence[tuple[str, float, int, float]]
    ) -> None:
        from mlflow.entities import Metric

        metrics = [Metric(_name(k), v, round(1000 * when), step) for k, v, step, when in values]
        for start in range(0, len(metrics), _MOST_METRICS):
            client.log_batch(run, metrics=metrics[start : start + _MOST_METRICS])


def _name(text: str) -> str:
    """A name that MLflow takes."""
    return _NOT_IN_NAMES.sub("_", text)
