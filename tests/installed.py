"""Packages with entry points, in a folder on the path as pip would have put them there."""

from pathlib import Path


def install(site: Path, package: str, group: str, points: str, module: str | None = None) -> None:
    """Puts a package's entry points, and its module where that is given, into a folder."""
    info = site / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{points}\n")
    if module is not None:
        (site / f"{package}.py").write_text(module)
