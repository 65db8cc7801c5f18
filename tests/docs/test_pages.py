"""The site builds strictly; what sources and pages name exists; the reference names every key."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import hwnas
from hwnas.core.registry import Registry
from hwnas.data.entry_points import DATASETS
from hwnas.devices.device import Device
from hwnas.devices.runtimes import RUNTIMES
from hwnas.devices.transports import TRANSPORTS
from hwnas.estimators import ESTIMATORS
from hwnas.networks.blocks import BLOCKS
from hwnas.objectives.budgets import MEASURED
from hwnas.objectives.costs import COSTS
from hwnas.relaxation.gradients import GRADIENTS
from hwnas.relaxation.penalties import PENALTIES
from hwnas.relaxation.regularisers import REGULARISERS
from hwnas.relaxation.schedules import SCHEDULES
from hwnas.relaxation.selectors import SELECTORS
from hwnas.runs.config import AccuracyConfig, DataConfig, RunConfig, SearchConfig
from hwnas.runs.export_config import ExportConfig
from hwnas.runs.pretrained_config import PretrainedConfig
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.tracking import TRACKERS
from hwnas.search.policies import POLICIES
from hwnas.search.searchers import SEARCHERS, searcher_class
from hwnas.search.shrinkers import SHRINKERS
from hwnas.spaces.around_config import AroundConfig
from hwnas.spaces.config import HeadConfig, SpaceConfig, StageConfig, StemConfig
from hwnas.training.train_config import TrainSettings
from tests.docs.blocks import PAGES, ROOT, name_of

REGISTRIES: tuple[Registry[Any], ...] = (
    BLOCKS,
    COSTS,
    DATASETS,
    ESTIMATORS,
    POLICIES,
    SHRINKERS,
    RUNTIMES,
    SEARCHERS,
    TRANSPORTS,
    GRADIENTS,
)
# A protocol of one method, and settings with a formula each.
WITHOUT_SUITES: tuple[Registry[Any], ...] = (
    TRACKERS,
    PENALTIES,
    REGULARISERS,
    SCHEDULES,
    SELECTORS,
)
SOURCES = [
    path
    for folder in ("hwnas", "devices", "latency", "objectives", "configs", "benchmarks", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".yaml") and not path.is_symlink()
]
OUTSIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
SOURCES += [ROOT / name for name in ("pyproject.toml", "Makefile", "mkdocs.yml")]


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "NO_MKDOCS_2_WARNING": "1"},
    )
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    page = (tmp_path / "site/reference/python/index.html").read_text(encoding="utf-8")
    assert "hwnas.spaces.SearchSpace" in page


def test_every_page_that_a_source_names_is_there() -> None:
    named = re.compile(r"\bdocs/[\w/]+\.md")
    wrong = [
        (str(path.relative_to(ROOT)), page)
        for path in [*SOURCES, *OUTSIDE]
        for page in named.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / page).is_file()
    ]
    assert wrong == []


def test_every_source_that_a_page_names_is_there() -> None:
    folders = "hwnas|devices|latency|objectives|configs|tests|docs|examples|benchmarks"
    named = re.compile(rf"`((?:{folders})/[\w/.]+)`")
    wrong = [
        (name_of(page), path)
        for page in PAGES
        for path in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / path).exists()
    ]
    assert wrong == []


def test_every_python_name_that_a_page_names_is_there() -> None:
    named = re.compile(r"`(hwnas(?:\.[A-Za-z_]+)+)(?:\(.*?\))?`")
    groups = {registry.group for registry in (*REGISTRIES, *WITHOUT_SUITES)}
    names = {name for page in PAGES for name in named.findall(page.read_text(encoding="utf-8"))}
    assert [name for name in sorted(names - groups) if not resolves(name)] == []


def resolves(name: str) -> bool:
    """Whether a dotted name is that of a module, or of an attribute of one."""
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def test_the_page_on_parts_names_every_entry_point_group_and_suite() -> None:
    text = (ROOT / "docs/guides/own_parts.md").read_text(encoding="utf-8")
    assert [one.group for one in REGISTRIES if f"`{one.group}`" not in text] == []
    suites = {path.stem for path in (ROOT / "hwnas/testing").glob("[a-z]*s.py")}
    kinds = {one.group.partition(".")[2] for one in REGISTRIES}
    assert kinds <= suites
    assert [kind for kind in kinds if f"`hwnas.testing.{kind}`" not in text] == []


def test_the_page_on_python_names_every_public_name() -> None:
    text = (ROOT / "docs/guides/python.md").read_text(encoding="utf-8")
    assert [name for name in hwnas.__all__ if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", OUTSIDE, ids=name_of)
def test_links_outside_of_the_site_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        assert (ROOT / path).is_file(), target
        if anchor:
            text = (ROOT / path).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", one).lower().replace(" ", "-") for one in headings]
            assert anchor in slugs, target


def test_lists_stand_apart_from_the_paragraph_before() -> None:
    """Without an empty line between, the site shows no list."""
    glued = re.compile(r"^(?![-|#> ]|\d\. |$|<)[^\n]+\n- ", re.MULTILINE)
    assert [name_of(page) for page in PAGES if glued.search(page.read_text("utf-8"))] == []


def test_every_table_of_a_benchmark_stands_with_its_command() -> None:
    wrong = []
    for page in (ROOT / "docs/benchmarks").glob("[!i]*.md"):
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            named = "```sh\n" in section or "not by a benchmark script" in " ".join(section.split())
            if "\n| --- |" in section and not named:
                wrong.append((page.name, section.partition("\n")[0]))
    assert wrong == []


def keys(*models: type[BaseModel]) -> set[str]:
    return {key for model in models for key in model.model_fields}


def settings() -> set[str]:
    return {
        key for name in SEARCHERS.ours for key in searcher_class(name).settings_model.model_fields
    }


@pytest.mark.parametrize(
    ("page", "names"),
    [
        (
            "config",
            keys(RunConfig, DataConfig, AccuracyConfig, ProfileConfig, SearchConfig, ExportConfig),
        ),
        ("config", keys(PretrainedConfig, TrainSettings)),
        ("devices", keys(Device)),
        ("spaces", keys(AroundConfig, SpaceConfig, StageConfig, StemConfig, HeadConfig)),
        ("budgets", {*MEASURED, *COSTS.ours}),
        ("estimators", set(ESTIMATORS.ours)),
        ("searchers", {*SEARCHERS.ours} | settings()),
    ],
)
def test_the_reference_names_every_key(page: str, names: set[Any]) -> None:
    text = (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8")
    assert {name for name in names if f"`{name}`" not in text} == set()
