"""`hwnas shrink`: takes choices of a space away that promise little."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.new_files import check_new_file
from hwnas.cli.next_step import after_shrink, show_next
from hwnas.cli.output import Output
from hwnas.runs.defaults import SHRUNK_KEEP, SHRUNK_NETWORKS, SHRUNK_STAGES

if TYPE_CHECKING:
    from hwnas.search.shrinkers.shrinking import Shrunk


@options.shared(
    "config",
    "run",
    "data",
    "strict",
    "resolution",
    "from_ofa",
    "pretrained",
    "pretrained_network",
    "from_supernet",
    "budget",
    "device",
    "table",
    "settings",
)
def shrink(
    given: options.Given,
    method: Annotated[
        str,
        typer.Option(
            help="What names the choices that go: pad_nas, da_nas, neas, ddpnas, or that of an "
            "installed package."
        ),
    ],
    stages: Annotated[
        int, typer.Option(min=1, max=1000, help="How many; after each some choices go.")
    ] = SHRUNK_STAGES,
    networks: Annotated[
        int, typer.Option(min=2, max=1_000_000, help="How many are judged in each stage, at most.")
    ] = SHRUNK_NETWORKS,
    keep: Annotated[
        float,
        typer.Option(
            min=1e-9, max=1, help="Which share of the networks within the budgets is left at least."
        ),
    ] = SHRUNK_KEEP,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    method_set: Annotated[
        list[str] | None,
        typer.Option(
            "--method-set",
            metavar="KEY=VALUE",
            help="A setting of the method, such as 'best=0.1' of pad_nas. May be repeated.",
        ),
    ] = None,
    epochs: Annotated[
        int,
        typer.Option(
            min=0,
            max=100_000,
            help="How many epochs a supernet is trained for before each stage, on what is left; it "
            "goes on from that of the run. 0: it judges as it was trained.",
        ),
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "--out", help="The file to write. (default: choices.yaml in the run folder)"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    as_json: options.Json = False,
) -> None:
    """Take choices away from a space that promise little within the budgets, stage by stage.

    Networks are judged by accuracy.estimator, which needs what 'hwnas search' needs. A supernet
    judges as it was trained, on the whole space, or with --epochs is trained further before each
    stage, on what is left.
    Nothing goes without which the budgets cannot be kept. Writes a YAML file of the choices that
    stay, and why and when the others went; every command takes it as space.choices. Run it again to
    resume.

    For example: hwnas shrink mine.yaml --method pad_nas
    """
    shown = Output(as_json)
    if output is not None:
        check_new_file("--output", output, (".yaml", ".yml"), force=force)
    settings = options.parsed_settings(method_set, "best=0.1", "--method-set")
    opened = given.open(shown)
    path = opened.folder.choices_file if output is None else output
    found = opened.shrink(
        method,
        stages=stages,
        networks=networks,
        keep=keep,
        seed=seed,
        settings=settings,
        epochs=epochs,
        output=path,
        replace=force,
    )
    _show(shown, found, path)
    show_next(shown, after_shrink(opened, given, path, found.weights))


def _show(output: Output, found: "Shrunk", path: Path) -> None:
    from hwnas.spaces.choices_file import choice_names
    from hwnas.spaces.space import size_text

    space = found.space
    rows = [
        [
            str(slot + 1),
            ", ".join(choice_names(space, slot)),
            "; ".join(
                f"{choice_names(found.whole, slot)[one.choice]} (stage {one.stage}: {one.why})"
                for one in found.gone
                if one.slot == slot
            )
            or "–",
        ]
        for slot in range(len(found.kept))
    ]
    output.table(
        f"{size_text(space.size)} of {size_text(found.whole.size)} networks are left, "
        f"{found.share:.1%} of those within the budgets",
        ["slot", "stays", "went"],
        rows,
    )
    output.line(f"networks judged: {found.judged:,}\nchoices: {path}")
    if found.weights is not None:
        output.line(f"supernet of the last stage: {found.weights}")
    output.document(
        {
            "choices": str(path),
            "weights": None if found.weights is None else str(found.weights),
            "networks": {"of": found.whole.size, "left": space.size, "share": found.share},
            "shares": list(found.shares),
            "judged": found.judged,
            "slots": [
                {
                    "slot": slot + 1,
                    "kept": choice_names(space, slot),
                    "gone": [
                        {
                            "choice": choice_names(found.whole, slot)[one.choice],
                            "stage": one.stage,
                            "why": one.why,
                        }
                        for one in found.gone
                        if one.slot == slot
                    ],
                }
                for slot in range(len(found.kept))
            ],
        }
    )
