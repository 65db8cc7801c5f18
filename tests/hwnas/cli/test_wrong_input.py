"""Whatever a person types, the answer is one sentence, exit code 2, and nothing half-written."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.hwnas.cli.conftest import Terminal, assert_refused


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("train nowhere.yaml", "there is no file nowhere.yaml"),
        ("train quickstrat", "did you mean 'quickstart'?"),
        ("train tiny.yaml --data photos", "there is no folder photos"),
        ("train tiny.yaml --set train.epoch=3", "unknown key 'train.epoch'; did you mean"),
        ("train tiny.yaml --set trian.epochs=3", "unknown key 'trian'; did you mean 'train'?"),
        ("train tiny.yaml --set train.epochs=many", "'train.epochs' is 'many'"),
        ("train tiny.yaml --set search=!!binary", "--set search line 1 is not valid YAML: the tag"),
        ("train tiny.yaml --set train.epochs=" + "9" * 5_000, "a number of 5,000 digits is too"),
        ("train tiny.yaml --set search.seed=1 --set search.seed=2", "search.seed is given twice"),
        ("train tiny.yaml --resolution 32 --set resolution=16", "--set resolution and --resol"),
        ("devices add a --transport ssh --host pi@board", "write host: board and user: pi"),
        ("train tiny.yaml --set train.epochs", "must be written like --set 'train.epochs=20'"),
        ("train tiny.yaml --set space=mobilenet_v4", "there is no space named 'mobilenet_v4'"),
        (
            "train tiny.yaml --set search.searchers=[best]",
            "there is no searcher 'best' (known: surrogate",
        ),
        ("train tiny.yaml --set search.settings.best.keep=3", "there is no searcher 'best'"),
        (
            "train tiny.yaml --set search.settings.layernas.kep=3",
            "unknown key 'kep'; did you",
        ),
        ("train tiny.yaml --set search.settings.layernas.keep=0", "layernas: 'keep' is 0, but"),
        ("train tiny.yaml --set search.settings.layernas=3", "'search.settings.layernas' is 3"),
        ("train tiny.yaml --set search.settings.random.batch=3", "random has no settings"),
        ("train tiny.yaml --set resolution=4", "'resolution' is 4"),
        ("train tiny.yaml --set search.seed=-1", "'search.seed' is -1"),
        (
            "search tiny.yaml --set search.mode=asynchronous --set search.searchers=[layernas]",
            "search.mode: layernas cannot search asynchronously: it needs all scores",
        ),
        ("train tiny.yaml --set fine_tune=null", "the key 'fine_tune.epochs' is missing"),
        ("train tiny.yaml --set data.source=2024-13-01", "there is no folder 2024-13-01"),
        ("search tiny.yaml", "runs/tiny has no trained supernet; run 'hwnas train'"),
        ("search tiny.yaml --budget latency=12", "has no unit, but takes ms"),
        ("search tiny.yaml --budget latency=12_M", "the latency budget"),
        ("search tiny.yaml --budget latency=12M", "has the unit 'M', but takes ms"),
        ("search tiny.yaml --budget macs=12ms", "has the unit 'ms', but takes a plain number"),
        ("search tiny.yaml --budget latency=0ms", "must be more than zero"),
        ("search tiny.yaml --budget latency=1e400ms", "is beyond every number"),
        ("search tiny.yaml --budget macs=1M --budget macs=2M", "--budget macs is given twice"),
        ("train tiny.yaml --set search.searchers=random", "must be a list, as in [a, b]"),
        ("train tiny.yaml --set search.searchers=[]", "must name at least one"),
        ("search tiny.yaml --budget speed=12ms", "there is no budget on 'speed'"),
        ("search tiny.yaml --budget 12ms", "must be written like --budget 'latency=12 ms'"),
        ("export runs/nothing", "is not a run folder"),
        ("table import no.csv new.sqlite", "no.csv does not exist; name a .json or .csv"),
        ("table import tiny.csv new.json", "tiny.csv does not exist"),
        ("table export-networks no.yaml out", "no.yaml"),
        ("report runs/nothing", "is not a run folder"),
        ("profile", "name a search config or a --space"),
        ("profile tiny.yaml --space mobilenet_v2", "a search config or a --space, not both"),
        ("train tiny_space.txt", "tiny_space.txt is not a YAML file"),
        ("table show .", "is a folder; name a latency table"),
        ("profile --space mobilenet_v2 --data photos", "go with a config"),
        ("profile --space mobilenet_v2 --device phone", "there is no device named 'phone'"),
        ("devices show phone", "there is no device named 'phone'"),
        ("table show nothing.sqlite", "there is no latency table nothing.sqlite"),
        ("table show tiny.yaml", "tiny.yaml is damaged or no latency table"),
    ],
)
def test_wrong_input_is_one_sentence(
    folder: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    answer = assert_refused(terminal, folder, words, sentence)
    assert answer.stderr.count("\n") == 1


@pytest.mark.usefixtures("folder")
def test_with_json_the_sentence_is_a_document_too(terminal: Terminal) -> None:
    answer = terminal("train", "nowhere.yaml", "--json")
    assert (answer.code, answer.document) == (2, {"error": "there is no file nowhere.yaml"})


def test_a_folder_of_something_else_is_no_run(folder: Path, terminal: Terminal) -> None:
    (folder / "photos").mkdir()
    (folder / "photos/one.jpg").write_text("")
    answer = terminal("train", "tiny.yaml", "--run", "photos")
    assert answer.code == 2
    assert "photos is not empty and not a run folder" in answer.stderr
    assert [item.name for item in (folder / "photos").iterdir()] == ["one.jpg"]


@pytest.mark.usefixtures("folder")
def test_two_processes_do_not_share_a_run(terminal: Terminal) -> None:
    from hwnas.runs.config import load_run_config
    from hwnas.runs.folder import RunFolder

    with RunFolder(Path("runs/tiny")).open(load_run_config("tiny.yaml")):
        answer = terminal("train", "tiny.yaml")
    assert (answer.code, "another hwnas process is using runs/tiny" in answer.stderr) == (2, True)


def test_the_command_itself_exits_with_2_and_no_traceback(folder: Path) -> None:
    command = [sys.executable, "-m", "hwnas", "train", "nowhere.yaml"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert answer.returncode == 2
    assert answer.stderr == "hwnas: there is no file nowhere.yaml\n"


def test_help_loads_nothing_heavy() -> None:
    heavy = ("torch", "onnx", "onnxruntime", "numpy", "pydantic", "sklearn", "matplotlib")
    script = (
        "import sys, json, hwnas.cli.main; "
        f"print(json.dumps([m for m in {heavy!r} if m in sys.modules]))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert json.loads(answer.stdout) == []


@pytest.mark.parametrize(
    "words",
    [
        "",
        "quickstart",
        "profile",
        "train",
        "search",
        "export",
        "report",
        "devices list",
        "devices show",
        "devices add",
        "devices check",
        "table show",
    ],
)
def test_every_verb_explains_itself(terminal: Terminal, words: str) -> None:
    answer = terminal(*words.split(), "--help")
    assert answer.code == 0
    assert "Usage: hwnas" in answer.stdout


def test_devices_are_listed_and_shown(terminal: Terminal) -> None:
    listed = terminal("devices", "list", "--json").document
    assert [device["name"] for device in listed] == [
        "local_cpu",
        "local_cpu_2threads",
        "local_cpu_int8",
    ]
    shown = terminal("devices", "show", "local_cpu", "--json").document
    assert shown["provider"] == "CPUExecutionProvider"


def hears(*signals: signal.Signals) -> None:
    for one in signals:
        signal.signal(one, signal.SIG_DFL)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("devices", [(), ("--device", "one.yaml", "--device", "two.yaml")])
def test_an_interrupted_verb_says_that_it_continues_and_leaves_no_job_behind(
    folder: Path, ending: signal.Signals, devices: tuple[str, ...]
) -> None:
    temporary = folder / "tmp"
    temporary.mkdir()
    (folder / "one.yaml").write_text("name: one\n")
    (folder / "two.yaml").write_text("name: two\nthreads: 2\n")
    command = subprocess.Popen(
        [sys.executable, "-m", "hwnas", "profile", "tiny.yaml", *devices],
        cwd=folder,
        text=True,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
        # A shell lets its background jobs, as this test may be one, ignore Ctrl-C; nohup SIGHUP.
        preexec_fn=partial(hears, signal.SIGINT, signal.SIGHUP),
    )
    while command.poll() is None and not list(temporary.glob("hwnas-job-*/*.onnx")):
        time.sleep(0.01)
    children = psutil.Process(command.pid).children(recursive=True)
    command.send_signal(ending)
    if ending == signal.SIGHUP:  # the shell and the system say it both
        command.send_signal(ending)
    _, printed = command.communicate(timeout=600)
    assert command.returncode == 130
    assert printed.splitlines()[-1].startswith("hwnas: interrupted; run the same command again")
    assert "Traceback" not in printed
    assert list(temporary.glob("hwnas-*")) == []  # ONNX Runtime leaves a file of its own
    _, alive = psutil.wait_procs(children, timeout=600)
    assert alive == []


def test_the_job_of_a_killed_verb_is_swept_away_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwnas.core.workspace import job_folder

    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with job_folder() as alive:
        (folder / "hwnas-job-dead").mkdir()
        (folder / "hwnas-job-dead/lock").write_text("")
        with job_folder() as other:
            assert sorted(folder.glob("hwnas-job-*")) == sorted([alive, other])
    assert list(folder.glob("hwnas-job-*")) == []


def test_modules_of_the_current_folder_are_not_run_by_the_agent(
    folder: Path, terminal: Terminal
) -> None:
    (folder / "platform.py").write_text("raise SystemExit(7)")
    assert terminal("devices", "show", "local_cpu").code == 0
