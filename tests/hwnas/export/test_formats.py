"""Every format of an exported network computes what PyTorch does, or says why it cannot be made."""

import platform
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import HwnasError
from hwnas.data import ImageDataset, Split
from hwnas.devices.device import PRECISIONS, load_device
from hwnas.export.for_device import file_for
from hwnas.export.formats import FORMATS
from hwnas.export.formats.checking import check_format, expected_logits
from hwnas.export.formats.format import Built, Trained
from hwnas.export.onnx_files import onnx_files
from hwnas.export.writer import as_json, network_config
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, UniversalInvertedResidual
from hwnas.networks.modules import NetworkModule
from hwnas.training.checkpoint import weights_file
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

NETWORK = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 5, 1, 8, "relu", 8),
    UniversalInvertedResidual(8, 24, 16, 3, 5, 2, "relu6", 8),
    Head(16, 24, 16, 4, "hard_swish", 4),
)

REFUSED = {
    ("pytorch", "int8"): "PyTorch has no integer kernels for these layers",
    (
        "tensorrt",
        "",
    ): "local_cpu has 'runtime: onnxruntime'; name a device with 'runtime: tensorrt'",
}
if platform.machine() == "x86_64":
    REFUSED["ort", "fp16"] = "ONNX Runtime has no fp16 kernels for x86"
if find_spec("litert_torch") is None:  # 'make test-litert' has it
    REFUSED["litert", ""] = r'litert-torch, which is not installed: .*pip install "hwnas\[litert\]"'


def split(count: int) -> Split:
    generator = np.random.default_rng(count)
    images = generator.integers(0, 256, (count, 3, 16, 16), dtype=np.uint8)
    return Split(images, generator.integers(0, 4, count))


DATASET = ImageDataset("noise", ("a", "b", "c", "d"), split(40), split(12), split(10))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A network with random weights, exported for this machine in fp32."""
    device = load_device("local_cpu").model_copy(update={"batch": 2})
    module = NetworkModule(NETWORK, seed=1).eval()
    config = network_config(
        NETWORK, DATASET, batch=device.batch, training={}, conventions=module.conventions
    )
    folder = tmp_path_factory.mktemp("export")
    (folder / "config.json").write_text(as_json(config))
    (folder / "model.safetensors").write_bytes(weights_file(module.state_dict()))
    (folder / "model.onnx").write_bytes(file_for(device, NETWORK, module, DATASET).model)
    return Trained(module, DATASET, folder, device, onnx_files(folder, device, module, DATASET))


def built(trained: Trained, name: str, precision: str, folder: Path) -> Built:
    """What a format makes, put into a folder."""
    made = FORMATS.load(name).build(trained, precision)
    for file, content in made.files.items():
        (folder / file).write_bytes(content)
    return made


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FORMATS.ours)
def test_a_format_computes_what_pytorch_does_or_says_in_one_sentence_why_not(
    trained: Trained, tmp_path: Path, name: str, precision: str
) -> None:
    sentence = REFUSED.get((name, precision)) or REFUSED.get((name, ""))
    if sentence is not None:
        with pytest.raises(HwnasError, match=sentence):
            built(trained, name, precision, tmp_path)
        return
    made = built(trained, name, precision, tmp_path)
    assert made.runs in made.files
    check = check_format(FORMATS.load(name), tmp_path, made, trained, expected_logits(trained))
    assert check.verified, check.problem
    assert check.accuracy is not None
    assert check.max_abs_diff < {"fp32": 1e-4, "fp16": 5e-3, "int8": 0.2}[precision]


def test_a_file_of_another_network_is_not_verified(trained: Trained, tmp_path: Path) -> None:
    made = built(trained, "onnx", "fp32", tmp_path)
    expected = expected_logits(replace(trained, module=NetworkModule(NETWORK, seed=2)))
    check = check_format(FORMATS.load("onnx"), tmp_path, made, trained, expected)
    assert not check.verified
    assert check.problem.startswith("not shipped: its logits differ from PyTorch's by")


def test_the_file_of_the_devices_own_precision_is_the_exported_one(
    trained: Trained, tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"int8")
    (tmp_path / "model.fp32.onnx").write_bytes(b"fp32")
    files = onnx_files(tmp_path, load_device("local_cpu_int8"), trained.module, DATASET)
    assert [files("int8"), files("fp32")] == [b"int8", b"fp32"]


def test_an_ort_file_is_in_onnx_runtimes_own_format(trained: Trained, tmp_path: Path) -> None:
    made = built(trained, "ort", "fp32", tmp_path)
    assert made.files["model.fp32.ort"][4:8] == b"ORTM"
    assert made.note.startswith("for processors with vectors as wide as this one's")
