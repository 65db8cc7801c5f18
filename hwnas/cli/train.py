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

    Interrupted, it continues from its last checkpoint, with the same result as without.
    """
    from hwnas.cli.stages import open_run, train_stage
    from hwnas.data import balance_of
    from hwnas.runs.experiment import Experiment

    output = Output(as_json)
    loaded = options.load_config(
        config, data=data, strict=strict, resolution=resolution, settings=settings
    )
    experiment = Experiment(loaded)
    with open_run(options.run_path(run, config), experiment, output) as folder:
        report = train_stage(experiment, folder, output)
        output.line(f"trained supernet: {folder.supernet_file}")
        images = balance_of(experiment.dataset).to_dict()
        output.document(
            {"supernet": str(folder.supernet_file), **asdict(report), "balance": images}
        )
