"""Which stages a search waits for."""

from hwnas.core.errors import HwnasError, RunError, TableError
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder


def check_steps(experiment: Experiment, folder: RunFolder, *, trained: bool = True) -> None:
    """Refuses a search before what it needs is there; all that is missing is named at once.

    Args:
        experiment: of the run.
        folder: of the run.
        trained: whether what the estimator needs must be trained by now.

    Raises:
        RunError: something has to be trained, and perhaps profiled too.
        TableError: the device has to be profiled.
    """
    missing: list[HwnasError] = []
    try:
        if trained:
            folder.check_trained(experiment.config.accuracy.estimator)
    except RunError as error:
        missing.append(error)
    table = experiment.table_path
    if not table.exists() and not experiment.holds_latency:
        measurable = experiment.device.measurable
        how = "hwnas profile" if measurable else "hwnas table import"
        missing.append(TableError(f"there is no latency table {table}; make one with '{how}'"))
    if len(missing) > 1:
        raise RunError("; ".join(map(str, missing)))
    if missing:
        raise missing[0]
