"""The five questions of `hwnas init`, each answer checked at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwnas.cli.asking import ask_until
from hwnas.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from hwnas.runs.new_config import Answers

_IMAGES = (
    "1/5  images: a folder that holds a folder for each class; or digits, handwritten ones that "
    "come along"
)
_DEVICE = "2/5  device: a name that 'hwnas devices list' shows, or a YAML file"
_BUDGET = (
    "3/5  budget of one inference, as in 2 ms; or a share of the published network's, as in 75 %; "
    "or macs=60 M"
)
_START = (
    "4/5  start from a network that has seen other images: its file of weights, or timm:NAME "
    "(empty: from random weights)"
)
_LENGTH = "5/5  how long: quick (a look, in minutes), usual, or long"


def given_answers(
    data: str | None,
    device: str | None,
    budgets: list[str] | None,
    pretrained: str | None,
    network: str | None,
    length: str | None,
) -> dict[str, Any]:
    """What options answer, checked; by the names of `Answers`.

    Raises:
        HwnasError: an answer cannot be.
    """
    from hwnas.runs import new_config as new
    from hwnas.runs.pretrained_config import NO_FILE

    if network is not None and pretrained is None:
        raise ConfigError(f"the command line: pretrained: {NO_FILE}")
    answers: dict[str, Any] = {
        "data": data and new.checked_images(data),
        "device": device and new.checked_device(device),
        "budgets": budgets and new.checked_budgets(budgets),
        "pretrained": pretrained and new.checked_pretrained(pretrained, network),
        "network": network,
        "length": length and new.checked_length(length),
    }
    return {key: value for key, value in answers.items() if value is not None}


def ask(given: dict[str, Any], console: "Console") -> "Answers":
    """The answers: those given, and those that a person types.

    Raises:
        ConfigError: the answers ended before the questions.
    """
    from hwnas.runs import new_config as new

    usual, found = new.Answers(), dict(given)
    questions: list[tuple[str, str, str, Callable[[str], Any]]] = [
        ("data", _IMAGES, usual.data, new.checked_images),
        ("device", _DEVICE, usual.device, new.checked_device),
        ("budgets", _BUDGET, "75 %", lambda text: new.checked_budgets([text])),
        (
            "pretrained",
            _START,
            "",
            lambda text: new.checked_pretrained(text, None) if text else None,
        ),
        ("length", _LENGTH, usual.length, new.checked_length),
    ]
    try:
        for key, question, default, check in questions:
            if key not in found:
                found[key] = ask_until(console, question, default, check)
    except EOFError as error:
        raise ConfigError(
            "the questions were not answered to their end; nothing was written"
        ) from error
    return new.Answers(**found)
