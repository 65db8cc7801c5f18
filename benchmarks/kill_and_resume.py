"""Kills `hwnas profile`, `train` and `search` ten times each; does the same front come out?

    python -m benchmarks.kill_and_resume [--kills 10] [--seed 0]

An uninterrupted run and a killed one share a latency table (whose own profiling is killed too, and
must lose no visit and repeat none); training and searching must then give the same weights, the
same scores and the same front, byte for byte.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CONFIG = "quickstart"
HWNAS = [sys.executable, "-m", "hwnas"]
# Long enough for ten kills, some before and some after a checkpoint (every 15 s).
SETTINGS = ["--set", "train.epochs=120"]


def main() -> None:
    """Runs everything in a temporary folder and prints the outcome."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="hwnas-kill-") as name:
        folder = Path(name)
        profile = killed_profile(folder, options.kills, moments)
        run(folder, "train", CONFIG, *SETTINGS, "--run", "calm")
        train = killed(folder, options.kills, lambda: moments.uniform(3, 24), "train")
        weights = same_weights(folder)
        run(folder, "search", CONFIG, *SETTINGS, "--run", "calm")
        search = killed(folder, options.kills, lambda: moments.uniform(3, 8), "search")
        fronts = [(folder / n / "front.csv").read_bytes() for n in ("calm", "killed")]
        scores = [evaluations(folder / n / "run.sqlite") for n in ("calm", "killed")]
    result = {
        "profile": profile,
        "train_kills": train,
        "search_kills": search,
        "same_weights": weights,
        "same_evaluations": scores[0] == scores[1],
        "same_front": fronts[0] == fronts[1],
        "evaluations": len(scores[0]),
    }
    print(json.dumps(result))


def run(folder: Path, *words: str) -> None:
    """Runs a command to its end."""
    subprocess.run([*HWNAS, *words], cwd=folder, check=True, stdout=sys.stderr)


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Starts a command as the leader of a process group of its own."""
    return subprocess.Popen(
        [*HWNAS, *words],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(process: subprocess.Popen[bytes]) -> bool:
    """SIGKILL; whether it was still running."""
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running


def killed(folder: Path, kills: int, moment: Callable[[], float], command: str) -> int:
    """Kills a command at random moments, then lets it end; how many kills met it running."""
    count = 0
    for _ in range(kills):
        process = start(folder, command, CONFIG, *SETTINGS, "--run", "killed")
        time.sleep(moment())
        count += kill(process)
    run(folder, command, CONFIG, *SETTINGS, "--run", "killed")
    return count


def killed_profile(folder: Path, kills: int, moments: random.Random) -> dict[str, int]:
    """Kills profiling, and compares what is stored after every kill with what was before."""
    table = folder / "tables/local_cpu.sqlite"
    before: dict[tuple[str, int, int], str] = {}
    count = lost = 0
    for _ in range(kills):
        process = start(folder, "profile", CONFIG)
        time.sleep(moments.uniform(1.5, 4))
        count += kill(process)
        after = visits(table)
        lost += sum(after.get(key) != samples for key, samples in before.items())
        before = after
    run(folder, "profile", CONFIG)
    final = visits(table)
    lost += sum(final.get(key) != samples for key, samples in before.items())
    with sqlite3.connect(table) as connection:
        rows = connection.execute("SELECT key FROM graphs WHERE finished = 0").fetchall()
    return {
        "kills": count,
        "visits": len(final),
        "graphs_unfinished": len(rows),
        "visits_lost_or_repeated": lost,
    }


def visits(table: Path) -> dict[tuple[str, int, int], str]:
    """(graph, session, round) → samples of every stored visit."""
    if not table.is_file():
        return {}
    with sqlite3.connect(table) as connection:
        rows = connection.execute("SELECT graph, session, round, samples FROM visits")
        return {(graph, session, number): samples for graph, session, number, samples in rows}


def evaluations(journal: Path) -> dict[str, float]:
    """Architecture → score of every evaluation."""
    with sqlite3.connect(journal) as connection:
        return dict(connection.execute("SELECT architecture, score FROM evaluations"))


def same_weights(folder: Path) -> bool:
    """Whether both supernets hold the same numbers."""
    from safetensors.numpy import load_file

    calm, other = (load_file(folder / n / "supernet.safetensors") for n in ("calm", "killed"))
    return calm.keys() == other.keys() and all(
        calm[name].tobytes() == other[name].tobytes() for name in calm
    )


if __name__ == "__main__":
    main()
