"""Cuts the link to a device at random moments while a space is profiled over ssh.

    python -m benchmarks.link_cuts [--cuts 50] [--space mobilenet_v3_small]

A real sshd on loopback; each cut kills its connections. `hwnas profile` goes on by itself. Its
table must then be complete (every graph finished, every session with all its rounds) and hold no
visit twice.
"""

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.targets.sshd import SshTarget, running_sshd

HWNAS = [sys.executable, "-m", "hwnas"]


def main() -> None:
    """Prints what came of it, one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--space", default="mobilenet_v3_large")
    parser.add_argument("--resolution", type=int, default=224)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hwnas-cuts-") as name, running_sshd("x86") as machine:
        folder = Path(name)
        (folder / "box.yaml").write_text(
            f"name: box\ntransport: ssh\nhost: {machine.host}\nssh_config: {machine.ssh_config}\n"
            f"python: {sys.executable}\n",
            encoding="utf-8",
        )
        words = [
            "profile",
            "--space",
            options.space,
            "--resolution",
            str(options.resolution),
            "--classes",
            "10",
            "--device",
            "box.yaml",
            "--table",
            "box.sqlite",
        ]
        cuts, code = _cut(folder, words, machine, options.cuts, random.Random(options.seed))
        result = {"cuts": cuts, "exit_code": code, **_content(folder / "box.sqlite")}
    print(json.dumps(result))


def _cut(
    folder: Path, words: list[str], machine: SshTarget, wanted: int, moments: random.Random
) -> tuple[int, int]:
    """Profiles while links are cut; how many were, and the exit code."""
    cuts, end = 0, time.monotonic() + 4.0  # behind the connection
    process = subprocess.Popen([*HWNAS, *words], cwd=folder, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        if time.monotonic() > end and cuts < wanted:
            machine.cut()
            cuts += 1
            end = time.monotonic() + moments.uniform(1.0, 6.0)
        time.sleep(0.02)
    return cuts, process.returncode


def _content(path: Path) -> dict[str, object]:
    database = sqlite3.connect(path)
    graphs, finished = database.execute("SELECT COUNT(*), SUM(finished) FROM graphs").fetchone()
    visits, distinct = database.execute(
        "SELECT COUNT(*), COUNT(DISTINCT graph || ' ' || session || ' ' || round) FROM visits"
    ).fetchone()
    rounds = database.execute("SELECT COUNT(*) FROM visits GROUP BY graph, session").fetchall()
    database.close()
    return {
        "graphs": graphs,
        "finished": finished,
        "visits": visits,
        "visits_twice": visits - distinct,
        "sessions_with_all_rounds": sum(count == max(rounds)[0] for (count,) in rounds),
        "sessions": len(rounds),
    }


if __name__ == "__main__":
    main()
