"""A new latency table that is filled first and named then: all of it, or no file at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hwnas.core.errors import TableError
from hwnas.core.files import advice, reason
from hwnas.core.workspace import temporary_folder
from hwnas.latency.table import LatencyTable


@contextmanager
def new_table(path: Path) -> Iterator[LatencyTable]:
    """A table to fill, which gets its name when all is in it.

    Raises:
        TableError: there is a file of that name, or it cannot be written.
    """
    _refuse_existing(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A folder of its own, since SQLite puts files beside the one it writes.
        name = f".{path.name}."
        where = temporary_folder(
            path.parent, name, error=TableError, advice="choose another folder"
        )
        with where as folder:
            temporary = folder / path.name
            with LatencyTable(temporary) as table:
                yield table
            _refuse_existing(path)
            temporary.replace(path)
    except OSError as error:
        raise TableError(f"cannot write {path}: {reason(error)}; {advice(error)}") from error


def _refuse_existing(path: Path) -> None:
    # Text, since "." has no name. A journal left behind would be played into the new table.
    for name in (str(path) + end for end in ("", "-wal", "-shm")):
        if os.path.lexists(name):
            raise TableError(f"{name} is there already; move it away or name another file")
