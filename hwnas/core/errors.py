"""The errors a user can cause: one class tree, each message one sentence with its remedy."""

from collections.abc import Sequence

from hwnas.core.foreign_text import shown

# Most quote what a person or a device wrote: a sentence stays one that is read to its end.
_LONGEST = 1200


class HwnasError(Exception):
    """Base of every error that wrong input or a failing device can cause.

    The command line prints the message as one sentence and exits with code 2. Whatever it quotes
    is harmless to show: see `hwnas.core.foreign_text.shown`.
    """

    def __init__(self, sentence: object = "") -> None:
        """Takes the sentence."""
        super().__init__(shown(sentence, longest=_LONGEST))


class ConfigError(HwnasError):
    """A YAML file that cannot be read or does not say what it should."""


class DataError(HwnasError):
    """An image folder that cannot be used."""


class DeviceError(HwnasError):
    """A device or runtime that cannot be reached, loaded or trusted."""


class LinkError(DeviceError):
    """The link to a device broke: what came across it is kept, and the rest can be asked again."""


class SilenceError(DeviceError):
    """A device has answered nothing for so long that it hangs, or is out of reach."""


class ProgramError(DeviceError):
    """A program on a device ended with an error.

    Attributes:
        code: its exit code.
        last_line: of its standard error.
        lines: the last lines of it.
    """

    def __init__(self, where: str, code: int, last_line: str, lines: Sequence[str] = ()) -> None:
        """Takes where it ran, its exit code, and what it wrote to its standard error."""
        super().__init__(f"timing on {where} failed: {last_line or f'exit code {code}'}")
        self.code = code
        self.last_line = last_line
        self.lines = tuple(lines) or (last_line,)


class EnergyError(DeviceError):
    """A device does not count its energy, or cannot be asked for it."""


class TableError(HwnasError):
    """A latency table that is missing, damaged, or made for another device or space."""


class AccuracyError(HwnasError):
    """A file of accuracies that cannot be used, or that lacks networks."""


class BudgetError(HwnasError):
    """A budget in a wrong unit or out of reach."""


class RunError(HwnasError):
    """A run folder that is missing, incomplete, or belongs to another config."""


class TrainingError(RunError):
    """A network that cannot be trained; others may well be."""


class DivergenceError(TrainingError):
    """A training whose loss or weights are no longer finite, or whose loss only grows."""


class PublishError(HwnasError):
    """A network that cannot be published: nobody is logged in, or the server refuses."""
