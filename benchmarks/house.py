"""The house in figures: import circles, imports that run upward, names, long files.

    python -m benchmarks.house --json

The import graph is that of every file: imports inside functions and for type checking count like
all others, and so do the "module:attribute" texts of registries. Names are counted in a wheel.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import grimp
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import hwnas

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    ("cli",),
    ("api",),
    ("testing",),
    ("report",),
    ("runs",),
    ("export",),
    ("ensembles",),
    ("estimators",),
    ("relaxation",),
    ("search",),
    ("supernet",),
    ("training",),
    ("data", "spaces"),
    ("objectives",),
    ("latency",),
    ("devices",),
    ("networks",),
    ("core",),
)
"""From the roof to the ground floor; rooms of one floor do not import each other."""
LONGEST = 400
_SKIP = "# fmt: " + "skip"  # this file has none
_OBJECT = re.compile(r"(hwnas(?:\.\w+)+):\w+")
_Edge = tuple[str, str]


def main() -> None:
    """Counts, and prints the figures with what they are made of."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    parser.parse_args()
    edges = sorted({*_imports(), *_named()})
    found = {
        "circles": _circles(edges),
        "upward": [f"{a} imports {b}" for a, b in edges if _is_upward(a, b)],
        "top_level": _top_level(),
        "public": list(hwnas.__all__),
        "fmt_skip": [str(path) for path in _sources() if _SKIP in (ROOT / path).read_text()],
        "long_files": [str(path) for path in _sources() if _lines(path) > LONGEST],
    }
    for name, items in found.items():
        print(f"{name}: {len(items)}")
        for item in items:
            print(f"    {item}")
    print(json.dumps({name: len(items) for name, items in found.items()}))


def _imports() -> Iterator[_Edge]:
    graph = grimp.build_graph("hwnas", cache_dir=None)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            yield module, imported


def _named() -> Iterator[_Edge]:
    """Modules, and those that "module:attribute" texts in them name."""
    for path in _sources():
        parts = path.with_suffix("").parts
        if parts[0] not in ("hwnas", "latency", "devices", "objectives"):
            continue
        inner = parts[:-1] if parts[-1] == "__init__" else parts
        name = ".".join(inner if parts[0] == "hwnas" else ("hwnas", *inner))
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = _OBJECT.fullmatch(node.value)
                # A registry in a package's __init__.py names the files beside it.
                if match and match[1] != name and not match[1].startswith(f"{name}."):
                    yield name, match[1]


def _circles(edges: list[_Edge]) -> list[str]:
    """Files that import each other in a circle, each circle a line."""
    names = sorted({name for edge in edges for name in edge})
    number = {name: index for index, name in enumerate(names)}
    rows, columns = zip(*((number[a], number[b]) for a, b in edges), strict=True)
    matrix = coo_array((np.ones(len(edges)), (rows, columns)), shape=(len(names), len(names)))
    _, labels = connected_components(matrix, connection="strong")
    circles = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return [", ".join(names[i] for i in circle) for circle in circles if len(circle) > 1]


def _floor(module: str) -> int:
    """How far up a module is: 0 on the ground floor; the package itself is above all."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1] == "__main__":
        return len(ROOMS)
    return next(len(ROOMS) - 1 - i for i, floor in enumerate(ROOMS) if parts[1] in floor)


def _is_upward(importer: str, imported: str) -> bool:
    """Whether an import runs up, or across to another room of the same floor."""
    same_room = importer.split(".")[1:2] == imported.split(".")[1:2]
    return not same_room and _floor(importer) <= _floor(imported)


def _top_level() -> list[str]:
    """What a wheel puts into site-packages, but for its metadata."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(ROOT)]
        subprocess.run(command, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as file:
            names = {name.partition("/")[0] for name in file.namelist()}
    return sorted(name for name in names if not name.endswith(".dist-info"))


def _sources() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(line) for line in listed.splitlines() if (ROOT / line).is_file()]


def _lines(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
