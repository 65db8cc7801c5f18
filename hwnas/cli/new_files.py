"""Files that a command is to write: refused before any work where they cannot be."""

from collections.abc import Sequence
from pathlib import Path

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown


def check_new_file(option: str, file: Path, suffixes: Sequence[str], *, force: bool) -> None:
    """Refuses a file that is there, or that does not say what it is.

    Args:
        option: by which it was named.
        file: it.
        suffixes: of which it must have one.
        force: whether a file that is there is to be replaced.

    Raises:
        ConfigError: says what to do.
    """
    if file.suffix.lower() not in suffixes:
        raise ConfigError(f"{option} {shown(file)} must end with {suffixes[0]}")
    if file.is_dir():
        raise ConfigError(f"{option} {shown(file)} is a folder; name a file")
    if file.exists() and not force:
        raise ConfigError(f"{shown(file)} exists already; add --force to replace it")
