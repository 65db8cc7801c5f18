from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from hwnas.core.errors import ConfigError
from hwnas.devices.runtimes import RUNTIMES, load_spec
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network
from hwnas.networks.graph import build_graph
from hwnas.networks.quantize import RECIPES, inside_network, quantize

BLOCK = InvertedResidual(8, 24, 8, 5, 1, 8, "relu", 8)
NETWORK = (ConvBlock(3, 8, 3, 2, "hard_swish", 16), BLOCK, Head(8, 16, 8, 4, "relu", 8))
# As once-for-all's.
WITHOUT_HIDDEN_BIAS = (*NETWORK[:-1], Head(8, 16, 8, 4, "relu", 8, hidden_bias=False))
NETWORKS = pytest.mark.parametrize("network", [NETWORK, WITHOUT_HIDDEN_BIAS])


def ranges(model: onnx.ModelProto, image: np.ndarray) -> dict[str, tuple[float, float]]:
    """What every tensor of a model spans for an image."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    names = [output for node in model.graph.node for output in node.output]
    del shown.graph.output[:]
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    values = session(shown).run(names, {"input": image})
    spans = dict(zip(names, values, strict=True)) | {"input": image}
    return {name: (float(value.min()), float(value.max())) for name, value in spans.items()}


def session(model: onnx.ModelProto) -> ort.InferenceSession:
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def test_every_runtime_that_computes_in_int8_has_a_recipe() -> None:
    found = {load_spec(one).int8 for one in RUNTIMES.ours}
    assert found - {None} == set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
@NETWORKS
def test_a_calibrated_model_computes_nearly_the_same(recipe: str, network: Network) -> None:
    model = build_graph(network)
    image = np.random.default_rng(0).standard_normal((1, 3, 16, 16)).astype(np.float32)
    quantized = quantize(model, recipe, ranges(model, image))
    expected = session(model).run(None, {"input": image})[0]
    logits = session(quantized).run(None, {"input": image})[0]
    assert np.abs(logits - expected).max() < 0.1 * np.abs(expected).max()
    assert quantized.opset_import[0].version == model.opset_import[0].version
    assert quantized.ir_version == model.ir_version


def test_the_recipes_are_those_of_their_runtimes() -> None:
    model = build_graph([BLOCK])
    types = {}
    for runtime in ("onnxruntime", "tensorrt", "tensorrt_rtx"):
        graph = quantize(model, load_spec(runtime).int8 or "").graph
        types[runtime] = {onnx.TensorProto.DataType.Name(i.data_type) for i in graph.initializer}
    assert {"UINT8", "INT32"} <= types["onnxruntime"]
    for runtime in ("tensorrt", "tensorrt_rtx"):  # their parser refuses both
        assert not {"UINT8", "INT32"} & types[runtime]


def test_a_recipe_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no int8 recipe 'tflite' \(known: asymmetric, symm"):
        quantize(build_graph([BLOCK]), "tflite")


# Blocks that end with an addition, a convolution and a float operator.
@pytest.mark.parametrize(
    "block",
    [
        BLOCK,
        InvertedResidual(8, 24, 16, 5, 2, 0, "relu", 8),
        ConvBlock(8, 8, 1, 1, "hard_swish", 8),
    ],
)
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_block_inside_a_network_takes_and_gives_integers(
    block: InvertedResidual | ConvBlock, recipe: str
) -> None:
    quantized = quantize(build_graph([block]), recipe)
    inner = inside_network(quantized, first=False, last=False)
    onnx.checker.check_model(inner, full_check=True)
    taken, given = inner.graph.input[0], inner.graph.output[0]
    integer = onnx.TensorProto.INT8 if recipe == "symmetric" else onnx.TensorProto.UINT8
    for value in (taken, given):
        assert value.type.tensor_type.elem_type == integer
    dtype = onnx.helper.tensor_dtype_to_np_dtype(integer)
    image = np.random.default_rng(0).integers(0, 100, (1, 8, 8, 8)).astype(dtype)
    assert session(inner).run(None, {taken.name: image})[0].dtype == dtype


def kernels(model: onnx.ModelProto, folder: Path) -> Counter[str]:
    """The operators that ONNX Runtime really runs, after its fusions."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(folder / "optimized.onnx").graph.node)


@NETWORKS
def test_blocks_are_timed_with_the_integer_kernels_of_the_network(
    tmp_path: Path, network: Network
) -> None:
    whole = kernels(quantize(build_graph(network), "asymmetric"), tmp_path)
    blocks: Counter[str] = Counter()
    for block in network:
        quantized = quantize(build_graph([block]), "asymmetric")
        first, last = block is network[0], block is network[-1]
        blocks += kernels(inside_network(quantized, first=first, last=last), tmp_path)
    for kind in ("QLinearConv", "Conv", "QGemm", "Gemm", "QLinearAdd", "Add", "HardSigmoid"):
        assert blocks[kind] == whole[kind], kind
    assert whole["QLinearConv"] > 0
    assert whole["Conv"] == 0


def test_image_and_logits_stay_floats() -> None:
    for block, first in ((NETWORK[0], True), (NETWORK[-1], False)):
        quantized = quantize(build_graph([block]), "asymmetric")
        inner = inside_network(quantized, first=first, last=not first)
        end = inner.graph.input[0] if first else inner.graph.output[0]
        assert end.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        assert session(inner)


def test_a_missing_range_is_named() -> None:
    with pytest.raises(ValueError, match="no range of the tensor"):
        quantize(build_graph([BLOCK]), "asymmetric", {"input": (0.0, 1.0)})


def test_int8_blocks_and_networks_are_profiled_like_any(tmp_path: Path) -> None:
    from hwnas.devices.device import Device
    from hwnas.latency.profile import profile
    from hwnas.latency.schedule import Schedule
    from hwnas.latency.table import LatencyTable
    from hwnas.spaces import load_space
    from tests.hwnas.cli.conftest import SPACE

    (tmp_path / "tiny.yaml").write_text(SPACE)
    space = load_space(str(tmp_path / "tiny.yaml"))
    networks = space.networks(space.sample(np.random.default_rng(0), 8))
    schedule = Schedule(sessions=2, most_sessions=2, rounds=1, least_runs=1, least_ms=0.0)
    with LatencyTable(tmp_path / "t.sqlite") as table:
        model = profile(
            Device(name="here", precision="int8"),
            table,
            scope="s",
            blocks=space.blocks(),
            fit_networks=networks[:4],
            check_networks=networks[4:],
            schedule=schedule,
        )
        assert table.fingerprint is not None
        assert table.fingerprint.precision == "int8"
    assert (model.predict(networks) > 0).all()
