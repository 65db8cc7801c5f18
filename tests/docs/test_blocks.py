"""Every code block of the documentation is what it claims to be, and does what it says."""

import csv
import io
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.configs import parse_config
from hwnas.core.yaml_text import parse_yaml
from hwnas.devices.device import Device
from hwnas.latency.csv_rows import COLUMNS, NAMING
from hwnas.runs.config import RunConfig
from hwnas.spaces.around_config import AroundConfig
from hwnas.spaces.choices_file import ChoicesFile
from hwnas.spaces.config import SpaceConfig, build_space
from tests.docs.blocks import PAGES, ROOT, Block, all_blocks, blocks_of, name_of
from tests.docs.test_commands import parse

LANGUAGES = {"python", "yaml", "toml", "json", "csv", "sh", "text"}
LEAST: dict[str, Any] = {
    "space": "mobilenet_v3_small",
    "train": {"epochs": 1},
    "search": {"budgets": {}},
    "fine_tune": {"epochs": 1},
}
"""The config that parts of one are put into."""
SPACE: dict[str, Any] = {
    "name": "of stages",
    "resolution": 64,
    "classes": 10,
    "stem": {"channels": 16, "activation": "relu"},
    "head": {"features": 64, "activation": "relu"},
}
"""The space that stages alone are put into."""
OF_PYTHON = [
    page
    for page in PAGES
    if any(one.language == "python" and not one.note("elsewhere") for one in blocks_of(page))
]


def ids(block: Block) -> str:
    return block.place


def test_every_block_says_what_it_is() -> None:
    assert [b.place for page in PAGES for b in blocks_of(page) if b.language not in LANGUAGES] == []
    notes = [note.split()[0] for page in PAGES for b in blocks_of(page) for note in b.notes]
    assert set(notes) <= {"search-part", "replace", "elsewhere", "part-of", "manifest"}


@pytest.mark.usefixtures("plugins", "quicker", "one_thread", "few_trees")
@pytest.mark.filterwarnings("ignore::UserWarning")  # timings of a busy machine
@pytest.mark.parametrize("page", OF_PYTHON, ids=name_of)
def test_the_python_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks of a page run one after another, with the same names.

    In one folder, which holds the CSV and YAML files that the page shows.
    """
    monkeypatch.chdir(tmp_path)
    for block in blocks_of(page):
        if block.title and block.language in ("csv", "yaml"):
            Path(block.title).write_text(block.text, encoding="utf-8")
    names: dict[str, Any] = {"__name__": "documentation"}
    for block in blocks_of(page):
        if block.language != "python" or block.note("elsewhere"):
            continue
        code = block.text
        for replacement in block.note("replace"):
            old, new = replacement.split(" with ")
            assert old in code, f"{block.place}: there is no {old} to replace"
            code = code.replace(old, new)
        exec(compile(code, block.place, "exec"), names)  # our own documentation


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    "block", [b for b in all_blocks("yaml") if "manifest" not in b.notes], ids=ids
)
def test_yaml_is_a_config_that_is_accepted(block: Block) -> None:
    content = parse_yaml(block.text, block.place)
    if isinstance(content, list):  # stages of a space
        content = {**SPACE, "stages": content}
    assert isinstance(content, dict)
    if block.note("search-part"):
        parse_config(merged(LEAST, content), RunConfig, block.place)
    elif "stages" in content:
        space = parse_config(content, SpaceConfig, block.place)
        build_space(space, space.resolution, space.classes)
    elif "format" in content:
        parse_config(content, ChoicesFile, block.place)
    elif "around" in content:
        parse_config(content, AroundConfig, block.place)
    elif "search" in content:
        parse_config(content, RunConfig, block.place)
    else:
        parse_config(content, Device, block.place)


def merged(least: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    both = {**least, **part}
    for key in least.keys() & part.keys():
        if isinstance(least[key], dict):
            both[key] = merged(least[key], part[key])
    return both


@pytest.mark.parametrize("block", [b for b in all_blocks("yaml") if "manifest" in b.notes], ids=ids)
def test_a_manifest_of_kubernetes_runs_a_command_that_can_be_typed(block: Block) -> None:
    content: Any = parse_yaml(block.text, block.place)
    spec = content["spec"]
    if content["apiVersion"] == "ray.io/v1":
        assert content["kind"] == "RayJob"
        words = spec["entrypoint"].split()
        cluster = spec["rayClusterSpec"]
        pods = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
        assert all(group["rayStartParams"] is not None for group in pods)
        pods = [group["template"]["spec"] for group in pods]
    else:
        assert (content["apiVersion"], content["kind"]) == ("batch/v1", "Job")
        pods = [spec["template"]["spec"]]
        words = pods[0]["containers"][0]["command"]
    parse(words[words.index("hwnas") + 1 :])
    for pod in pods:
        volumes = {one["name"] for one in pod.get("volumes", ())}
        (container,) = pod["containers"]
        assert {one["name"] for one in container.get("volumeMounts", ())} == volumes


@pytest.mark.parametrize("block", all_blocks("csv"), ids=ids)
def test_csv_has_known_columns_and_whole_rows(block: Block) -> None:
    header, *rows = csv.reader(io.StringIO(block.text))
    assert set(header) <= {*COLUMNS, *NAMING, "accuracy"}
    assert rows
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("block", all_blocks("toml", "json"), ids=ids)
def test_toml_and_json_can_be_read(block: Block) -> None:
    {"toml": tomllib.loads, "json": json.loads}[block.language](block.text)


@pytest.mark.parametrize(
    "block", [b for page in PAGES for b in blocks_of(page) if b.note("elsewhere")], ids=ids
)
def test_what_another_test_runs_is_named_there(block: Block) -> None:
    [path] = block.note("elsewhere")
    page = block.place.partition(":")[0]
    assert page in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "block", [b for page in PAGES for b in blocks_of(page) if b.note("part-of")], ids=ids
)
def test_what_is_shown_of_a_file_stands_there(block: Block) -> None:
    """Paragraph by paragraph in the file's order; the file may have more."""
    [path] = block.note("part-of")
    rest = (ROOT / path).read_text(encoding="utf-8")
    for paragraph in re.split(r"\n{2,}", block.text.strip()):
        _, found, rest = rest.partition(paragraph)
        assert found, f"{path} has not, or not here:\n{paragraph}"


def test_the_first_search_of_the_tutorial_is_the_whole_example() -> None:
    shown = next(one for one in blocks_of(ROOT / "docs/tutorial.md") if one.language == "python")
    code = (ROOT / "examples/first_search.py").read_text(encoding="utf-8")
    assert code.partition('"""\n\n')[2] == shown.text
