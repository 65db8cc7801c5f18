"""LiteRT (TensorFlow Lite): `.tflite` files for phones and microcontrollers, by litert-torch.

Google's converter and quantiser bring jax and much else, and write to the terminal: they run in a
process of their own, `hwnas.export.formats.litert_main`. The guide to exports says what of them was
tried.
"""

import json
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwnas.export.formats.format import Built, Images, Logits, Trained

if TYPE_CHECKING:
    from hwnas.devices.device import Device

CALIBRATION_IMAGES = 128
_MAIN = "hwnas.export.formats.litert_main"
_EXTRA = '"hwnas[litert]"'  # quoted: some shells take brackets for a pattern
_SILENCE_S = 1200.0
"""The converter takes about a minute on a slow core, and says nothing meanwhile."""


class LitertFormat:
    """`model.fp32.tflite` and the like; images go in as they go into every other file, as NCHW."""

    name, package = "litert", "litert-torch"
    loader: str | None = "hwnas.export.formats.litert:load_interpreter"
    most_images: int | None = None

    def build(self, trained: Trained, precision: str) -> Built:
        """The network by litert-torch, with half-precision weights or in int8 by its quantiser.

        Raises:
            HwnasError: litert-torch is not installed, or cannot convert the network.
        """
        from hwnas.core.digests import digest
        from hwnas.core.workspace import job_folder

        _check_installed()
        name = f"model.{precision}.tflite"
        with job_folder() as folder:
            whole = folder / "model.fp32.tflite"
            weights = digest((trained.folder / "model.safetensors").read_bytes())
            whole.write_bytes(_converted(trained.folder, weights, trained.shape))
            if precision == "int8":
                np.save(folder / "images.npy", _calibration_images(trained))
            if precision != "fp32":
                _run(task="quantize", folder=str(folder), precision=precision)
            content = (folder / name).read_bytes()
        return Built(precision, {name: content}, name, _NOTES[precision])

    def logits(self, folder: Path, built: Built, trained: Trained, images: Images) -> Logits:
        """By LiteRT's interpreter on this machine."""
        from hwnas.core.workspace import job_folder
        from hwnas.data import to_input

        batch, size = trained.device.batch, len(images)
        order = np.arange(-(-size // batch) * batch) % size
        inputs = to_input(images[order], trained.module.conventions).contiguous().numpy()
        with job_folder() as scratch:
            np.save(scratch / "inputs.npy", inputs.reshape(-1, batch, *inputs.shape[1:]))
            _run(task="run", folder=str(scratch), file=str((folder / built.runs).resolve()))
            outputs = np.load(scratch / "outputs.npy", allow_pickle=False)
        logits: Logits = outputs.reshape(len(order), -1)[:size].astype(np.float32)
        return logits

    def timed_on(self, device: "Device") -> bool:
        """The agents of devices have no LiteRT."""
        del device
        return False


LITERT = LitertFormat()

_NOTES = {
    "fp32": "",
    "fp16": "weights in half precision; LiteRT computes in float32 where a chip has nothing else",
    "int8": "quantised by Google's own quantiser, not as the files of other formats are",
}


def load_interpreter(
    threads: int, precision: str, shape: tuple[int, ...]
) -> Callable[[Path], Callable[[], object]]:
    """LiteRT's interpreter, with its kernels for processors (XNNPACK)."""
    del precision, shape  # the file says both
    from ai_edge_litert.interpreter import Interpreter

    def load(path: Path) -> Callable[[], object]:
        interpreter = Interpreter(str(path), num_threads=threads)
        interpreter.allocate_tensors()
        (image,) = interpreter.get_input_details()
        values = np.random.default_rng(0).standard_normal(image["shape"])
        interpreter.set_tensor(image["index"], values.astype(image["dtype"]))
        infer: Callable[[], object] = interpreter.invoke
        return infer

    return load


def _check_installed() -> None:
    from hwnas.core.errors import ConfigError
    from hwnas.devices.installing import pip_install

    if find_spec("litert_torch") is None:
        raise ConfigError(
            "LiteRT files are made by Google's converter litert-torch, which is not installed: "
            f"{pip_install(_EXTRA)}"
        )


@cache
def _converted(folder: Path, weights: str, shape: tuple[int, ...]) -> bytes:
    """The fp32 file of an export folder, made once for its weights: the converter is slow."""
    del weights
    from hwnas.core.workspace import job_folder

    with job_folder() as scratch:
        target = scratch / "model.tflite"
        _run(task="convert", export=str(folder.resolve()), shape=shape, file=str(target))
        return target.read_bytes()


def _calibration_images(trained: Trained) -> Logits:
    """(N, batch, 3, R, R) inputs, of training images chosen evenly."""
    from hwnas.data import to_input

    images, batch = trained.dataset.train.images, trained.device.batch
    count = min(CALIBRATION_IMAGES, len(images))
    chosen = np.linspace(0, len(images) - 1, -(-count // batch) * batch).round().astype(int)
    inputs = to_input(images[chosen], trained.module.conventions).contiguous().numpy()
    found: Logits = inputs.reshape(-1, batch, *inputs.shape[1:])
    return found


def _run(**job: object) -> None:
    """Runs a task of `hwnas.export.formats.litert_main`.

    Raises:
        HwnasError: it failed; says how.
    """
    import sys

    from hwnas.core.errors import HwnasError, ProgramError
    from hwnas.devices.transports.process import run_lines

    command = [sys.executable, "-P", "-m", _MAIN]
    try:
        for _ in run_lines(command, json.dumps(job), where="LiteRT", silence_s=_SILENCE_S):
            pass
    except ProgramError as error:
        raise HwnasError(f"LiteRT failed: {error.last_line or f'exit code {error.code}'}") from None
