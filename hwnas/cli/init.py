"""`hwnas init`: a search config of one's own, by five questions."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from hwnas.cli import completion, options
from hwnas.cli.next_step import before_search, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError, HwnasError

_YAML = (".yaml", ".yml")


def init(
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: what is not given is as usual.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path("mine.yaml"),
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="The images: a folder with a subfolder for each class, 'digits', or the name of "
            "an installed dataset. (usually digits)",
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device",
            help="The device: a name that 'hwnas devices list' shows, or a YAML file. (usually "
            "local_cpu)",
            autocompletion=completion.devices,
        ),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            "--budget",
            help="A hard limit, such as 'latency=2 ms' or 'macs=60 M'. May be repeated. (usually "
            "'latency=75 % of reference')",
        ),
    ] = None,
    pretrained: Annotated[
        str | None,
        typer.Option(
            "--pretrained",
            help="A network to start from that has seen other images: a file of weights, the "
            "folder of an exported network, or 'timm:NAME'. (usually none)",
        ),
    ] = None,
    pretrained_network: options.PretrainedNetwork = None,
    length: Annotated[
        str | None,
        typer.Option("--length", help="How long it may take: quick, usual or long."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write a search config of your own, with comments: mine.yaml.

    On a terminal, hwnas asks for what the options leave open: images, device, budget, what to start
    from, and how long it may take. Every answer is checked at once. No file is ever replaced.
    """
    from hwnas.cli.init_questions import ask, given_answers
    from hwnas.core.files import write_atomically
    from hwnas.runs.new_config import Answers, config_text

    output = Output(as_json)
    _check_place(out)
    given = given_answers(data, device, budget, pretrained, pretrained_network, length)
    if not yes and (as_json or not sys.stdin.isatty() or not output.stderr.is_terminal):
        raise ConfigError(
            "the questions of 'hwnas init' need a terminal; add --yes, which takes what is not "
            "given as usual"
        )
    answers = Answers(**given) if yes else ask(given, output.stderr)
    text = config_text(answers)
    _check_place(out)
    write_atomically(out, text, error=ConfigError)
    output.line(f"wrote {out}")
    output.document({"file": str(out)})
    given_here = options.Given(config=str(out))
    with suppress(HwnasError):  # what is wrong beside the answers, the next command says
        show_next(output, before_search(given_here.open(output), given_here))


def _check_place(out: Path) -> None:
    """Refuses a file that is there, or is not named as a config."""
    if out.suffix.lower() not in _YAML:
        raise ConfigError(f"--out {out} must end with .yaml, by which commands know a file")
    if out.exists():
        raise ConfigError(f"{out} exists already; name another file with --out, as in other.yaml")
