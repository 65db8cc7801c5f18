"""The file that a device runs of a trained network: its precision, its batch, its recipe."""

from collections.abc import Callable
from dataclasses import dataclass

import onnx

from hwnas.data import ImageDataset
from hwnas.devices.device import Device
from hwnas.export.engine import CheckedEngine
from hwnas.export.image_input import FLOAT, UINT8, taking_bytes
from hwnas.export.int8.plan import CALIBRATED, Int8Plan
from hwnas.export.int8.quantised import QuantisedFile, quantised
from hwnas.export.verification import NumericalCheck, check_numbers, onnx_answers
from hwnas.networks.blocks import Network
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.networks.precision import in_precision
from hwnas.networks.trainable import Trainable


@dataclass(frozen=True)
class DeviceFile:
    """What one device runs of a network.

    Attributes:
        model: the ONNX file.
        fp32: the same before its conversion; `model` itself on a device of fp32.
        precision, batch: of `model`.
        numbers: how far `fp32` is from PyTorch, and on which test images `model` is right.
        fp32_numbers: the same, and on which of them `fp32` is right.
        int8: how `model` was made, where its precision is int8.
        engine: what the device built of `model`, where it builds engines.
    """

    model: bytes
    fp32: bytes
    precision: str
    batch: int
    numbers: NumericalCheck
    fp32_numbers: NumericalCheck
    int8: QuantisedFile | None = None
    engine: CheckedEngine | None = None

    @property
    def fp32_accuracy(self) -> float:
        """Of `fp32` on the test images, in percent."""
        return self.fp32_numbers.accuracy

    @property
    def shipped(self) -> bytes:
        """What runs on the device: the engine, where it has one built."""
        return self.model if self.engine is None else self.engine.built.content

    @property
    def converted(self) -> bool:
        """Whether the device runs another precision than fp32."""
        return self.precision != "fp32"


def file_for(
    device: Device,
    network: Network,
    module: NetworkModule,
    dataset: ImageDataset,
    image_input: str = FLOAT,
    plan: Int8Plan = CALIBRATED,
) -> DeviceFile:
    """Builds, checks and converts the ONNX file of a trained network for a device.

    It takes floats, or an image's own bytes where `image_input` is "uint8"; what is checked is that
    file.

    Args:
        device: what it is for.
        network: its blocks.
        module: its weights.
        dataset: the images at its resolution.
        image_input: what the file takes.
        plan: how far to go for an int8 file.

    Raises:
        HwnasError: the fp32 file computes something else than the module.
        RunError: a training for int8 failed.
    """
    graph = build_graph(network, batch=device.batch, weights=folded_weights(module))

    def int8(recipe: str) -> QuantisedFile:
        return quantised(network, module, dataset, recipe, batch=device.batch, plan=plan)

    return file_of_graph(device, graph, module, dataset, image_input, int8)


def file_of_graph(
    device: Device,
    graph: onnx.ModelProto,
    module: Trainable,
    dataset: ImageDataset,
    image_input: str,
    int8: Callable[[str], QuantisedFile],
) -> DeviceFile:
    """The same of a graph that was built already.

    Args:
        device: what it is for.
        graph: in fp32, of the device's batch.
        module: what it was made from.
        dataset: the images at its resolution.
        image_input: what the file takes.
        int8: makes the int8 file by a recipe, where the device wants one.

    Raises:
        HwnasError, RunError: see `file_for`.
    """
    whole = as_shipped(graph, module, image_input)
    numbers = check_numbers(whole, module, dataset.test, batch=device.batch)
    if device.precision == "fp32":
        return DeviceFile(whole, whole, "fp32", device.batch, numbers, numbers)
    found = int8(device.int8_recipe or "") if device.precision == "int8" else None
    converted = in_precision(graph, device.precision) if found is None else found.chosen.model
    model = as_shipped(converted, module, image_input)
    answers = onnx_answers(model, dataset.test, batch=device.batch, conventions=module.conventions)
    of_file = NumericalCheck(numbers.images, numbers.max_abs_diff, answers)
    return DeviceFile(model, whole, device.precision, device.batch, of_file, numbers, found)


def as_shipped(graph: onnx.ModelProto, module: Trainable, image_input: str) -> bytes:
    """The file of a graph, which takes floats or the bytes of images."""
    if image_input == UINT8:
        graph = taking_bytes(graph, module.conventions)
    content: bytes = graph.SerializeToString()
    return content


def same_file(one: Device, other: Device) -> bool:
    """Whether both run the very same ONNX file."""
    names = ("precision", "batch", "int8_recipe")
    return all(getattr(one, name) == getattr(other, name) for name in names)
