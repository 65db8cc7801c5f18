"""`hwnas table diff`: how far the timings of two tables differ."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import VALIDATED, Step, command_line, show_next
from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.latency.compare import Comparison

MOST_SHOWN = 10
FIGURES = (
    "in both",
    "only in A",
    "only in B",
    "median difference",
    "90 % quantile",
    "largest difference",
    "B against A",
)


def diff_tables(
    a: Annotated[Path, typer.Argument(metavar="A", help="A latency table.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another latency table.")],
    as_json: options.Json = False,
) -> None:
    """Compare the blocks and networks that two tables both hold.

    A difference is |a − b| / mean; "B against A" is the median of b/a − 1.

    Tables of two devices are compared too; what the devices differ in is named.
    """
    from hwnas.latency.compare import diff
    from hwnas.latency.table import LatencyTable

    output = Output(as_json)
    with LatencyTable.existing(a) as first, LatencyTable.existing(b) as second:
        found = diff(first, second)
    if found.fields:
        output.line("the tables are of different devices, so timings are expected to differ:")
    for field in found.fields:
        output.line(f"  {field.field}: {field.a} in {a}, {field.b} in {b}")
    kinds = {"blocks": found.blocks, "networks": found.networks}
    rows = [list(row) for row in zip(FIGURES, *map(_figures, kinds.values()), strict=True)]
    output.table(f"A: {a}, B: {b}", ["", *kinds], rows)
    for name, comparison in kinds.items():
        _show_most_different(output, name, comparison)
    output.document(
        {
            "a": str(a),
            "b": str(b),
            "one_device": not found.fields,
            "fingerprint_differences": [asdict(field) for field in found.fields],
            **{name: comparison.to_dict() for name, comparison in kinds.items()},
        }
    )
    show_next(output, Step(command_line("hwnas table validate", b), VALIDATED))


def _figures(comparison: "Comparison") -> list[str]:
    counts = (comparison.pairs, comparison.only_a, comparison.only_b)
    differences = [comparison.quantile(share) for share in (0.5, 0.9, 1.0)]
    systematic = comparison.systematic
    return [
        *(str(len(some)) for some in counts),
        *("–" if value is None else f"{100 * value:.2f} %" for value in differences),
        "–" if systematic is None else f"{100 * systematic:+.2f} %",
    ]


def _show_most_different(output: Output, name: str, comparison: "Comparison") -> None:
    from hwnas.networks.blocks import short_key

    shown = comparison.pairs[:MOST_SHOWN]
    if shown:
        output.table(
            f"the {len(shown)} most different {name}",
            [name[:-1], "A (ms)", "B (ms)", "difference"],
            [
                [
                    short_key(pair.key),
                    f"{pair.a_ms:.4f}",
                    f"{pair.b_ms:.4f}",
                    f"{100 * pair.difference:.2f} %",
                ]
                for pair in shown
            ],
        )
