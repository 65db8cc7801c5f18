"""A tiny experiment for the commands, and a terminal to type them in."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hwnas.cli.main import main
from hwnas.devices.device import load_device
from hwnas.export.int8.ranges import Calibration
from hwnas.latency import profile, whole_networks
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.latency.schedule import Schedule
from hwnas.objectives.costs import block_macs
from hwnas.runs import latency_check, mixed
from hwnas.spaces import load_space
from hwnas.spaces.references.of_space import reference_of
from tests.devices.runtimes.in_process import agent_here
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

SPACE = """
name: tiny
resolution: 16
classes: 10
stem: {channels: 8, activation: relu}
stages:
  - {channels: 8, depth: [1, 2], kernels: [3, 5], expansions: [2, 3], activation: relu}
  - {channels: 16, stride: 2, depth: [1, 3], kernels: [3, 5], expansions: [2, 4],
     activation: hard_swish, squeeze_excite: true}
head: {features: 32, activation: hard_swish}
reference: mobilenet_v3_small
"""
CONFIG = """
space: tiny_space.yaml
data: {source: digits, limit: 300}
table: table.sqlite
profile: {fit_networks: 5, check_networks: 5}
train: {epochs: 2, batch_size: 32, learning_rate: 0.1, flip: false, crop_padding: 1}
search:
  {budgets: {latency: 1 s}, evaluations: 12, searchers: [surrogate, layernas, nsga2, random]}
fine_tune: {epochs: 1, batch_size: 32, learning_rate: 0.05, flip: false, crop_padding: 1}
"""


@dataclass(frozen=True)
class Typed:
    """What a command answered."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


Terminal = Callable[..., Typed]


def assert_refused(terminal: Terminal, folder: Path, words: str, sentence: str) -> Typed:
    """Types what is wrong: it ends with one sentence and code 2, and every file stays as it is."""
    before = _files(folder)
    answer = terminal(*words.split())
    assert answer.code == 2
    assert answer.stdout == ""
    last = answer.stderr.splitlines()[-1]  # behind what was going to be done
    assert last.startswith("hwnas: ")
    assert sentence in last
    assert "Traceback" not in answer.stderr
    assert _files(folder) == before
    return answer


def add_training(known: Path) -> None:
    """Gives `known.yaml`, whose accuracies come from a file, images and trainings as well."""
    training = "{epochs: 1, batch_size: 32, learning_rate: 0.1, flip: false, crop_padding: 1}"
    with (known / "known.yaml").open("a") as file:
        file.write(f"data: {{source: digits, limit: 200}}\ntrain: {training}\n")
        file.write(f"fine_tune: {training}\n")


def assert_no_run(terminal: Terminal, folder: Path, words: tuple[str, ...], sentence: str) -> None:
    """A search that is refused with one sentence and code 2 leaves no run behind."""
    answer = terminal("search", "known.yaml", *words)
    assert answer.code == 2
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not (folder / "runs").exists()


def _files(folder: Path) -> dict[Path, int]:
    """When each was changed last."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the config `tiny.yaml` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny_space.yaml").write_text(SPACE)
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    (tmp_path / "tiny_space.txt").write_text("no config")
    return tmp_path


Once = Callable[[str, Callable[[], None]], None]


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    return tmp_path_factory.mktemp("made"), set()


@pytest.fixture
def once(folder: Path, _made: tuple[Path, set[str]]) -> Once:
    """Fills the working folder: the first time by a function, then by a copy of what it made."""
    kept, names = _made

    def fill(name: str, make: Callable[[], None]) -> None:
        if name in names:
            shutil.copytree(kept / name, folder, dirs_exist_ok=True)
            return
        make()
        shutil.copytree(folder, kept / name)
        names.add(name)

    return fill


@pytest.fixture
def few_visits(monkeypatch: pytest.MonkeyPatch) -> Schedule:
    """Measures little, for tests that are not about how right a table is."""
    few = Schedule(sessions=2, most_sessions=2, rounds=1, least_runs=2, least_ms=0.0)
    monkeypatch.setattr(profile, "Schedule", lambda: few)
    for name in ("OFTEN", "SELDOM"):
        monkeypatch.setattr(whole_networks, name, few)
    for name in ("SCREENING", "FINAL"):
        monkeypatch.setattr(latency_check, name, few)
    monkeypatch.setattr(mixed, "SCREENING", few)
    calibrate_once(monkeypatch)
    return few


@pytest.fixture
def little(few_visits: Schedule, monkeypatch: pytest.MonkeyPatch) -> Schedule:
    """The same without the agent's processes, for tests that are not about these either."""
    agent_here(monkeypatch)
    return few_visits


def calibrate_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes one calibration for int8, for tests that are not about which is the best."""
    whole = Calibration.__init__

    def first(self: Calibration, *parts: Any) -> None:
        whole(self, *parts)
        self.methods = dict(list(self.methods.items())[:1])

    monkeypatch.setattr(Calibration, "__init__", first)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Types a command line and returns the answer."""

    def run(*words: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["hwnas", *words])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        answer = capsys.readouterr()
        return Typed(code, answer.out, answer.err)

    return run


@pytest.fixture
def trained(folder: Path, terminal: Terminal, once: Once, little: Schedule) -> Path:
    """A folder whose tiny experiment is profiled and trained."""
    del little

    def make() -> None:
        assert terminal("profile", "tiny.yaml").code == 0
        assert terminal("train", "tiny.yaml").code == 0

    once("trained", make)
    return folder


@pytest.fixture
def profiled_int8(folder: Path, terminal: Terminal, once: Once, little: Schedule) -> Path:
    """A folder whose tiny experiment is for this machine in int8, and profiled."""
    del little

    def make() -> None:
        with (folder / "tiny.yaml").open("a") as file:
            file.write("device: local_cpu_int8\nexport: {int8: {most_drop: 0.5, aware: never}}\n")
        assert terminal("profile", "tiny.yaml").code == 0

    once("profiled in int8", make)
    return folder


@pytest.fixture
def npu(folder: Path) -> Path:
    """A device `npu.yaml` with made-up timings of the tiny space in `table.sqlite`; the folder."""
    return imported(folder, "npu", "table.sqlite")


def imported(
    folder: Path, name: str, table: str, scale: float = 1.0, *, several: bool = False
) -> Path:
    """Makes a device and a table of its timings, a nanosecond a MAC and more; the folder.

    `several`: of the tiny space at 8 and 12 px, of the widths 0.5 and 1.
    """
    device = folder / f"{name}.yaml"
    device.write_text(f"name: {name}\ntransport: imported\n")
    space = load_space(
        str(folder / "tiny_space.yaml"),
        resolution=[8, 12] if several else None,
        width=[0.5, 1] if several else None,
    )
    blocks = [*space.blocks(), *(reference_of(space) or ())]
    timings = {block: scale * (1e-6 * block_macs(block) + 0.01) for block in blocks}
    import_timings(folder / table, read_fingerprint(load_device(str(device))), timings, 0.1)
    return folder
