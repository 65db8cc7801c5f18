"""How fast images are decoded and made into batches, beside how fast they are trained on.

    python -m benchmarks.data_loading [--data data/cifar10/train] [--images 4000] [--resolution 64]
        [--batches 60] [--steps 12] [--json]

Decodes the JPEGs of `--data` and generated ones of 500×375 pixels (as ImageNet's are) into an empty
cache, starts again with the full one, and prepares training batches (shift, flip, normalise) out of
the cached file. Starts are in seconds by the clock, everything else is per second of processor time
of one thread, which depends little on what else the machine does. `loading_ratio` is the images
that batch preparation makes in a second, divided by those that training MobileNetV3-small takes.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from hwnas.core.cache import FOLDER_VARIABLE
from hwnas.data import ImageDataset, load_dataset
from hwnas.data.decoding import decode_image
from hwnas.data.listing import Listing
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import reference_network
from hwnas.training.batches import Batches
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data/cifar10/train"))
    parser.add_argument("--images", type=int, default=4000, help="of --data that are read")
    parser.add_argument("--generated", type=int, default=300, help="photos of 500×375 pixels")
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--steps", type=int, default=12, help="of training")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    result: dict[str, float] = {"cores": len(os.sched_getaffinity(0))}
    with tempfile.TemporaryDirectory(prefix="hwnas-loading-") as name:
        folder = Path(name)
        os.environ[FOLDER_VARIABLE] = str(folder / "cache")
        photos = generated(folder / "photos", options.generated)
        for title, root, limit, resolution in (
            ("small", options.data, options.images, options.resolution),
            ("photos", photos, None, options.resolution),
            ("photos_224px", photos, None, 224),
        ):
            result |= {f"{title}_{key}": v for key, v in starts(root, limit, resolution).items()}
        data = load_dataset(str(options.data), resolution=options.resolution, limit=options.images)
        result |= preparation(data, options.batches)
        result["training_images_per_second"] = training(data, folder, options.steps)
    result["loading_ratio"] = (
        result["batch_images_per_second"] / result["training_images_per_second"]
    )
    print(json.dumps({key: round(value, 3) for key, value in result.items()}))


def generated(root: Path, count: int) -> Path:
    """A folder of two classes of smooth noise, some 60 kB a file as photos of that size have."""
    generator = np.random.default_rng(0)
    for index in range(count):
        path = root / ("even", "odd")[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (94, 125, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((500, 375)).save(path, quality=90)
    return root


def starts(root: Path, limit: int | None, resolution: int) -> dict[str, float]:
    """Decoding alone, and a first and a second start."""
    names = Listing(root, limit, strict=True).names

    def one_by_one() -> None:
        for name in names:
            decode_image(root / name, resolution)

    def start() -> None:
        _ = load_dataset(str(root), resolution=resolution, limit=limit).fingerprint

    return {
        "images": len(names),
        "decoded_per_second": len(names) / seconds(one_by_one),
        "first_start_seconds": seconds(start, time.perf_counter),
        "second_start_seconds": seconds(start, time.perf_counter),
    }


def preparation(data: ImageDataset, count: int) -> dict[str, float]:
    """Images a second of `Batches` (shift and flip), and with the normalisation."""
    batches = Batches(data.train, TrainConfig(epochs=1, crop_padding=8), data.classes)
    alone = seconds(lambda: [batches.pixels(step) for step in range(count)])
    whole = seconds(lambda: [batches.inputs(step) for step in range(count)])
    images = count * batches.size
    return {
        "shifted_and_flipped_per_second": images / alone,
        "batch_images_per_second": images / whole,
    }


def training(data: ImageDataset, folder: Path, steps: int) -> float:
    """Images a second of training MobileNetV3-small, its batches included."""
    network = reference_network(
        "mobilenet_v3_small", resolution=data.resolution, classes=data.classes
    )
    config = TrainConfig(epochs=1, crop_padding=8)
    wanted = steps * config.batch_size
    split = type(data.train)(data.train.images[:wanted], data.train.labels[:wanted])
    module = NetworkModule(network, seed=0)
    spent = seconds(lambda: train(module, split, config, checkpoint=folder / "one"))
    return wanted / spent


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """How long some work takes."""
    start = clock()
    work()
    return clock() - start


if __name__ == "__main__":
    main()
