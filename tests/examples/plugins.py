"""Example packages, known to hwnas as if pip had installed them."""

import os
import tomllib
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "examples" / "plugins"


def install(name: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts the package of `examples/plugins/NAME` on the path, with its entry points.

    Child processes find it, too.

    Args:
        name: the folder.
        site: a folder for what pip would write; it is made.
        monkeypatch: which takes it back.

    Returns:
        The package's folder.
    """
    folder = PLUGINS / name
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    lines = [f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"]
    (info / "METADATA").write_text("".join(lines))
    points = ""
    for group, parts in project["entry-points"].items():
        points += f"[{group}]\n" + "".join(f"{part} = {path}\n" for part, path in parts.items())
    (info / "entry_points.txt").write_text(points)
    before = os.environ.get("PYTHONPATH")
    paths = [str(folder), str(site), *([before] if before else [])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    for path in (site, folder):
        monkeypatch.syspath_prepend(path)
    return folder
