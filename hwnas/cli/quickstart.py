"""`hwnas quickstart`: from images to an exported, measured network in one command."""

import time
from pathlib import Path

from hwnas.cli import options
from hwnas.cli.output import Output

DIGITS, PHOTOS = "quickstart", "photos"
"""The recipes: of scikit-learn's digits, and of anyone's images."""


@options.shared("data", "strict", "resolution", "budget", "device", "run", "table", "settings")
def quickstart(given: options.Given, as_json: options.Json = False) -> None:
    """Profile this machine, train, search, export and measure, all in a few minutes.

    Uses scikit-learn's handwritten digits, or the images of --data with a recipe for photos
    (configs/searches/photos.yaml). Another --device, and every further device that a budget names,
    is profiled if it has no table yet. Run it again to resume, or to see the result again.
    """
    from hwnas.api.run import Run
    from hwnas.cli.show import show_front, show_model, show_predictor, show_summary
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.opening import load_with

    output = Output(as_json)
    start = time.monotonic()
    recipe = DIGITS if given.data in (None, "digits") else PHOTOS
    config = load_with(recipe, given.overrides())
    path = given.run or default_run(config.recipe.data.source)
    opened = Run(Experiment(config), RunFolder(path), output)
    opened.check(budgets=False)  # wrong ones are refused before anything is written
    with opened.held(images=True):
        for profiled in (opened.profile(refuse=True), *opened.profile_further()):
            show_model(output, profiled.table, profiled.space, profiled.latency)
        opened.check()  # a budget out of reach is refused before the training
        opened.train()
        result = opened.search()
        show_predictor(output, result.score_info)
        show_front(output, result, opened.experiment.space)
        summary = opened.summary()
        if summary is not None:
            output.say(f"{path} is complete; 'hwnas export {path}' would measure again")
        else:
            summary = opened.export(since=start)
        report = opened.report()
    show_summary(output, summary)
    output.line(f"report: {report.page}\npicture: {report.picture}")
    output.say(
        f"another budget: hwnas search {opened.folder.config_file} --run {path} "
        f"--budget 'latency=…', then hwnas export {path}"
    )


def default_run(source: str) -> Path:
    """runs/quickstart for the digits, another folder for each folder of images or dataset."""
    name = DIGITS if source == "digits" else f"{DIGITS}-{Path(source).resolve().name}"
    return Path("runs") / name
