"""PyTorch: `model.py` and the weights that it loads, run by PyTorch in its eager mode.

What is run is the program as it is written now, and never the file of an export folder, which
somebody may have changed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.export.formats.format import Built, Images, Logits, Trained

if TYPE_CHECKING:
    from torch import nn

    from hwnas.devices.device import Device

_WEIGHTS = "model.safetensors"


class PytorchFormat:
    """The files that every export has."""

    name, package = "pytorch", "torch"
    loader: str | None = "hwnas.export.formats.pytorch:load_network"
    most_images: int | None = None

    def build(self, trained: Trained, precision: str) -> Built:
        """The same files in every precision: fp16 is made when they are loaded.

        Raises:
            ConfigError: int8.
        """
        from hwnas.core.errors import ConfigError
        from hwnas.export.pytorch_source import MODEL_SOURCE, pytorch_source

        if precision == "int8":
            raise ConfigError(
                "PyTorch has no integer kernels for these layers outside of a compiler; take the "
                "int8 file of another format"
            )
        note = "" if precision == "fp32" else "the fp32 weights, halved once they are loaded"
        source = pytorch_source(trained.module.blocks, trained.module.conventions)
        weights = (trained.folder / _WEIGHTS).read_bytes()
        return Built(
            precision, {MODEL_SOURCE: source.encode(), _WEIGHTS: weights}, MODEL_SOURCE, note
        )

    def logits(self, folder: Path, built: Built, trained: Trained, images: Images) -> Logits:
        """By PyTorch on this machine."""
        import torch

        from hwnas.data import to_input

        network = _network(folder / built.runs, built.precision)
        kind = next(network.parameters()).dtype
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), _BATCH):
                batch = to_input(images[start : start + _BATCH], trained.module.conventions)
                parts.append(network(batch.to(kind)).float())
        logits: Logits = torch.cat(parts).numpy()
        return logits

    def timed_on(self, device: "Device") -> bool:
        """The agents of devices have no PyTorch."""
        del device
        return False


PYTORCH = PytorchFormat()

_BATCH = 64


def load_network(
    threads: int, precision: str, shape: tuple[int, ...]
) -> Callable[[Path], Callable[[], object]]:
    """PyTorch, with the network in its inference mode."""
    import safetensors.torch  # noqa: F401
    import torch

    torch.set_num_threads(threads)

    def load(path: Path) -> Callable[[], object]:
        network = _network(path, precision)
        kind = next(network.parameters()).dtype
        image = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(kind)

        def infer() -> object:
            with torch.inference_mode():
                return network(image)

        return infer

    return load


def _network(path: Path, precision: str) -> "nn.Module":
    """The network of a `model.py`."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("exported_model", path)
    assert spec is not None
    assert spec.loader is not None
    program = module_from_spec(spec)
    spec.loader.exec_module(program)
    network: nn.Module = program.load()
    return network.half() if precision == "fp16" else network
