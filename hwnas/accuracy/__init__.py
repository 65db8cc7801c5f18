"""Where the accuracies that a search goes by come from, besides the supernet.

A source is one file and one line here; its module is imported when it is asked for.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwnas.accuracy.source import Judge
    from hwnas.spaces.space import SearchSpace

SUPERNET = "supernet"
"""The source that trains; all others read a file."""

FILE_SOURCES: dict[str, str] = {
    "table": "hwnas.accuracy.table:table_judge",
    "predictor": "hwnas.accuracy.predictor:predictor_judge",
}
"""Name → module:function (space, path) → Judge of every source that reads a file."""


def file_judge(source: str, space: "SearchSpace", path: Path) -> "Judge":
    """The judge of a source that reads a file.

    Raises:
        AccuracyError: the file cannot be used.
    """
    module, attribute = FILE_SOURCES[source].split(":")
    judge: Judge = getattr(import_module(module), attribute)(space, path)
    return judge
