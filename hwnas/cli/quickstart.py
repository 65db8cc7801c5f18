"""`hwnas quickstart`: from images to an exported, measured network in one command."""

import time
from pathlib import Path

from hwnas.cli import options
from hwnas.cli.output import Output

DIGITS, PHOTOS = "quickstart", "photos"
"""The recipes: of scikit-learn's digits, and of anyone's images."""


def quickstart(
    data: options.Data = None,
    strict: options.Strict = False,
    resolution: options.Resolution = None,
    budget: options.Budgets = None,
    device: options.Device = None,
    run: options.Run = None,
    table: options.Table = None,
    settings: options.Settings = None,
    as_json: options.Json = False,
) -> None:
    """Profile this machine, train, search, export and measure: the whole way in a few minutes.

    Uses scikit-learn's handwritten digits, or the images of --data with a recipe for photos
    (configs/searches/photos.yaml). Another --device, and every further one that a budget names, is
    profiled where it has no table yet. Interrupted, it continues; finished, it shows its result
    again.
    """
    from hwnas.cli import stages
    from hwnas.cli.profile_further import profile_further
    from hwnas.cli.reach import check_budgets
    from hwnas.cli.show import show_front, show_model, show_summary
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.judging import judge_without_weights, make_judge
    from hwnas.runs.profiling import profile_space
    from hwnas.runs.summary import stored_summary
    from hwnas.runs.training import start_of_winners

    output = Output(as_json)
    start = time.monotonic()
    recipe = DIGITS if data in (None, "digits") else PHOTOS
    config = options.load_config(
        recipe,
        data=data,
        strict=strict,
        resolution=resolution,
        budgets=budget,
        device=device,
        table=table,
        settings=settings,
    )
    path = run or default_run(config.recipe.data.source)
    experiment = Experiment(config)
    judge = judge_without_weights(experiment, RunFolder(path))
    with stages.open_run(path, experiment, output) as folder:
        check_budgets(output, config, experiment.space, experiment.device, experiment.table_path)
        title = f"measuring {experiment.space.name} on {experiment.device.name}"
        with output.progress(title, "visits") as update:
            latency = profile_space(
                experiment.space, experiment.device, experiment.table_path, config.profile, update
            )
        show_model(output, experiment.table_path, experiment.space, latency)
        profile_further(experiment, output)
        experiment.problem(latency)  # a budget out of reach is refused before the training
        stages.train_stage(experiment, folder, output)
        judge = judge or make_judge(experiment, folder)
        result = stages.search_stage(experiment, folder, latency, judge, output)
        show_front(output, result, experiment.space)
        summary = stored_summary(folder, result)
        if summary is not None:
            output.say(f"{path} is complete; 'hwnas export {path}' would measure again")
        else:
            first = start_of_winners(experiment, folder)
            summary = stages.export_stage(experiment, folder, latency, first, result, output, start)
        page, picture = stages.report_stage(experiment, folder)
        show_summary(output, summary)
        output.line(f"report: {page}\npicture: {picture}")
        output.say(
            f"another budget: hwnas search {folder.config_file} --run {path} "
            f"--budget 'latency=…', then hwnas export {path}"
        )
        output.document(summary)


def default_run(source: str) -> Path:
    """runs/quickstart for the digits, another folder for each folder of images or dataset."""
    name = DIGITS if source == "digits" else f"{DIGITS}-{Path(source).resolve().name}"
    return Path("runs") / name
