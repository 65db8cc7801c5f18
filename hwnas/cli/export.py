"""`hwnas export`: the winner of a run as files, measured again on the device."""

import time

from hwnas.cli import options
from hwnas.cli.output import Output


def export(run: options.RunArgument, as_json: options.Json = False) -> None:
    """Fine-tune, export, check and measure the best network of a run's front.

    The front is tried from its most accurate network down until one really measures within the
    budget on the device; the space's reference network is trained and measured beside it.
    """
    from hwnas.cli.show import show_summary
    from hwnas.cli.stages import export_stage, read_images, reopen_run
    from hwnas.runs.searching import search_result
    from hwnas.runs.training import start_of_winners

    output = Output(as_json)
    start = time.monotonic()
    with reopen_run(run) as (experiment, folder):
        latency = experiment.latency_model()
        result = search_result(experiment, latency, folder)
        read_images(experiment, output)
        trained = start_of_winners(experiment, folder)
        summary = export_stage(experiment, folder, latency, trained, result, output, start)
        show_summary(output, summary)
        output.document(summary)
