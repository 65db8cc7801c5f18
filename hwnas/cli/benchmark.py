"""`hwnas benchmark`: any models side by side, measured as networks of a search are."""

from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import after_benchmark, show_next
from hwnas.cli.output import Output

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="ONNX files of any origin, engines, export folders, or runs, for their winners.",
    ),
]
Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        help="The device: a name that 'hwnas devices list' shows, or a YAML file. May be repeated. "
        "(default: local_cpu)",
    ),
]
Shapes = Annotated[
    list[str] | None,
    typer.Option(
        "--shape",
        help="The shape of an input with open axes, as in 'input=1x3x224x224', for the files that "
        "have it. May be repeated.",
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="The value of an input where it matters, as in 'sr=16000': a number, several with "
        "commas, or a .npy file. May be repeated. (default: random)",
    ),
]
Limit = Annotated[
    str | None,
    typer.Option(
        "--budget", help="The most that each may take, as in '12 ms'; beyond it the exit code is 1."
    ),
]


def benchmark(
    files: Files,
    device: Devices = None,
    shape: Shapes = None,
    values: Values = None,
    budget: Limit = None,
    as_json: options.Json = False,
) -> None:
    """Measure any models side by side: is mine slower than theirs?

    Files are visited in turn, in several sessions, beside a reference block that tells when the
    machine was slow, as the networks of a search are. Each is run as it is, whatever its precision.
    Where two differ by less than measuring twice does, that is said.
    """
    from hwnas.cli.compare_models import compare_models
    from hwnas.core.errors import BudgetError
    from hwnas.objectives.budgets import LATENCY, Budget

    budget_ms = None
    if budget is not None:
        # Other commands say of which cost a budget is.
        limit = Budget.of(LATENCY, budget.strip().removeprefix(f"{LATENCY}=").strip())
        if limit.of_reference:
            raise BudgetError("--budget: there is no reference here; write an amount, as '12 ms'")
        budget_ms = limit.amount
    output = Output(as_json)
    within = compare_models(
        files, shape or [], values or [], device or [], output=output, budget_ms=budget_ms
    )
    if not within:
        raise typer.Exit(1)
    show_next(output, after_benchmark(files))
