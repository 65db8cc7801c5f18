"""What the exported files take, as the command or the config says."""

from dataclasses import replace
from typing import get_args

from hwnas.core.errors import ConfigError
from hwnas.export.image_input import UINT8
from hwnas.latency.engine import builds_engines
from hwnas.objectives.budgets import device_of
from hwnas.runs.experiment import Experiment
from hwnas.runs.export_config import ImageInput


def with_image_input(experiment: Experiment, image_input: ImageInput | None) -> Experiment:
    """The experiment with what its exported files take; None for what the config says.

    Raises:
        ConfigError: there is no such input, or a device runs engines, which take floats.
    """
    config = experiment.config
    if image_input is not None:
        if image_input not in get_args(ImageInput):
            known = " or ".join(f"'{one}'" for one in get_args(ImageInput))
            raise ConfigError(f"the image input must be {known}, and is {image_input!r}")
        export = config.export.model_copy(update={"input": image_input})
        config = config.model_copy(update={"export": export})
        experiment = replace(experiment, config=config)
    if config.export.input == UINT8:
        further = [device_of(name) for name in config.search.budgets]
        devices = [experiment.sources.device(name) for name in further if name is not None]
        for device in (experiment.device, *devices):
            if builds_engines(device):
                raise ConfigError(
                    f"{device.name} runs engines of {device.runtime}, which take floats; leave out "
                    "--image-input uint8 (export.input)"
                )
    return experiment
