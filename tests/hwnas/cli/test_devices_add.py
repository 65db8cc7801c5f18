"""`hwnas devices add`: by options, and asked for on a real terminal."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hwnas.devices.device import load_device
from tests.hwnas.cli.conftest import Terminal, assert_refused

ADB = """#!/bin/sh
[ "$1" = devices ] && printf 'List of devices attached\\n1A2B3C\\tdevice\\n\\n' && exit 0
echo "error: device '1A2B3C' not found" >&2; exit 1
"""


@pytest.fixture
def own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a person's own devices go, which is not there yet."""
    monkeypatch.setenv("HWNAS_CONFIG", str(folder / "config"))
    return folder / "config/devices"


class Person:
    """Somebody at a terminal, who reads and types."""

    def __init__(self, *words: str) -> None:
        self.shown, self._answered = "", 0
        self._end, inner = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hwnas", *words],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env={**os.environ, "COLUMNS": "120", "TERM": "dumb"},
            # As a shell does it: its job has the terminal, whose Ctrl-C is a signal.
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(inner)

    def answers(self, question: str, text: str) -> None:
        while question not in self.shown[self._answered :]:
            if not self._read():
                raise AssertionError(f"it ended with {self.process.wait()}: {self.shown}")
        self._answered = self.shown.index(question, self._answered) + len(question)
        os.write(self._end, text.encode())

    def leaves(self) -> int:
        while self._read():
            pass
        os.close(self._end)
        return self.process.wait(timeout=600)

    def _read(self) -> bool:
        try:
            data = os.read(self._end, 65536)
        except OSError:  # the program has ended
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


def _own_terminal() -> None:
    import fcntl
    import termios

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_options_make_a_device_that_every_verb_finds(own: Path, terminal: Terminal) -> None:
    words = ("--threads", "2", "--precision", "int8", "--set", "rest_s=0.1")
    answer = terminal("devices", "add", "here", *words)
    assert answer.code == 0, answer.stderr
    assert f"wrote {own}/here.yaml" in answer.stdout
    assert "CPUExecutionProvider" in answer.stdout
    device = load_device("here")
    assert (device.threads, device.precision, device.rest_s) == (2, "int8", 0.1)
    assert [path.name for path in own.iterdir()] == ["here.yaml"]
    listed = {one["name"]: one for one in terminal("devices", "list", "--json").document}
    assert listed["here"]["path"] == str(own / "here.yaml")
    assert listed["local_cpu"]["path"] is None
    shown = terminal("devices", "list").stdout
    assert f"your own: here, in {own}" in shown


def test_json_says_what_was_written_and_whether_it_answered(own: Path, terminal: Terminal) -> None:
    document = terminal("devices", "add", "here", "--json").document
    assert document["file"] == str(own / "here.yaml")
    assert (document["reached"], document["problem"]) == (True, None)
    assert document["identity"]["agent"] == "python"
    assert document["device"]["threads"] == 1


def test_a_device_that_does_not_answer_is_kept(own: Path, terminal: Terminal) -> None:
    answer = terminal("devices", "add", "here", "--set", "python=/nowhere/python3")
    assert answer.code == 0
    assert "here is kept, but cannot be used now: here has no /nowhere/python3" in answer.stderr
    assert (own / "here.yaml").is_file()
    words = ("add", "here", "--set", "python=/nowhere/python3", "--force", "--json")
    document = terminal("devices", *words).document
    assert (document["reached"], document["identity"]) == (False, None)


def test_another_is_written_only_by_force(own: Path, terminal: Terminal) -> None:
    assert terminal("devices", "add", "here", "--no-check").code == 0
    before = (own / "here.yaml").read_bytes()
    answer = terminal("devices", "add", "here", "--threads", "2", "--no-check")
    assert (answer.code, "exists already" in answer.stderr) == (2, True)
    assert (own / "here.yaml").read_bytes() == before
    assert terminal("devices", "add", "here", "--threads", "2", "--no-check", "--force").code == 0
    assert load_device("here").threads == 2


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("words", "agent", "arch"),
    [
        ("--transport adb", "native", "aarch64"),
        ("--transport adb --agent python", "python", None),
        ("--transport ssh --host pi", "python", None),
        ("--transport ssh --host pi --agent native --arch x86_64", "native", "x86_64"),
        ("--agent native", "native", None),
    ],
)
def test_a_phone_has_no_python_and_is_arm(
    terminal: Terminal, words: str, agent: str, arch: str | None
) -> None:
    answer = terminal("devices", "add", "it", *words.split(), "--no-check")
    assert answer.code == 0, answer.stderr
    device = load_device("it")
    assert (device.agent, device.arch) == (agent, arch)


@pytest.mark.usefixtures("own")
def test_a_file_may_be_named(folder: Path, terminal: Terminal) -> None:
    answer = terminal("devices", "add", "--file", "boards/pi.yaml", "--no-check")
    assert answer.code == 0
    assert "use it as --device boards/pi.yaml" in answer.stdout
    assert load_device("boards/pi.yaml").name == "pi"
    assert not (folder / "config").exists()


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "name the device, as in 'hwnas devices add pixel"),
        ("pi.yaml", "'pi.yaml' cannot be used with --device"),
        (".pi", "'.pi' cannot be used with --device"),
        ("a/b", "'name' is 'a/b', but must be one word"),
        ("pi --transport usb", "transport: there is no transport 'usb' (known: local"),
        ("pi --transport ssh", "the key 'host' is missing"),
        ("pi --transport ssh --host -oProxyCommand=x", "'host' is '-oProxyCommand=x', but must be"),
        ("pi --host pi", "host is for 'transport: ssh'"),
        ("pi --threads 0", "'threads' is 0"),
        ("pi --precision fp8", "precision: there is no precision 'fp8'"),
        ("pi --precision fp16", "runtime onnxruntime does not compute in fp16"),
        ("pi --runtime tflite", "runtime: there is no runtime 'tflite' (known: onnxrunt"),
        ("pi --runtime onnxruntime_cuda --precision int8", "does not compute in int8"),
        ("pi --runtime tensorrt --agent native", "runtime tensorrt needs 'agent: python'"),
        ("pi --transport ssh --host pi --agent native", "the key 'arch' is missing"),
        ("pi --arch x86_64", "arch is for 'agent: native'"),
        ("pi --agent rust", "agent: there is no agent 'rust'"),
        ("pi --set rest=1", "unknown key 'rest'"),
        ("pi --set rest_s", "must be written like --set 'rest_s=0.5'"),
        ("pi --set cores=[1,2]", "cores names 2 and threads is 1"),
        ("pi --file pi.txt", "--file pi.txt must end with .yaml"),
        ("pi --file tiny.yaml", "tiny.yaml exists already"),
        ("local_cpu", "local_cpu comes with hwnas"),
        ("pi --file tiny.yaml/pi.yaml --no-check", "cannot write tiny.yaml/pi.yaml"),
    ],
)
def test_wrong_input_is_one_sentence_and_writes_nothing(
    folder: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, folder, f"devices add {words}", sentence)


def test_a_terminal_asks_for_what_options_do_not_say(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = own.parent.parent / "bin"
    programs.mkdir()
    (programs / "adb").write_text(ADB)
    (programs / "adb").chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    person = Person("devices", "add", "--transport", "adb")
    person.answers("name, as in --device NAME:", "my phone\n")
    person.answers("'name' is 'my phone', but must be one word", "pixel\n")
    person.answers("attached: 1A2B3C (ready)", "\n")
    person.answers("program that runs there [native/python] (native):", "\n")
    person.answers("its architecture, as 'uname -m' says there [aarch64/x86_64]", "\n")
    person.answers("precision [fp32/int8] (fp32):", "\n")
    person.answers("threads of an inference (1):", "two\n")
    person.answers("'threads' is 'two', but must be a whole number", "2\n")
    person.answers("seconds of rest before each round", "0.5\n")
    person.answers("wait while it is above", "\n")
    person.answers("changes a setting of the phone while measuring", "yes\n")
    assert person.leaves() == 0
    assert "pixel is kept, but cannot be used now: cannot reach pixel by adb" in person.shown
    assert yaml.safe_load((own / "pixel.yaml").read_text()) == {
        "name": "pixel",
        "transport": "adb",
        "serial": "1A2B3C",
        "fixed_performance": True,
        "agent": "native",
        "arch": "aarch64",
        "runtime": "onnxruntime",
        "precision": "fp32",
        "threads": 2,
        "batch": 1,
        "cores": "auto",
        "rest_s": 0.5,
    }


def test_a_terminal_asks_for_the_runtime_and_its_precisions(own: Path) -> None:
    person = Person("devices", "add", "gpu", "--no-check")
    person.answers("how it is reached", "\n")
    person.answers("program that runs there", "python\n")
    person.answers("[onnxruntime/onnxruntime_cuda/tensorrt/tensorrt_rtx] (onnxruntime):", "x\n")
    person.answers("(onnxruntime):", "onnxruntime_cuda\n")
    person.answers("precision [fp32/fp16] (fp32):", "int8\n")
    person.answers("precision [fp32/fp16] (fp32):", "fp16\n")
    person.answers("threads of an inference (1):", "\n")
    person.answers("seconds of rest before each round", "\n")
    person.answers("wait while it is above", "\n")
    assert person.leaves() == 0, person.shown
    device = load_device("gpu")
    assert (device.runtime, device.precision) == ("onnxruntime_cuda", "fp16")
    assert (own / "gpu.yaml").is_file()


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["--agent", "python"], "precision [fp32/int8] (fp32):"),
        (["--runtime", "tensorrt"], "precision [fp32/fp16/int8] (fp32):"),
    ],
)
def test_the_precisions_asked_for_are_those_of_the_runtime(words: list[str], asked: str) -> None:
    person = Person("devices", "add", "it", "--no-check", "--transport", "local", *words)
    if "--agent" in words:
        person.answers("runtime (all but onnxruntime are for NVIDIA GPUs)", "\n")
    else:
        person.answers("program that runs there", "native\n")
        person.answers("runtime tensorrt needs 'agent: python'", "python\n")
    person.answers(asked, "\x04")
    assert person.leaves() == 2


def test_options_name_the_runtime_and_its_precision(own: Path, terminal: Terminal) -> None:
    words = ("--runtime", "tensorrt", "--precision", "fp16", "--no-check")
    assert terminal("devices", "add", "gpu", *words).code == 0
    assert "runtime: tensorrt\n" in (own / "gpu.yaml").read_text()
    assert load_device("gpu").precision == "fp16"


@pytest.mark.parametrize(
    ("typed", "code", "printed"),
    [
        ("\x03", 130, "hwnas: interrupted"),
        ("\x04", 2, "hwnas: the questions were not answered to their end; nothing was written"),
    ],
)
def test_an_interrupted_question_leaves_nothing(
    own: Path, typed: str, code: int, printed: str
) -> None:
    person = Person("devices", "add", "pi")
    person.answers("how it is reached", "ssh\n")
    person.answers("host, as in 'ssh HOST':", typed)
    assert person.leaves() == code
    assert printed in person.shown
    assert "Traceback" not in person.shown
    assert not own.exists()


def test_bad_options_are_refused_before_anything_is_asked(own: Path) -> None:
    person = Person("devices", "add", "--threads", "0")
    assert person.leaves() == 2
    assert "hwnas: the command line: 'threads' is 0" in person.shown
    assert not own.exists()
