"""A run with a million judged networks: how long commands take that use it, and how much memory.

    python -m benchmarks.large_journal --rows 1000000 --json

The run is made by `hwnas search` itself: random networks of MobileNetV3-Large with made-up
timings, judged by their MACs, which costs next to nothing. Then each command runs in a process of
its own, with Python's start and all imports; its memory is the most that the process ever held.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hwnas.devices.device import load_device
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.imported import import_timings
from hwnas.objectives.costs import block_macs
from hwnas.spaces import load_space
from hwnas.spaces.references.of_space import reference_of

SPACE, RESOLUTION = "mobilenet_v3_large", 96
_OPEN = "from pathlib import Path; from hwnas.search.journal import Journal; import sys; "
_OPEN += "print(len(Journal(Path(sys.argv[1]), reading=True).evaluations()[1]))"
_HWNAS = ("-m", "hwnas")


def main() -> None:
    """Prints seconds and MiB of each command; the last line is JSON."""
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        made = make_run(folder, options.rows)
        found: dict[str, float] = {"rows": options.rows, **_figures("make", made)}
        journal = folder / "run" / "run.sqlite"
        found["journal_mib"] = round(journal.stat().st_size / 2**20, 1)
        for name, words in (
            ("open", ("-c", _OPEN, "run/run.sqlite")),
            ("resume", (*_HWNAS, "search", "large.yaml", "--run", "run", "--json")),
            ("status", (*_HWNAS, "status", "run", "--json")),
            ("report", (*_HWNAS, "report", "run", "--json")),
        ):
            found |= _figures(name, measured(folder, *words))
    print(json.dumps(found))


def make_run(folder: Path, rows: int) -> tuple[float, float, float]:
    """Makes the run, or goes on with it; see `measured`."""
    space = load_space(SPACE, resolution=RESOLUTION)
    device = folder / "board.yaml"
    device.write_text("name: board\ntransport: imported\n", encoding="utf-8")
    if not (folder / "table.sqlite").exists():
        blocks = [*space.blocks(), *(reference_of(space) or ())]
        # Of the same MACs some blocks are slow: else all networks were on the front.
        slow = np.random.default_rng(0).uniform(0.3, 3.0, len(blocks)).tolist()
        timings = {
            block: 1e-7 * factor * block_macs(block) + 0.01
            for block, factor in zip(blocks, slow, strict=True)
        }
        fingerprint = read_fingerprint(load_device(str(device)))
        import_timings(folder / "table.sqlite", fingerprint, timings, 0.1)
    (folder / "large.yaml").write_text(
        f"space: {SPACE}\nresolution: {RESOLUTION}\ndevice: board.yaml\ntable: table.sqlite\n"
        "accuracy: {estimator: macs}\n"
        f"search: {{budgets: {{latency: 1 s}}, evaluations: {rows}, searchers: [random]}}\n",
        encoding="utf-8",
    )
    return measured(folder, *_HWNAS, "search", "large.yaml", "--run", "run", "--json")


def measured(folder: Path, *words: str) -> tuple[float, float, float]:
    """Runs Python with these arguments in a folder.

    Returns:
        Seconds that passed, seconds of CPU time, and MiB that the process held at most.
    """
    root = Path(__file__).parents[1]
    with (folder / "output.txt").open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}: {(folder / 'output.txt').read_text()[-2000:]}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _figures(name: str, of: tuple[float, float, float]) -> dict[str, float]:
    seconds, cpu, mib = of
    print(f"{name}: {seconds:.1f} s, {cpu:.1f} s of CPU time, {mib:.0f} MiB", flush=True)
    return {
        f"{name}_s": round(seconds, 2),
        f"{name}_cpu_s": round(cpu, 2),
        f"{name}_mib": round(mib),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the run, or use one that was kept")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    return parser.parse_args()


if __name__ == "__main__":
    main()
