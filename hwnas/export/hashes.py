"""The files of an export folder by their hashes: its own, and those in further formats."""

import json
from pathlib import Path
from typing import Any

from hwnas.export.layout import STATUS, VERIFICATION


def exported_hashes(folder: Path) -> list[tuple[str, str]]:
    """(name, SHA-256) of the files that `verification.json` and `status.json` name.

    Raises:
        FileNotFoundError: the folder has no `verification.json`.
        OSError, ValueError, KeyError, TypeError, AttributeError: one of the two is damaged.
    """
    found = list(_read(folder / VERIFICATION)["sha256"].items())
    if (folder / STATUS).is_file():
        for row in _read(folder / STATUS)["rows"]:
            if row["file"] is not None:  # else it was made, and is not shipped
                found += row["sha256"].items()
    return list(dict.fromkeys(found))


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
