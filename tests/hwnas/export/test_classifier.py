"""The files of an export alone give the probabilities that its PyTorch network gives."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from hwnas.core.errors import ConfigError
from hwnas.data import to_input
from hwnas.data.dataset import Images
from hwnas.export.classifier import TOGETHER, Classifier
from hwnas.export.described import read_described
from hwnas.networks.modules import NetworkModule
from tests.hwnas.export.made_export import RESOLUTION, make_export

SHAPE = (TOGETHER + 5, 3, RESOLUTION, RESOLUTION)
IMAGES = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)


def expected(module: NetworkModule, images: Images) -> np.ndarray:
    with torch.inference_mode():
        logits: torch.Tensor = module(to_input(images))
        return torch.softmax(logits.double(), 1).numpy()


@pytest.mark.parametrize("batch", [1, 4])
def test_probabilities_are_the_softmax_of_what_the_network_computes(
    tmp_path: Path, batch: int
) -> None:
    module = make_export(tmp_path, batch=batch)
    found = Classifier(tmp_path / "model.onnx").probabilities(IMAGES[:3])
    np.testing.assert_allclose(found, expected(module, IMAGES[:3]), atol=1e-6)


def test_the_network_gets_what_training_gives_it_to_the_bit(tmp_path: Path) -> None:
    make_export(tmp_path)
    model = onnx.load(tmp_path / "model.onnx")
    del model.graph.node[:]  # the logits of four classes are now four values of the input
    shape = numpy_helper.from_array(np.array([1, 3 * RESOLUTION**2]), "shape")
    model.graph.initializer.append(shape)
    model.graph.node.append(helper.make_node("Reshape", ["input", "shape"], ["flat"]))
    places = numpy_helper.from_array(np.array([0, 100, 300, 700]), "places")
    model.graph.initializer.append(places)
    output = model.graph.output[0].name
    model.graph.node.append(helper.make_node("Gather", ["flat", "places"], [output], axis=1))
    onnx.save(model, tmp_path / "inputs.onnx")
    found = Classifier(tmp_path / "inputs.onnx").probabilities(IMAGES[:2])
    logits = to_input(IMAGES[:2]).contiguous().numpy().reshape(2, -1)[:, [0, 100, 300, 700]]
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    np.testing.assert_array_equal(found, powers / powers.sum(axis=1, keepdims=True))


def test_many_images_at_once_get_the_probabilities_of_each_alone(tmp_path: Path) -> None:
    module = make_export(tmp_path)
    classifier = Classifier(tmp_path / "model.onnx")
    for _ in range(2):  # while both files are tried, and after that
        found = classifier.probabilities(IMAGES)
        np.testing.assert_allclose(found, expected(module, IMAGES), atol=1e-6)


def test_many_images_do_without_the_file_for_any_number(tmp_path: Path) -> None:
    module = make_export(tmp_path)
    (tmp_path / "model.dynamic.onnx").unlink()
    found = Classifier(tmp_path / "model.onnx").probabilities(IMAGES)
    np.testing.assert_allclose(found, expected(module, IMAGES), atol=1e-6)


def other_model(folder: Path, kind: int, *nodes: onnx.NodeProto, takes: bool = True) -> Path:
    """A model beside an export that is not of it."""
    shape = [1, *SHAPE[1:]]
    inputs = [helper.make_tensor_value_info("x", kind, shape)] if takes else []
    output = helper.make_tensor_value_info("y", kind, None)
    graph = helper.make_graph(nodes, "other", inputs, [output])
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), folder / "other.onnx")
    return folder / "other.onnx"


_SAME = helper.make_node("Identity", ["x"], ["y"])
_NAN = numpy_helper.from_array(np.full((1, 4), np.nan, np.float32))
_NANS = helper.make_node("Constant", [], ["y"], value=_NAN)
_AT = helper.make_node("Cast", ["x"], ["at"], to=TensorProto.INT64)


@pytest.mark.parametrize(
    ("kind", "nodes", "takes", "sentence"),
    [
        (TensorProto.FLOAT, [_NANS], False, "takes nothing and its config.json is of images"),
        (TensorProto.DOUBLE, [_SAME], True, "takes tensor.double. .1, 3, 16, 16"),
        (TensorProto.FLOAT, [_NANS], True, "computes values that are no numbers"),
        (
            TensorProto.FLOAT,
            [_AT, helper.make_node("Gather", ["x", "at"], ["y"])],  # beyond the batch
            True,
            "ONNX Runtime cannot run .*other.onnx",
        ),
    ],
)
def test_a_model_that_is_not_of_the_export_is_one_sentence(
    tmp_path: Path, kind: int, nodes: list[onnx.NodeProto], takes: bool, sentence: str
) -> None:
    make_export(tmp_path)
    model = other_model(tmp_path, kind, *nodes, takes=takes)
    with pytest.raises(ConfigError, match=sentence):
        Classifier(model).probabilities(IMAGES[:1])


def test_a_file_that_prepares_pixels_itself_gets_pixels(tmp_path: Path) -> None:
    module = make_export(tmp_path)
    model, described = onnx.load(tmp_path / "model.onnx"), read_described(tmp_path)
    size = [1, RESOLUTION, RESOLUTION, 3]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, size)
    before = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "multiply"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "subtract"], ["shifted"]),
        helper.make_node("Transpose", ["shifted"], ["input"], perm=[0, 3, 1, 2]),
    ]
    after = list(model.graph.node)
    del model.graph.node[:], model.graph.input[:]
    model.graph.input.append(pixels)
    model.graph.node.extend([*before, *after])
    for name in ("multiply", "subtract"):
        model.graph.initializer.append(numpy_helper.from_array(getattr(described, name), name))
    onnx.save(model, tmp_path / "pixels.onnx")
    found = Classifier(tmp_path / "pixels.onnx").probabilities(IMAGES[:2])
    np.testing.assert_allclose(found, expected(module, IMAGES[:2]), atol=1e-6)
