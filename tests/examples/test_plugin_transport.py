"""The example of a transport of one's own: known by its name, measured by, held to its contract.

In place of Docker stands a program of its form, whose container `my-board` is this machine.
"""

import sys
from contextlib import suppress
from pathlib import Path

import pytest

from hwnas.cli.main import main
from hwnas.core.errors import ConfigError, DeviceError
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device, load_device
from hwnas.devices.location import location
from hwnas.devices.target import Round, open_target
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import build_graph
from hwnas.testing.transports import TransportContract
from tests.examples.plugins import PLUGINS, install

BOARD = PLUGINS / "transport" / "board.yaml"
DOCKER = """#!/bin/sh
if [ "$1 $2 $3" != "exec -i my-board" ]; then
    echo "Error response from daemon: No such container: $3" >&2
    exit 1
fi
shift 3
exec "$@"
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    install("transport", tmp_path / "site", monkeypatch)


def board(tmp_path: Path, **keys: object) -> Device:
    """The device of the example, with a working folder that goes with the test."""
    device = load_device(str(BOARD))
    return device.model_copy(update={"folder": str(tmp_path), "python": sys.executable, **keys})


def test_a_device_file_names_it_and_graphs_are_timed_through_it(tmp_path: Path) -> None:
    device = board(tmp_path)
    assert location(device) == "my-board"
    with open_target(device) as target:
        target.add("a", build_graph([ConvBlock(3, 8, 1, 1, "relu", 8)]).SerializeToString())
        answers = list(target.run([Round(0, ["a", "a"])], least_runs=1, least_ms=0.0))
        assert target.sent_bytes > 0
    assert sum(isinstance(one, TargetVisit) for one in answers) == 2
    assert not list((tmp_path / "hwnas").glob("*.onnx"))


def test_a_container_that_does_not_run_is_one_sentence(tmp_path: Path) -> None:
    device = board(tmp_path, options={"container": "gone"})
    sentence = r"cannot reach board: Error response .*start gone"
    with pytest.raises(DeviceError, match=sentence), open_target(device):
        pass


def test_the_command_that_adds_devices_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.yaml"
    words = [
        "devices",
        "add",
        "mine",
        "--transport",
        "container",
        "--no-check",
        "--file",
        str(path),
    ]
    monkeypatch.setattr(sys, "argv", ["hwnas", *words, "--set", "options={container: my-board}"])
    with suppress(SystemExit):
        main()
    assert load_device(str(path)).options == {"container": "my-board"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("{}", "the key 'options.container' is missing"),
        ("{container: a, port: 2}", "the transport container has no option 'port' (it has: cont"),
        ("{contaner: a}", "no option 'contaner'; did you mean 'container'?"),
    ],
)
def test_its_options_are_checked(tmp_path: Path, options: str, sentence: str) -> None:
    path = tmp_path / "device.yaml"
    path.write_text(f"name: a\ntransport: container\noptions: {options}\n")
    with pytest.raises(ConfigError) as caught:
        load_device(str(path))
    assert sentence in str(caught.value)


class TestContract(TransportContract):
    @pytest.fixture(autouse=True)
    def named(self, installed: None, tmp_path: Path) -> None:
        del installed
        self.device = board(tmp_path)  # type: ignore[misc]
