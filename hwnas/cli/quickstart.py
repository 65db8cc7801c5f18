"""`hwnas quickstart`: from images to an exported, measured network in one command."""

import json
import time
from pathlib import Path

from hwnas.cli import options
from hwnas.cli.output import Output

CONFIG = "quickstart"


def quickstart(
    data: options.Data = None,
    strict: options.Strict = False,
    resolution: options.Resolution = None,
    budget: options.Budgets = None,
    run: options.Run = None,
    table: options.Table = None,
    settings: options.Settings = None,
    as_json: options.Json = False,
) -> None:
    """Profile this machine, train, search, export and measure: the whole way in a few minutes.

    Uses scikit-learn's handwritten digits, or the images of --data. Interrupted, it continues;
    finished, it shows its result again.
    """
    from hwnas.cli import stages
    from hwnas.cli.show import show_front, show_model, show_summary
    from hwnas.runs.profiling import profile_space

    output = Output(as_json)
    start = time.monotonic()
    config = options.load_config(
        CONFIG, data=data, strict=strict, resolution=resolution, budgets=budget, table=table,
        settings=settings,
    )  # fmt: skip
    path = run or default_run(config.data.source)
    with stages.open_run(path, config, output) as (experiment, folder):
        with output.progress(f"1/4 measuring {experiment.space.name} on this machine") as update:
            latency = profile_space(
                experiment.space, experiment.device, config.table_path, config.profile, update
            )
        show_model(output, config.table_path, experiment.space, latency)
        stages.train_stage(experiment, folder, output)
        result, trained = stages.search_stage(experiment, folder, latency, output)
        show_front(output, result, experiment.space)
        summary = stages.export_stage(experiment, folder, latency, trained, result, output, start)
        page, picture = stages.report_stage(experiment, folder)
        show_summary(output, summary)
        output.line(f"report: {page}\npicture: {picture}")
        output.document(json.loads(folder.summary_file.read_text(encoding="utf-8")))


def default_run(source: str) -> Path:
    """runs/quickstart for the digits, another folder for each folder of images."""
    name = CONFIG if source == "digits" else f"{CONFIG}-{Path(source).resolve().name}"
    return Path("runs") / name
