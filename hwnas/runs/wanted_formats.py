"""The formats and precisions that an export is asked for, beside what it always writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest
from hwnas.devices.device import PRECISIONS
from hwnas.export.formats import FORMATS

Names = str | Sequence[str]
"""One, a text with commas between several, or a list of such texts."""


@dataclass(frozen=True)
class WantedFormats:
    """Every one of some formats in every one of some precisions."""

    formats: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()

    @classmethod
    def of(cls, formats: Names, precisions: Names, *, usual: str) -> "WantedFormats":
        """What was asked for; none of both is nothing.

        Args:
            formats: by name; none for ONNX, where precisions are given.
            precisions: by name; none for the usual one, where formats are given.
            usual: the precision of the run's device.

        Raises:
            ConfigError: there is no such format or precision, or the name of one is empty.
        """
        given = _names(formats, "format", FORMATS.names())
        chosen = _names(precisions, "precision", PRECISIONS)
        for name in given:
            FORMATS.check(name)
        for name in chosen:
            if name not in PRECISIONS:
                raise ConfigError(
                    f"there is no precision '{shown(name)}'{nearest(name, PRECISIONS)} "
                    f"(known: {', '.join(PRECISIONS)})"
                )
        if not given and not chosen:
            return cls()
        return cls(given or ("onnx",), chosen or (usual,))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(format, precision) of each row."""
        return list(product(self.formats, self.precisions))


def _names(given: Names, what: str, known: Iterable[str]) -> tuple[str, ...]:
    if not given:
        return ()
    texts = [given] if isinstance(given, str) else given
    names = [name.strip() for text in texts for name in text.split(",")]
    if "" in names:
        raise ConfigError(f"the name of a {what} is empty (known: {', '.join(known)})")
    return tuple(dict.fromkeys(names))
