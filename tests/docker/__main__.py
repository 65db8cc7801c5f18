"""Builds the image and runs it; without a daemon, runs the steps in a scratch folder and says so.

`python -m tests.docker`. The steps are run as a script, in an environment of this Python in place
of the image's: what they need from the system they find here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
TAG = "hwnas-test"
# What a person does first in the image.
TRIED = (["--version"], ["init", "--yes"], ["space", "show", "mobilenet_v3_small"])


def main() -> None:
    """Exit code 0 when the image, or what its steps install, does what a person does first."""
    if _answers():
        _in_docker()
    else:
        _say("no Docker daemon answers: the steps of Dockerfile are run as a script")
        with tempfile.TemporaryDirectory(prefix="hwnas-docker-") as folder:
            _as_script(Path(folder))


def _answers() -> bool:
    """Whether a Docker daemon answers."""
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "version"], capture_output=True, check=False)
    return asked.returncode == 0


def _in_docker() -> None:
    _run(["docker", "build", "--tag", TAG, str(ROOT)])
    with tempfile.TemporaryDirectory(prefix="hwnas-docker-") as folder:
        for words in TRIED:
            _run(["docker", "run", "--rm", "--volume", f"{folder}:/work", TAG, *words])
    _say(f"{TAG}: built and run")


def _as_script(folder: Path) -> None:
    environment, work = folder / "environment", folder / "work"
    _run([sys.executable, "-m", "venv", str(environment)])
    variables = {**os.environ, "PATH": f"{environment / 'bin'}:{os.environ['PATH']}"}
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        variables.pop(name, None)
    entry: list[str] = []
    for instruction, rest in steps((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        if instruction == "ARG":
            assert rest.startswith("PIP_"), rest  # pip is set up for this machine already
        elif instruction == "COPY":
            assert rest == ". /src", rest
            shutil.copytree(ROOT, folder / "src", ignore=_ignored, symlinks=True)
        elif instruction == "RUN":
            command = rest.replace("/src", str(folder / "src"))
            _run(["sh", "-euc", command], env=variables, cwd=folder)
        elif instruction == "WORKDIR":
            work.mkdir()
        elif instruction == "ENTRYPOINT":
            entry = json.loads(rest)
        else:
            assert instruction == "FROM", instruction
    for words in TRIED:
        _run([*entry, *words], env=variables, cwd=work)
    _say("Dockerfile: its steps were run as a script, and what they install was used")


def steps(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile and what follows each, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(name, rest) for name, rest in pairs]


def _ignored(folder: str, names: list[str]) -> set[str]:
    """What `.dockerignore` leaves out, as far as it matters here."""
    left = {"__pycache__"}
    if Path(folder) == ROOT:  # elsewhere these are folders of the package
        left |= {"runs", "tables", "site", "dist", "data"}
    return {
        name
        for name in names
        if name in left or name.startswith((".git", ".venv", "._")) or name.endswith("_cache")
    }


def _run(words: list[str], **options: object) -> None:
    _say(f"$ {' '.join(words)}")
    subprocess.run(words, check=True, **options)  # type: ignore[call-overload]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
