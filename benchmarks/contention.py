"""How much two trainings on one machine slow each other down, by OpenMP's spin count.

    python -m benchmarks.contention

Trains the quickstart's supernet for a few steps, alone and with a second one beside it, once with
GNU OpenMP's own spin count and once with the one that hwnas sets (hwnas/__init__.py).
"""

import json
import os
import subprocess
import sys

SCRIPT = """
import tempfile
from pathlib import Path
from hwnas.data import load_dataset
from hwnas.spaces import load_space
from hwnas.training.rules import SinglePath
from hwnas.supernet.supernet import Supernet
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train
space = load_space("mobilenet_v3_small", resolution=48, classes=10)
data = load_dataset("digits", resolution=48)
with tempfile.TemporaryDirectory() as folder:
    report = train(
        Supernet(space), data.train, TrainConfig(epochs=4, batch_size=64),
        checkpoint=Path(folder) / "supernet.safetensors", rule=SinglePath(space),
    )
print(report.images_per_second)
"""
GNU_DEFAULT = "300000"


def main() -> None:
    """Prints images a second, alone and beside another, for both spin counts."""
    result: dict[str, float] = {}
    for name, count in (("gnu_default", GNU_DEFAULT), ("hwnas", "1000")):
        result[f"{name}_alone"] = images_per_second(count, 1)
        result[f"{name}_beside_another"] = images_per_second(count, 2)
    print(json.dumps({key: round(value, 1) for key, value in result.items()}))


def images_per_second(spin_count: str, processes: int) -> float:
    """The slowest of some trainings at once."""
    environment = {**os.environ, "GOMP_SPINCOUNT": spin_count}
    started = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    return min(float(process.communicate()[0]) for process in started)


if __name__ == "__main__":
    main()
