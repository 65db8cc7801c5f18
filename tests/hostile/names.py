"""Foreign text wherever it is shown: names of spaces, devices, classes, runs and files."""

from pathlib import Path
from xml.etree import ElementTree

from tests.hostile import mutations
from tests.hostile.bench import Bench

NAMES = tuple(text for text in mutations.TEXTS if text.strip())


def names(bench: Bench) -> None:
    """A run whose names are hostile: searched, reported and shown."""
    random = bench.random
    bench.material.move_in(bench.folder)
    text = random.choice(NAMES)
    bench.note(repr(text))
    way = random.randrange(4)
    folder = Path("runs") / "r"
    import yaml

    def replace(path: str, key: str) -> None:
        content = yaml.safe_load(Path(path).read_text())
        content[key] = text
        Path(path).write_text(yaml.safe_dump(content))

    if way == 0:
        replace("space.yaml", "name")
    elif way == 1:
        replace("npu.yaml", "name")
    elif way == 2:
        name = text.replace("/", "∕").replace("\0", "")[:60].encode("utf-8", "replace").decode()
        folder = Path("runs") / (name.strip(".") or "r")
    else:
        name = text.replace("/", "∕").replace("\0", "")[:40] + ".csv"
        Path("accuracies.csv").rename(name)
        content = yaml.safe_load(Path("known.yaml").read_text())
        content["accuracy"]["file"] = name
        Path("known.yaml").write_text(yaml.safe_dump(content))
    answer = bench.command("search", "known.yaml", "--run", folder, "--json")
    if not answer.done:
        return
    shown = bench.command("report", folder)
    if shown.done:
        picture, page = folder / "front.svg", folder / "report.html"
        ElementTree.parse(picture)
        whole = page.read_text()
        if text in whole and ("\x1b" in text or "\u202e" in text or "<script>alert" in text):
            bench.wrong("the page shows the name raw")
