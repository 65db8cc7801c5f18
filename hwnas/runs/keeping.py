"""Keeping what a run needs in its folder, so that it works from anywhere."""

import os
from contextlib import suppress
from pathlib import Path

from hwnas.core.digests import SHA256, digest
from hwnas.core.errors import ConfigError, RunError
from hwnas.core.files import write_atomically
from hwnas.data.loading import decoder_name, is_name
from hwnas.devices.device import Device
from hwnas.latency.engine import builds_engines
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder, content_digest
from hwnas.runs.inputs import FORMAT, TIMING_CACHE, HeldImages, RunInputs, read_inputs
from hwnas.runs.latencies import table_path


def keep_inputs(folder: RunFolder, experiment: Experiment, *, searched: bool = False) -> None:
    """Makes a run folder hold what it is made of: space, devices, where its images are.

    What a run with results holds stays as it is but for the place of its images.

    Args:
        folder: the run, open.
        experiment: of its config.
        searched: the config becomes the run's own, with the latencies that it is searched with.

    Raises:
        ConfigError, TableError: a device or a latency model of the config cannot be used.
        RunError: the files cannot be written, or the run was made with other pretrained weights.
    """
    before = read_inputs(folder.path)
    if experiment.config.pretrained is not None:
        keep_pretrained(folder, experiment)
    if before is not None and folder.holds_results and not searched:
        now = before.model_copy(update={"images": _images(experiment, before)})
    else:
        now = _gathered(folder, experiment, before)
        if searched:
            now = _with_latencies(folder, experiment, now)
    if now != before:
        write_atomically(folder.inputs_file, now.to_json(), error=RunError)


def keep_pretrained(folder: RunFolder, experiment: Experiment) -> None:
    """Makes a run folder hold a copy of its pretrained network.

    Raises:
        ConfigError: the network cannot be read.
        RunError: the copy cannot be written, or results of the run are of other weights.
    """
    from hwnas.runs.held_pretrained import hold  # loads PyTorch

    named, pretrained = experiment.config.pretrained, experiment.pretrained
    if named is not None and pretrained is not None:
        hold(folder.path, named, pretrained, replaceable=not folder.holds_results)


def _gathered(folder: RunFolder, experiment: Experiment, before: RunInputs | None) -> RunInputs:
    config, sources = experiment.config, experiment.sources
    made_in = _made_in(experiment)
    files = {
        "from_ofa": config.from_ofa,
        "from_supernet": config.from_supernet,
        "accuracy.teacher": config.accuracy.teacher,
    }
    if config.pretrained is not None and not config.pretrained.of_timm:
        files["pretrained.file"] = config.pretrained.file
    known = before.digests if before is not None else {}
    return RunInputs(
        format=FORMAT,
        made_in=_text(made_in),
        made_in_from_run=_text(Path(os.path.relpath(made_in, folder.path.resolve()))),
        space=sources.space(config.space_name),
        choices=None if config.choices is None else sources.choices(config.choices),
        devices=_devices(experiment),
        images=_images(experiment, before),
        digests={
            key: known[key] if key in known else content_digest(Path(sources.find(path)))
            for key, path in files.items()
            if path is not None
        },
    )


def _made_in(experiment: Experiment) -> Path:
    """The folder that the paths of a config are relative to."""
    config, sources = experiment.config, experiment.sources
    if sources.run is None:
        return Path.cwd()
    table = Path(config.table or ".")
    with suppress(ConfigError):  # of a device that is not there
        table = table_path(config.table, experiment.device)
    return sources.home(str(table))


def _devices(experiment: Experiment) -> dict[str, Device]:
    """Those of the config that are there: budgets of a run that is only trained may name others."""
    config, found = experiment.config, {}
    for name in (config.device, *config.search.further_devices):
        with suppress(ConfigError):
            found[name] = experiment.sources.device(name)
    return found


def _images(experiment: Experiment, before: RunInputs | None) -> HeldImages | None:
    data = experiment.config.data
    if data is None:
        return before.images if before is not None else None
    fingerprint = experiment.images_read
    if fingerprint is None:
        for inputs in (before, experiment.sources.inputs):
            if inputs is not None and inputs.images is not None:
                return inputs.images
    source = experiment.sources.image_source(data.source)
    found = source if is_name(source) else _text(Path(source).resolve())
    return HeldImages(
        found=found,
        classes=experiment.sources.class_names(data.source),
        fingerprint=fingerprint,
        decoder="" if fingerprint is None else decoder_name(),
    )


def _with_latencies(folder: RunFolder, experiment: Experiment, inputs: RunInputs) -> RunInputs:
    energy = experiment.energy
    cache = experiment.timing_cache() if builds_engines(experiment.device) else b""
    if cache:
        write_atomically(folder.path / TIMING_CACHE, cache, error=RunError)
    return inputs.model_copy(
        update={
            "latency": experiment.held_latency(),
            "further": {
                budget: model.to_dict() for budget, model in experiment.further_latencies.items()
            },
            "energy": energy.to_dict() if energy is not None else None,
            "timing_cache": digest(cache, SHA256) if cache else None,
        }
    )


def _text(path: Path) -> str:
    """A path as it may stand in a file; "" for one that is not Unicode."""
    try:
        return str(path).encode().decode()
    except UnicodeEncodeError:
        return ""
