"""`hwnas train`: the supernet of a run, or what else its estimator needs."""

from dataclasses import asdict
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError


def train(
    config: options.Config,
    estimator: Annotated[
        str | None,
        typer.Option(
            help="Train what this estimator needs, as 'hwnas rank' compares them: supernet, bn or "
            "blockwise. (default: the config's accuracy.source, or the supernet)"
        ),
    ] = None,
    run: options.Run = None,
    data: options.Data = None,
    strict: options.Strict = False,
    resolution: options.Resolution = None,
    from_ofa: options.FromOfa = None,
    settings: options.Settings = None,
    as_json: options.Json = False,
) -> None:
    """Train what accuracy.source of a config needs: mostly the weight-sharing supernet.

    Interrupted, it continues from its last checkpoint, with the same result as without. On several
    GPUs, 'torchrun --nproc-per-node N -m hwnas train CONFIG' has each do a part of every batch.
    With --from-ofa it starts from published weights instead of random ones.
    """
    from hwnas.cli.stages import open_run, train_along, train_stage
    from hwnas.data import balance_of
    from hwnas.estimators import ESTIMATORS, SUPERNET
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.start import start_supernet
    from hwnas.training.batches import images_of_step
    from hwnas.training.distributed import joined_group
    from hwnas.training.placement import choose_device

    trained = [name for name, one in ESTIMATORS.items() if one.weights is not None]
    if estimator is not None and estimator not in trained:
        raise ConfigError(
            f"--estimator {estimator}: nothing is trained for it; name one of {', '.join(trained)}"
        )
    output = Output(as_json)
    loaded = options.load_config(
        config,
        data=data,
        strict=strict,
        resolution=resolution,
        from_ofa=from_ofa,
        settings=settings,
    )
    source = loaded.accuracy.source
    chosen = estimator or (source if source in trained else SUPERNET)
    experiment, path = options.experiment_of(config, loaded), options.run_path(run, config)
    RunFolder(path).check(loaded)
    with joined_group(choose_device(loaded.recipe.train.device)) as group:
        if group.processes > 1:
            # Refused before there is a run folder, which would insist on the batch size.
            images_of_step(experiment.dataset.train, experiment.recipe.train, group.processes)
        if not group.first:
            train_along(experiment, RunFolder(path), chosen)
            return
        if loaded.from_ofa is not None and chosen == SUPERNET:
            # Published weights that do not fit are refused before anything is written.
            output.say(start_supernet(experiment, RunFolder(path)).text)
        with open_run(path, experiment, output) as folder:
            report = train_stage(experiment, folder, output, chosen)
            weights = folder.weights_file(chosen)
            output.line(f"trained {weights.stem}: {weights}")
            done = asdict(report) if report else {"steps": 0, "images": 0}
            images = balance_of(experiment.dataset).to_dict()
            output.document({weights.stem: str(weights), **done, "balance": images})
