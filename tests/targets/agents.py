"""Agents as processes in a folder of their own."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwnas.devices.deployments import DEPLOYMENTS
from hwnas.devices.device import Device
from hwnas.devices.job import Job
from tests.targets.bundles import bundle, sanitised

KINDS = ("python", "native", "sanitised")


def device(kind: str, **keys: Any) -> Device:
    """A device here with an agent of a kind."""
    if kind == "python":
        return Device(name="here", **keys)
    folder = bundle("x86_64").folder if kind == "native" else sanitised().folder
    return Device(name="here", agent="native", bundle=str(folder), **keys)


@dataclass
class Answer:
    """What an agent answered, and how it ended."""

    code: int
    events: list[dict[str, Any]]
    printed: str

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    def only(self, name: str) -> dict[str, Any]:
        (found,) = [event for event in self.events if event["event"] == name]
        return found


class Workplace:
    """A working folder with an agent in it."""

    def __init__(self, kind: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        agent = DEPLOYMENTS.load("python" if kind == "python" else "native")(device(kind))
        for name, path in agent.units(folder).items():
            if path != folder / name:
                (folder / name).symlink_to(path)
        self.folder = folder
        self.command = list(agent.command())

    def add(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def start(self, **keys: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **keys,
        )

    def run(self, job: Job | str, root: Path | None = None) -> Answer:
        """Runs a job; `root` holds another /proc and /sys, which only the native agent can read."""
        text = job if isinstance(job, str) else job.to_text()
        command = self.command
        self.command = [*command, *([str(root)] if root else [])]
        process = self.start(stdin=subprocess.PIPE)
        self.command = command
        out, printed = process.communicate(text, timeout=120)
        return Answer(process.returncode, [json.loads(line) for line in out.splitlines()], printed)


def job(**keys: Any) -> Job:
    """A job on one thread."""
    return Job(
        **{"nonce": "n0nce", "runtime": "onnxruntime", "threads": 1, "cores": "auto", **keys}
    )
