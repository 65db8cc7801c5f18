"""`hwnas quickstart`: from images to an exported, measured network in one command."""

import time
from pathlib import Path

from hwnas.cli import options
from hwnas.cli.next_step import another_budget, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError

DIGITS, PHOTOS, PRETRAINED = "quickstart", "photos", "pretrained"
"""The recipes: of scikit-learn's digits, of anyone's images, and from a pretrained network."""


@options.shared(
    "data",
    "strict",
    "resolution",
    "pretrained",
    "pretrained_network",
    "budget",
    "device",
    "run",
    "table",
    "settings",
)
def quickstart(given: options.Given, as_json: options.Json = False) -> None:
    """Profile this machine, train, search, export and measure, all in a few minutes.

    Uses scikit-learn's handwritten digits, or the images of --data with a recipe for photos:
    configs/searches/photos.yaml, with --pretrained configs/searches/pretrained.yaml. Another
    --device, and every further device that a budget names, is profiled if it has no table yet. Run
    it again to resume, or to see the result again.
    """
    from hwnas.api.run import Run
    from hwnas.cli.show import show_front, show_model, show_predictor, show_summary
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.opening import load_with
    from hwnas.runs.sources import Sources

    output = Output(as_json)
    start = time.monotonic()
    recipe = DIGITS if given.data in (None, "digits") else PHOTOS
    overrides = given.overrides()
    starts = overrides.get("pretrained") is not None
    if starts and "data.source" not in overrides:
        raise ConfigError("--pretrained is for your own images: name their folder with --data")
    config = load_with(PRETRAINED if starts else recipe, overrides)
    path = given.run or default_run(config.recipe.data.source, starts=starts)
    opened = Run(Experiment(config, Sources(beside=path)), RunFolder(path), output)
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
    show_next(output, another_budget(opened.folder.path))


def default_run(source: str, *, starts: bool = False) -> Path:
    """runs/quickstart for the digits, another folder for each folder of images or dataset.

    `starts` says that a pretrained network is what the run starts from.
    """
    name = f"{DIGITS}-{PRETRAINED}" if starts else DIGITS
    return Path("runs") / (name if source == "digits" else f"{name}-{Path(source).resolve().name}")
