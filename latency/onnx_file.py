"""ONNX files from elsewhere, read whole: the graph, and the weights that are stored beside it."""

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

MOST_BYTES = 2**31 - 1
"""Of a serialised ONNX model: protobuf's limit."""

# Operators that compute with integers, or lead to them and back; and those of 4-bit weights.
_INT8 = frozenset(
    {
        "QuantizeLinear",
        "DequantizeLinear",
        "DynamicQuantizeLinear",
        "ConvInteger",
        "MatMulInteger",
        "MatMulIntegerToFloat",
        "DynamicQuantizeMatMul",
        "DynamicQuantizeLSTM",
        "QGemm",
        "QAttention",
    }
)
_INT4 = frozenset({"MatMulNBits", "GatherBlockQuantized"})
_FLOATS: dict[int, str] = {
    onnx.TensorProto.FLOAT: "fp32",
    onnx.TensorProto.FLOAT16: "fp16",
    onnx.TensorProto.BFLOAT16: "bf16",
    onnx.TensorProto.DOUBLE: "fp64",
}


def read_model(path: Path) -> onnx.ModelProto:
    """An ONNX file with all its weights.

    Weights beside the file are taken where ONNX Runtime takes them: from a file that lies, links
    followed, in the model's folder, or in the folder that a link to the model leads to, as in
    Hugging Face's cache. Where a link to the model lies alone, they are looked for beside what it
    leads to as well.

    Raises:
        ConfigError: the file, or one with its weights, is missing, damaged, too large or
            elsewhere.
    """
    model = _read(path)
    _load_weights(model, path)
    return model


def precision_of(model: onnx.ModelProto) -> str:
    """What a model computes in: "int8" or "int4" if quantised, else the type of most weights."""
    used = {node.op_type for node in _nodes(model)}
    if used & _INT4:
        return "int4"
    if used & _INT8 or any(name.startswith("QLinear") for name in used):
        return "int8"
    bytes_of = dict.fromkeys(_FLOATS.values(), 0)
    for tensor in _tensors(model):
        if tensor.data_type in _FLOATS:
            bytes_of[_FLOATS[tensor.data_type]] += tensor.ByteSize()
    for value in model.graph.input:  # a model without weights
        kind = _FLOATS.get(value.type.tensor_type.elem_type)
        if kind:
            bytes_of[kind] += 1
    most = max(bytes_of, key=lambda kind: bytes_of[kind])
    return most if bytes_of[most] else "integers"


def _read(path: Path) -> onnx.ModelProto:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name an ONNX file in it")
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise ConfigError(f"{path} is a pipe or a device; save the model into a file first")
        _check_size(path, about.st_size)
        model = onnx.load_model_from_string(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {path}; name an ONNX file") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except DecodeError:
        model = onnx.ModelProto()
    if not model.graph.output:  # an empty file is a valid message too
        beside = path.with_name("model.onnx")
        whole = beside.is_file() and beside.name != path.name
        advice = (
            f"name {beside.name} beside it" if whole else "export it anew, or name another file"
        )
        raise ConfigError(f"{path} is not an ONNX model; {advice}")
    if not all(isinstance(name, str) for name in _names(model)):  # protobuf gives bytes then
        raise ConfigError(f"{path} is damaged (a name in it is not UTF-8); export it anew")
    return model


def _load_weights(model: onnx.ModelProto, path: Path) -> None:
    """Reads the weights that are stored beside the file into the model."""
    outside = [tensor for tensor in _tensors(model) if uses_external_data(tensor)]
    try:
        about = [ExternalDataInfo(tensor) for tensor in outside]
    except ValueError as error:  # an offset or a length that is none
        raise ConfigError(
            f"{path} does not say where its weights are: {shown(error)}; export it anew"
        ) from error
    # Before they are read, because they may not fit into memory.
    _check_size(path, model.ByteSize() + sum(one.length or 0 for one in about))
    for tensor, one in zip(outside, about, strict=True):
        tensor.raw_data = _part(_weights_file(path, one.location), one, path)
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]
        _check_size(path, len(tensor.raw_data))
    _check_size(path, model.ByteSize())


def _part(file: Path, about: ExternalDataInfo, path: Path) -> bytes:
    """The bytes of one tensor."""
    offset = about.offset or 0
    try:
        size = file.stat().st_size
        length = size - offset if about.length is None else about.length
        _check_size(path, length)
        if offset < 0 or length < 0 or offset + length > size:
            raise _unreadable(path, about.location, "it is shorter than the model says")
        with file.open("rb") as opened:
            opened.seek(offset)
            return opened.read(length)
    except OSError as error:
        raise _unreadable(path, about.location, error.strerror or str(error)) from error


def _weights_file(path: Path, location: str) -> Path:
    """Where the weights of a model are, if ONNX Runtime may take them from there.

    Raises:
        ConfigError: nothing is there, or it is elsewhere.
    """
    if not location or Path(location).is_absolute() or "\0" in location:
        raise _unreadable(path, location, "ONNX takes relative paths alone")
    try:
        # The folder of the link, and of the file that it leads to.
        folders = list(dict.fromkeys([path.parent.resolve(), path.resolve().parent]))
        found = next((f / location for f in folders if (f / location).exists()), None)
        if found is None:
            raise _unreadable(path, location, "there is no such file")
        real = found.resolve()
    except (OSError, RuntimeError) as error:  # links that lead to each other, too long a name
        raise _unreadable(path, location, shown(error)) from error
    if not any(real.is_relative_to(folder) for folder in folders):
        raise _unreadable(path, location, f"it leads to {shown(real)}, outside the model's folder")
    if not real.is_file():
        raise _unreadable(path, location, "it is not a regular file")
    return real


def _unreadable(path: Path, location: str, why: str) -> ConfigError:
    return ConfigError(
        f"the weights of {path} are in {shown(location) or 'other files'}, which cannot be read "
        f"({why}): put the files that belong to it beside it"
    )


def _check_size(path: Path, size: int) -> None:
    if size > MOST_BYTES:
        raise ConfigError(
            f"{path} has {size / 1e9:.1f} GB with its weights, and a model that is brought to a "
            "device has at most 2 GB; quantise or split it"
        )


def _names(model: onnx.ModelProto) -> Iterator[str]:
    """Of operators, of what goes in and out of them, and of tensors."""
    for node in _nodes(model):
        yield from (node.op_type, node.name, node.domain, *node.input, *node.output)
    for value in (*model.graph.input, *model.graph.output, *_tensors(model)):
        yield value.name


def _nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Every node, those of branches, loops and functions too."""
    yield from _nodes_in(model.graph.node)
    for function in model.functions:
        yield from _nodes_in(function.node)


def _nodes_in(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        yield node
        for graph in _graphs_of(node):
            yield from _nodes_in(graph.node)


def _graphs_of(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The branches and bodies of one node."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every constant: weights of the graph and of its branches, attributes of nodes."""
    yield from model.graph.initializer
    for node in _nodes(model):
        for graph in _graphs_of(node):
            yield from graph.initializer
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                yield attribute.t
            yield from attribute.tensors
