"""The text of a search config that a person begins with, by the answers to five questions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from hwnas.core.configs import parse_config
from hwnas.core.errors import BudgetError, ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.yaml_text import parse_yaml, to_yaml
from hwnas.data.loading import DIGITS, class_names, is_name, one_spelling
from hwnas.devices.device import load_device
from hwnas.objectives.budgets import Budget
from hwnas.runs.config import RunConfig
from hwnas.training.auto import SUPERNET_LENGTH, resolved
from hwnas.training.train_config import TrainSettings

Length = Literal["quick", "usual", "long"]
LENGTHS: tuple[Length, ...] = get_args(Length)
_EVALUATIONS: Mapping[Length, int] = {"quick": 30, "usual": 100, "long": 300}
_OF_PRETRAINED: Mapping[Length, int] = {"quick": 3, "usual": 12, "long": 24}
_QUICK_EPOCHS, _QUICK_FINE_TUNING = 8, 4
# 70 % of the images train.
_TRAINED = 0.7


@dataclass(frozen=True)
class Answers:
    """What a person wants; the values are as checked by the functions below.

    Attributes:
        data: the images: a folder with a folder for each class, or the name of a dataset.
        device: its name, or the path of its file.
        budgets: texts by the names of costs, as in {"latency": "2 ms"}.
        pretrained: what the search starts from: a file of weights, the folder of an export, or
            `timm:NAME`; None for random weights.
        network: what that file holds, where it does not say.
        length: how long it may take.
    """

    data: str = DIGITS
    device: str = "local_cpu"
    budgets: Mapping[str, str] = field(default_factory=lambda: {"latency": "75 % of reference"})
    pretrained: str | None = None
    network: str | None = None
    length: Length = "usual"


def checked_images(text: str) -> str:
    """The images of an answer.

    Raises:
        DataError: there are none, or no class folders.
    """
    source = one_spelling(text)
    class_names(source)
    return source


def checked_device(text: str) -> str:
    """The device of an answer.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
    """
    load_device(text)
    return text


def checked_budgets(texts: list[str]) -> dict[str, str]:
    """Budgets as in "latency=2 ms"; without a name one of latency, "75 %" as one of the reference.

    Raises:
        BudgetError: one cannot be read, or is given twice.
        ConfigError: there is no device that one is on.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, amount = (part.strip() for part in text.partition("="))
        if not equals:
            name, amount = "latency", text.strip()
        if amount.endswith("%"):
            amount += " of reference"
        budget = Budget.of(name, amount)
        if name in found:
            raise BudgetError(f"the {shown(name)} budget is given twice; give it once")
        if budget.device is not None:
            load_device(budget.device)
        found[name] = amount
    return found


def checked_pretrained(text: str, network: str | None) -> str:
    """What a search starts from.

    Raises:
        ConfigError: see `hwnas.supernet.pretrained.read_pretrained`.
    """
    from hwnas.supernet.pretrained import read_pretrained  # loads PyTorch

    read_pretrained(text, network=network)
    return text


def checked_length(text: str) -> Length:
    """How long it may take.

    Raises:
        ConfigError: it is none of the words.
    """
    for length in LENGTHS:
        if text == length:
            return length
    raise ConfigError(
        f"the length is '{shown(text)}'; write {', '.join(LENGTHS[:-1])} or {LENGTHS[-1]}"
    )


def config_text(answers: Answers) -> str:
    """A commented config.

    Raises:
        ConfigError: the answers do not go together.
    """
    parts = [_HEAD, _images(answers), _start(answers), _device(answers), *_work(answers)]
    text = "\n".join(parts)
    content: dict[str, Any] = parse_yaml(text, "the answers")
    parse_config(content, RunConfig, "the answers")
    return text


_HEAD = """\
# What hwnas looks for, and on what. In this order: hwnas profile, train, search, export, report,
# each with this file, or with its run folder under runs/. Every key: docs/reference/config.md
"""


def _images(answers: Answers) -> str:
    return f"""\
# The images: a folder that holds a folder for each class, or the name of a dataset.
data: {_flow({"source": answers.data})}
"""


def _start(answers: Answers) -> str:
    if answers.pretrained is None:
        pixels = 48 if answers.data == DIGITS else 64
        return f"""\
# The networks to choose from: those of a space ('hwnas space show mobilenet_v3_small'), trained
# from random weights. With 'pretrained: FILE' and 'space: around_pretrained' the search starts from
# a network that has seen other images: better with few images, and sooner.
space: mobilenet_v3_small
resolution: {pixels}  # of the images in pixels; several, as in [48, 64], are a choice
"""
    named: Any = answers.pretrained
    if answers.network is not None:
        named = {"file": answers.pretrained, "network": answers.network}
    return f"""\
# A network that has seen other images. The networks to choose from are those around it: with other
# kernels, fewer or more channels inside its blocks, and a block less or more in each stage.
{_line("pretrained", named)}
space: around_pretrained
resolution: 96  # of the images in pixels; several, as in [64, 96], are a choice
"""


def _device(answers: Answers) -> str:
    return f"""\
# Where the network is to run: 'hwnas devices list' shows the names, 'hwnas devices add' adds one.
{_line("device", answers.device)}
"""


def _work(answers: Answers) -> list[str]:
    train, fine_tune = _epochs(answers)
    if answers.pretrained is None:
        flip = f"flip: {'false' if answers.data == DIGITS else 'true'}"
        more = f"  learning_rate: auto\n  warmup_epochs: auto\n  {flip}  # mirrors images\n"
        more_of_train, more_of_winner = more, more
    else:
        sparing = "  body_rate: 0.5  # the trained layers learn at half of the rate\n"
        sparing += "  warmup_epochs: 1\n"
        more_of_train = f"  learning_rate: 0.1\n{sparing}  rule: sandwich\n  clip: 5\n"
        more_of_winner = f"  learning_rate: 0.05\n{sparing}"
    searcher = "surrogate" if answers.pretrained is None else "around"
    return [
        *([_QUICK_PROFILE] if answers.length == "quick" else []),
        f"""\
# The supernet, by whose weights networks are judged. What is auto follows from the images.
train:
  epochs: {train}
  batch_size: auto
{more_of_train}  crop_padding: auto
""",
        f"""\
# Every budget is a hard limit: latency: 2 ms, macs: 60 M, params: 2 M, file_size: 4 MB,
# peak_memory: 2 MB, energy: 40 mJ, or as a share, as in latency: 75 % of reference.
search:
  budgets: {_flow(answers.budgets)}
  searchers: [{searcher}]
  evaluations: {_EVALUATIONS[answers.length]}  # networks that are judged
""",
        f"""\
# The winner, before it is exported.
fine_tune:
  epochs: {fine_tune}
  batch_size: auto
{more_of_winner}  crop_padding: auto
""",
    ]


_QUICK_PROFILE = """\
# A quick look: few networks are measured to check the latencies, and trainings are short. What it
# finds is weak: for a network to be used, leave this out and train longer.
profile: {fit_networks: 10, check_networks: 6}
"""


def _epochs(answers: Answers) -> tuple[int | str, int | str]:
    """Of the supernet, and of the winner."""
    if answers.pretrained is not None:
        epochs = _OF_PRETRAINED[answers.length]
        return epochs, epochs
    if answers.length == "quick":
        return _QUICK_EPOCHS, _QUICK_FINE_TUNING
    if answers.length == "usual":
        return "auto", "auto"
    images = _image_count(answers.data)
    if images is None:
        return 2 * SUPERNET_LENGTH.epochs, "auto"
    settings = TrainSettings(epochs="auto", batch_size="auto")
    usual = resolved(settings, max(2, int(_TRAINED * images)), 64, SUPERNET_LENGTH)
    return 2 * usual.epochs, "auto"


def _image_count(source: str) -> int | None:
    """How many images a folder holds; None of a dataset."""
    if is_name(source):
        return None
    from hwnas.data.folder_layout import find_layout

    parts = find_layout(Path(source)).parts.values()
    return sum(len(images) for part in parts for images in part.values())


def _line(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{key}: {_flow(value)}"
    return to_yaml({key: value}, width=10_000).strip()


def _flow(content: Mapping[str, Any]) -> str:
    return to_yaml(dict(content), flow=True, width=10_000).strip()
