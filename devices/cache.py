"""The folder of what can be made again: decoded images, bundles."""

import os
from pathlib import Path

import platformdirs

FOLDER_VARIABLE = "HWNAS_CACHE"


def cache_folder() -> Path:
    """`$HWNAS_CACHE`, or the user's cache folder (`~/.cache/hwnas`)."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("hwnas")
