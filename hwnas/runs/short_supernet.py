"""Whether the supernet that judged a run's networks was trained for long enough to judge by."""

from contextlib import suppress
from typing import Any

from safetensors import safe_open

from hwnas.data.loading import DIGITS
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.training.auto import short_training


def short_supernet(experiment: Experiment, folder: RunFolder) -> str | None:
    """A warning of a supernet of too few steps; None where there are enough, or none judged.

    The digits, which are learnt in some hundred steps, and weights to start from are excepted, as
    they are before the training.
    """
    config = experiment.config
    if config.accuracy.scorer.weights != SUPERNET_FILE or config.starts_from_weights:
        return None
    if config.data is None or config.data.source == DIGITS:
        return None
    texts: dict[str, Any] = {}
    # What is wrong with the file, those say who need its weights.
    with suppress(Exception), safe_open(folder.supernet_file, framework="numpy") as file:
        texts = file.metadata() or {}
    steps = str(texts.get("steps", ""))
    return short_training(int(steps)) if steps.isdecimal() else None
