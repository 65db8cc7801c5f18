"""The command `hwnas`: one file a command; every error a user can cause is one sentence."""

import os
import signal
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from hwnas.cli import (
    benchmark,
    devices,
    ensemble,
    export,
    init,
    predict,
    profile,
    publish,
    quickstart,
    rank,
    report,
    runs,
    search,
    shrink,
    space,
    status,
    table,
    train,
)
from hwnas.cli.next_step import order_text
from hwnas.cli.streams import is_unicode, prepare_streams
from hwnas.cli.usage import UsageError, is_help, usage_sentence
from hwnas.core.errors import HwnasError
from hwnas.core.files import reason
from hwnas.core.foreign_text import shown_lines
from hwnas.core.json_text import to_json
from hwnas.core.memory import ran_out
from hwnas.core.version import VERSION

_OUT_OF_MEMORY = (
    "memory ran out; free some and run the same command again to resume, or lower batch_size "
    "(--set train.batch_size=32) or the resolution (--resolution) in a new run folder (--run)"
)


class _InterruptedError(Exception):
    """Ctrl-C, or a request to end, in the middle of a command."""


class _Commands(TyperGroup):
    """Typer answers Ctrl-C with silence; hwnas says that nothing is lost."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _InterruptedError from None


app = typer.Typer(
    name="hwnas",
    cls=_Commands,
    help="The most accurate network that really runs within your milliseconds on your device.",
    invoke_without_command=True,
    rich_markup_mode="markdown",  # which joins the lines of a paragraph
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_WORK, _BESIDE = "The work, in its order", "Beside it"
app.command("quickstart", rich_help_panel=_WORK)(quickstart.quickstart)
app.command("init", rich_help_panel=_WORK)(init.init)
app.command("profile", rich_help_panel=_WORK)(profile.profile)
app.command("train", rich_help_panel=_WORK)(train.train)
app.command("search", rich_help_panel=_WORK)(search.search)
app.command("export", rich_help_panel=_WORK)(export.export)
app.command("predict", rich_help_panel=_WORK)(predict.predict)
app.command("report", rich_help_panel=_WORK)(report.report)
app.command("publish", rich_help_panel=_WORK)(publish.publish)
app.command("runs", rich_help_panel=_BESIDE)(runs.runs)
app.command("status", rich_help_panel=_BESIDE)(status.status)
app.command("benchmark", rich_help_panel=_BESIDE)(benchmark.benchmark)
app.command("ensemble", rich_help_panel=_BESIDE)(ensemble.ensemble)
app.command("rank", rich_help_panel=_BESIDE)(rank.rank)
app.command("shrink", rich_help_panel=_BESIDE)(shrink.shrink)
app.add_typer(devices.app, name="devices", rich_help_panel=_BESIDE)
app.add_typer(table.app, name="table", rich_help_panel=_BESIDE)
app.add_typer(space.app, name="space", rich_help_panel=_BESIDE)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"hwnas {VERSION}\n")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """The most accurate network that really runs within your milliseconds on your device."""
    del version  # printed by its callback
    if context.invoked_subcommand is None:
        sys.stdout.write(order_text())
        raise typer.Exit(2)


def main() -> None:
    """Runs a command; exit code 2 and one sentence for wrong input, 130 for Ctrl-C."""
    prepare_streams()
    prepare_environment()
    # As Ctrl-C: temporary folders and child processes are cleared away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, _hang_up)
    try:
        code = app(prog_name="hwnas", standalone_mode=False)
    except HwnasError as error:
        _fail(str(error), 2)
    except UsageError as error:
        if is_help(error):
            error.show()
            sys.exit(2)
        _fail(usage_sentence(error), 2)
    except (_InterruptedError, KeyboardInterrupt, typer.Abort):
        _fail("interrupted; run the same command again to resume", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if ran_out(error):
            _fail(_OUT_OF_MEMORY, 2)
        if not isinstance(error, OSError):
            raise
        # A full disk or missing rights, wherever it was met.
        name = f" {error.filename}" if error.filename else ""
        _fail(f"cannot read or write{name}: {reason(error)}; fix that and run again", 2)
    sys.exit(code or 0)


def prepare_environment() -> None:
    """Sets what libraries read when they are loaded; a person's own value wins."""
    # How long PyTorch's OpenMP threads spin before they sleep. With GNU's default (300,000) two
    # trainings on one machine slow each other down twelvefold, with 1,000 twofold, for 10 to 35 %
    # less speed alone (docs/benchmarks).
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # Nothing here uses joblib's processes, and a semaphore that it makes for them when scikit-learn
    # is loaded outlasts a kill at that moment.
    os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")


def _hang_up(*_: Any) -> None:
    """The terminal was closed."""
    # The shell says so and the system too: the second must not disturb the clearing away.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise KeyboardInterrupt


def _fail(sentence: str, code: int) -> None:
    # Of several processes of torchrun one speaks to machines, and all to people.
    rank = int(os.environ.get("RANK", "0"))
    if "--json" in sys.argv and rank == 0:
        document = to_json({"error": sentence}, indent=None, ascii_only=not is_unicode(sys.stdout))
        sys.stdout.write(document + "\n")
    sentence = " ".join(shown_lines(sentence).split("\n"))
    sys.stderr.write(f"hwnas{f' (process {rank})' if rank else ''}: {sentence}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
