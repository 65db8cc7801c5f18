"""`hwnas train`: the supernet of a run."""

from dataclasses import asdict

from hwnas.cli import options
from hwnas.cli.output import Output


def train(
    config: options.Config,
    run: options.Run = None,
    data: options.Data = None,
    strict: options.Strict = False,
    resolution: options.Resolution = None,
    settings: options.Settings = None,
    as_json: options.Json = False,
) -> None:
    """Train the weight-sharing supernet of a config on its images.

    Interrupted, it continues from its last checkpoint, with the same result as without. On several
    GPUs, 'torchrun --nproc-per-node N -m hwnas train CONFIG' has each do a part of every batch.
    """
    from hwnas.cli.stages import open_run, train_stage
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.training import train_supernet
    from hwnas.supernet.distributed import joined_group
    from hwnas.supernet.placement import choose_device

    output = Output(as_json)
    loaded = options.load_config(
        config, data=data, strict=strict, resolution=resolution, settings=settings
    )
    experiment, path = Experiment(loaded), options.run_path(run, config)
    with joined_group(choose_device(loaded.recipe.train.device)) as group:
        if not group.first:
            train_supernet(experiment, RunFolder(path))
            return
        with open_run(path, experiment, output) as folder:
            report = train_stage(experiment, folder, output)
            output.line(f"trained supernet: {folder.supernet_file}")
            output.document({"supernet": str(folder.supernet_file), **asdict(report)})
