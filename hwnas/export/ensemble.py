"""The files of an ensemble: one ONNX file that averages probabilities, and what describes it."""

from typing import Any

import numpy as np

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
        images = dataset.validation.sample(JUDGED)

        def accuracy(content: bytes) -> float:
            right = onnx_right(content, images, batch=device.batch, conventions=module.conventions)
            return 100 * float(np.mean(right))

        tensors = grids(in_precision(graph, "int8", recipe))
        calibration = Calibration(graph, dataset.train, module.conventions, tensors)
        tried = []
        for method, ranges in calibration.methods.items():
            spans = ranges()
            model = in_precision(graph, "int8", recipe, ranges=lambda spans=spans: spans)
            found = accuracy(model.SerializeToString())
            tried.append(Tried(method, found, model, weights, spans))
        best = max(tried, key=lambda one: one.accuracy)
        fp32 = accuracy(graph.SerializeToString())
        return QuantisedFile(best, tuple(tried), len(images), fp32)

    return file_of_graph(device, graph, module, dataset, image_input, int8)


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
