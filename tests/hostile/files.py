"""Models, images and bundles: ONNX files of others, the image cache, engines' companions."""

import json
import os
import shutil
from pathlib import Path

import numpy as np

from tests.hostile import mutations
from tests.hostile.bench import Bench


def models(bench: Bench) -> None:
    """ONNX files of others: read, shapes fixed, all before anything is measured."""
    from hwnas.latency.foreign import load_model

    random = bench.random
    path = bench.copy(bench.material.trained_run / "export" / "winner" / "model.onnx")
    if random.random() < 0.5:
        path.write_bytes(mutations.raw(path.read_bytes(), random))
    else:
        _changed_model(bench, path)
    shapes = random.choice(([], [], ["1x3x16x16"], ["image=1x16x16x3"], ["\x1b[31m=1x1"]))
    bench.call(lambda: load_model(path, shapes))


def _changed_model(bench: Bench, path: Path) -> None:
    import onnx

    random = bench.random
    model = onnx.load(path)
    way, text = random.randrange(8), random.choice(mutations.TEXTS)
    bench.note(f"way {way}, {text[:60]!r}")
    value = model.graph.input[0]
    if way == 0:
        value.name = text
    elif way == 1:
        value.type.tensor_type.shape.dim[random.randrange(4)].dim_param = text
    elif way == 2:
        value.type.tensor_type.shape.dim[0].dim_value = random.choice((0, -1, 2**40, 2**62))
    elif way == 3:
        tensor = model.graph.initializer[0]
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.ClearField("raw_data")
        for key, content in (
            ("location", text),
            ("length", str(mutations.value(random))[:400]),
            ("offset", str(mutations.value(random))[:400]),
        ):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, content.encode("utf-8", "replace").decode()
    elif way == 4:
        del model.graph.output[:]
    elif way == 5:
        model.graph.node[0].op_type = text
    elif way == 6:
        value.type.ClearField("tensor_type")
    else:
        tensor = model.graph.initializer[0]
        tensor.dims[0] = random.choice((2**40, -1, 0))
    path.write_bytes(model.SerializeToString())


def image_cache(bench: Bench) -> None:
    """The image cache: what is damaged is made again, without a word, and is the same."""
    from hwnas.data import load_dataset

    random = bench.random
    os.environ["HWNAS_CACHE"] = str(bench.folder / "cache")
    source = str(bench.material.images)

    def load() -> tuple[bytes, ...]:
        dataset = load_dataset(source, resolution=16)
        return tuple(
            bytes(np.asarray(split.images).tobytes() + split.labels.tobytes())
            for split in (dataset.train, dataset.validation, dataset.test)
        )

    healthy = load()
    found = [path for path in sorted((bench.folder / "cache").rglob("*")) if path.is_file()]
    path = random.choice([one for one in found if one.stat().st_size] or found)
    bench.note(path.name)
    if path.suffix == ".json" and random.random() < 0.7:
        digest, _, text = path.read_text().partition("\n")
        path.write_text(f"{digest}\n{mutations.json_text(json.loads(text), random)}")
    elif path.suffix == ".npy" and random.random() < 0.6:
        content = path.read_bytes()
        header = mutations.raw(content[:128], random)
        path.write_bytes(header + content[128:] if random.random() < 0.5 else header)
    else:
        content = path.read_bytes()
        cut = content[: random.randrange(1 + len(content))]
        path.write_bytes(random.choice((cut, cut + b"x", b"", mutations.raw(content, random))))
    again = bench.call(load)
    if again is None:
        bench.wrong("a damaged cache stopped the reading of healthy images")
    elif again != healthy:
        bench.wrong("other images came out of a damaged cache")


def pictures(bench: Bench) -> None:
    """A damaged picture among healthy ones: left out and counted, or the folder is refused."""
    from PIL import Image

    from hwnas.data import load_dataset

    random = bench.random
    os.environ["HWNAS_CACHE"] = str(bench.folder / "cache")
    shutil.copytree(bench.material.images, "images")
    suffix = random.choice((".png", ".jpg", ".gif", ".bmp", ".tif", ".webp", ".ppm"))
    path = Path("images/cat") / f"other{suffix}"
    pixels = np.random.default_rng(random.randrange(100)).integers(0, 256, (12, 12, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    path.write_bytes(mutations.raw(path.read_bytes(), random))

    def use() -> None:
        dataset = load_dataset("images", resolution=16)
        splits = (dataset.train, dataset.validation, dataset.test)
        read = sum(len(split) for split in splits)
        if read + len(dataset.skipped) != 19:
            bench.wrong(f"of 19 pictures {read} were read and {len(dataset.skipped)} left out")

    bench.call(use)


def engines(bench: Bench) -> None:
    """The file beside an engine, and the description of a bundle."""
    from hwnas.devices.bundle import Manifest, read_bundle
    from hwnas.latency.engine import _about  # a GPU is needed for all that is behind it

    random = bench.random
    about = {"runtime": "tensorrt", "runtime_version": "10", "provider": "x", "sha256": "0" * 64}
    (bench.folder / "model.engine").write_bytes(b"engine")
    (bench.folder / "model.engine.json").write_text(mutations.json_text(about, random))
    bench.call(lambda: _about(Path("model.engine")))
    del Manifest
    folder = bench.folder / "bundle"
    folder.mkdir()
    (folder / "agent").write_text("#!/bin/sh\n")
    (folder / "agent").chmod(0o755)
    manifest = {
        "arch": "aarch64",
        "command": ["agent", "--lib", "."],
        "name": "x",
        "onnxruntime": "1.2",
        "hash": None,
    }
    (folder / "bundle.json").write_text(mutations.json_text(manifest, random))
    bench.call(lambda: read_bundle(folder))
