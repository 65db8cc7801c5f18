"""The files of an ensemble: one ONNX file that averages probabilities, and what describes it."""

from typing import Any

import onnx

from hwnas.core.version import VERSION
from hwnas.data import ImageDataset
from hwnas.devices.device import Device
from hwnas.export.for_device import DeviceFile, file_of_graph
from hwnas.export.image_input import FLOAT
from hwnas.export.int8.grids import grids
from hwnas.export.int8.quantised import JUDGED, QuantisedFile, Tried
from hwnas.export.int8.ranges import Calibration
from hwnas.export.verification import onnx_right
from hwnas.export.writer import file_config
from hwnas.networks.blocks import block_to_dict
from hwnas.networks.ensemble_module import EnsembleModule, ensemble_weights
from hwnas.networks.graph import build_ensemble
from hwnas.networks.ids import ensemble_id, network_id
from hwnas.networks.precision import in_precision
from hwnas.networks.quantize import Ranges


def ensemble_file(
    device: Device, module: EnsembleModule, dataset: ImageDataset, image_input: str = FLOAT
) -> DeviceFile:
    """Builds, checks and converts the ONNX file of a trained ensemble for a device.

    For int8 its ranges are calibrated as those of a network are, see `hwnas.export.int8`; biases
    are not corrected, and nothing is trained for int8.

    Args:
        device: what it is for.
        module: the ensemble.
        dataset: images at its resolution.
        image_input: what the file takes, floats or the bytes of images.

    Raises:
        HwnasError: the fp32 file computes something else than the module.
    """
    weights = ensemble_weights(module.eval())
    graph = build_ensemble(module.ensemble, batch=device.batch, weights=weights)

    def int8(recipe: str) -> QuantisedFile:
        return _calibrated(graph, module, dataset, recipe, device.batch)

    return file_of_graph(device, graph, module, dataset, image_input, int8)


def _calibrated(
    graph: onnx.ModelProto,
    module: EnsembleModule,
    dataset: ImageDataset,
    recipe: str,
    batch: int,
) -> QuantisedFile:
    """The int8 file by each calibration, and the best of them on validation images."""
    images, conventions = dataset.validation.sample(JUDGED), module.conventions

    def accuracy(model: onnx.ModelProto) -> float:
        content: bytes = model.SerializeToString()
        right = onnx_right(content, images, batch=batch, conventions=conventions)
        return 100 * float(right.mean())

    def tried(method: str, spans: Ranges) -> Tried:
        model = in_precision(graph, "int8", recipe, ranges=lambda: spans)
        return Tried(method, accuracy(model), model, weights, spans)

    weights = ensemble_weights(module)
    tensors = grids(in_precision(graph, "int8", recipe))
    methods = Calibration(graph, dataset.train, conventions, tensors).methods
    found = tuple(tried(method, ranges()) for method, ranges in methods.items())
    best = max(found, key=lambda one: one.accuracy)
    return QuantisedFile(best, found, len(images), accuracy(graph))


def ensemble_config(
    module: EnsembleModule, dataset: ImageDataset, *, batch: int, image_input: str
) -> dict[str, Any]:
    """What config.json says of an ensemble: as of a network what its file takes, and its blocks.

    Args:
        module: the ensemble.
        dataset: images at its resolution.
        batch: of the file.
        image_input: what it takes.
    """
    ensemble, conventions = module.ensemble, module.conventions
    described = file_config(dataset, batch=batch, conventions=conventions, image_input=image_input)
    described["output"] |= {"content": "the logarithm of the averaged probabilities"}
    return {
        "hwnas": VERSION,
        "id": ensemble_id(ensemble),
        **described,
        "ensemble": {
            "trunk": list(map(block_to_dict, ensemble.trunk)),
            "members": [
                {"id": network_id(network), "blocks": list(map(block_to_dict, tail))}
                for network, tail in zip(ensemble.members, ensemble.tails, strict=True)
            ],
        },
    }
