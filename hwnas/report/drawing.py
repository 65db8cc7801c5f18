"""The library that draws pictures, which wants a folder for its settings."""

import atexit
import os
from contextlib import ExitStack
from functools import cache
from typing import Any

from devices.files import may_be_written
from devices.home import home
from devices.workspace import job_folder


@cache
def matplotlib() -> Any:
    """The module; to a user without a home folder it would speak of a temporary one."""
    found = home()
    if "MPLCONFIGDIR" not in os.environ and (found is None or not may_be_written(found)):
        folder = ExitStack()
        os.environ["MPLCONFIGDIR"] = str(folder.enter_context(job_folder()))
        atexit.register(folder.close)
    import matplotlib as mpl

    return mpl
