"""Runs the program of docs/guides/timm.md in the environment that has timm and no hwnas."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_in_timm(python: Path, place: Path, folders: Sequence[Path]) -> None:
    """Has timm build an export in each folder, see in_timm.py for what lies there before and after.

    Args:
        python: the interpreter of the environment.
        place: a folder for the program.
        folders: each with `export/winner` and `images.safetensors`.
    """
    page = (ROOT / "docs/guides/timm.md").read_text(encoding="utf-8")
    match = re.search("```python\n(.*?)```", page, re.DOTALL)
    assert match
    (place / "program.py").write_text(match[1], encoding="utf-8")
    script = Path(__file__).with_name("in_timm.py")
    # Without the PYTHONPATH of the caller, which may lead to hwnas.
    surroundings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [str(python), str(script), str(place / "program.py"), *map(str, folders)]
    subprocess.run(command, check=True, env=surroundings, cwd=place)
