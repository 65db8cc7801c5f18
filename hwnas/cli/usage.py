"""What is wrong with a command line, in one sentence in place of a box."""

from typing import Any

import typer

# Click's class, whether Typer uses Click or, as later versions do, brings its own copy.
UsageError: Any = typer.BadParameter.__bases__[0]


def is_help(error: Any) -> bool:
    """Whether a group of commands was named without a command, which shows its help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def usage_sentence(error: Any) -> str:
    """As in "the argument CONFIG is missing; see 'hwnas train --help'"."""
    help_of = "" if error.ctx is None else f"; see '{error.ctx.command_path} --help'"
    return _problem(error) + help_of


def _problem(error: Any) -> str:
    if hasattr(error, "possibilities"):
        near = f"; did you mean {error.possibilities[0]}?" if error.possibilities else ""
        return f"there is no option {error.option_name}{near}"
    if type(error).__name__ == "MissingParameter":
        return f"the {error.param.param_type_name} {_name(error.param)} is missing"
    message = error.message.strip().rstrip(".").replace("Input should be", "must be")
    text = f"{message[:1].lower()}{message[1:]}"
    return f"{_name(error.param)} {text}" if getattr(error, "param", None) else text


def _name(param: Any) -> str:
    """What a person types, as in "--seeds"."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.metavar or param.name).upper()
