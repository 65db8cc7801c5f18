"""The folders of a person: some have no home, and some containers run as users that nobody is."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

from hwnas.core.errors import ConfigError


def home() -> Path | None:
    """The home folder by `$HOME`, else by the list of users; None where neither names one."""
    named = os.environ.get("HOME", "")
    if not named:
        try:
            named = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return None
    return Path(named) if Path(named).is_absolute() else None


def own_folder(variable: str, usual: Callable[[], Path], within: str) -> Path | None:
    """A person's folder of one kind; None where nothing says where it is.

    Args:
        variable: of the environment, which names it.
        usual: gives it where there is a home folder, or a variable of the system names another.
        within: the home folder, where only the list of users knows that.

    Raises:
        ConfigError: the variable names a home folder that is not known.
    """
    if named := os.environ.get(variable):
        if not named.startswith("~"):
            return Path(named)
        first, _, rest = named.partition("/")
        try:
            start = home() if first == "~" else Path(first).expanduser()
        except RuntimeError:  # no such user
            start = None
        if start is None:
            raise ConfigError(
                f"the environment variable {variable} is '{named}', and no home folder is known "
                "for it; write a whole path"
            )
        return start / rest
    if os.environ.get("HOME"):
        return usual()
    found = home()
    return found / within / "hwnas" if found is not None else None
