"""The folder of what can be made again: decoded images, bundles."""

from pathlib import Path

import platformdirs

from hwnas.core.errors import ConfigError
from hwnas.core.home import own_folder

FOLDER_VARIABLE = "HWNAS_CACHE"


def cache_folder() -> Path:
    """`$HWNAS_CACHE`, or the user's cache folder (`~/.cache/hwnas`).

    Raises:
        ConfigError: the user has no home folder.
    """
    found = _found()
    if found is None:
        raise ConfigError(
            "no home folder is known, in which hwnas keeps what can be made again; name a folder "
            f"for that in the environment variable {FOLDER_VARIABLE}"
        )
    return found


def has_cache_folder() -> bool:
    """Whether there is a place for it; a user without a home has none."""
    return _found() is not None


def _found() -> Path | None:
    return own_folder(FOLDER_VARIABLE, lambda: platformdirs.user_cache_path("hwnas"), ".cache")
