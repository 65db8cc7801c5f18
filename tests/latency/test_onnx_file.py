"""Weights beside an ONNX file are taken where ONNX Runtime takes them; what a file computes in."""

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwnas.core.errors import ConfigError
from hwnas.latency.onnx_file import precision_of, read_model
from hwnas.latency.reference import NETWORK
from hwnas.networks.graph import build_graph
from hwnas.networks.half import to_half
from tests.latency.onnx_models import convolution, model, saved, value

WEIGHTS = convolution([1, 3, 8, 8]).graph.initializer[0].raw_data


def outside(folder: Path, location: str = "net.bin") -> Path:
    """A model in a folder whose weights are in a file of that name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "net.onnx"
    onnx.save(
        convolution([1, 3, 8, 8]),
        path,
        save_as_external_data=True,
        location="net.bin",
        size_threshold=0,
    )
    if location != "net.bin":
        stored = onnx.load(path, load_external_data=False)
        for entry in stored.graph.initializer[0].external_data:
            entry.value = location if entry.key == "location" else entry.value
        path.write_bytes(stored.SerializeToString())
    return path


def runtime_takes(path: Path) -> bool:
    try:
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception:  # its errors share no base but this
        return False
    return True


def in_hugging_faces_cache(root: Path) -> Path:
    """As `huggingface_hub` lays files: links of a snapshot lead to blobs, named by their hashes."""
    made = outside(root / "download")
    (root / "blobs").mkdir()
    snapshot = root / "snapshots" / "0a1b" / "onnx"
    snapshot.mkdir(parents=True)
    for name in ("net.onnx", "net.bin"):
        (made.parent / name).rename(root / "blobs" / f"hash-of-{name}")
        (snapshot / name).symlink_to(f"../../../blobs/hash-of-{name}")
    return snapshot / "net.onnx"


def in_a_linked_folder(root: Path) -> Path:
    outside(root / "real")
    (root / "link").symlink_to(root / "real")
    return root / "link" / "net.onnx"


def with_a_second_name(root: Path) -> Path:
    path = outside(root)
    os.link(root / "net.bin", root / "other.bin")
    return path


def in_a_folder_below(root: Path) -> Path:
    path = outside(root, "weights/net.bin")
    (root / "weights").mkdir()
    (root / "net.bin").rename(root / "weights" / "net.bin")
    return path


@pytest.mark.parametrize(
    "made",
    [outside, in_hugging_faces_cache, in_a_linked_folder, with_a_second_name, in_a_folder_below],
)
def test_weights_are_taken_where_the_runtime_takes_them(tmp_path: Path, made: object) -> None:
    path = made(tmp_path)  # type: ignore[operator]
    assert runtime_takes(path)
    assert read_model(path).graph.initializer[0].raw_data == WEIGHTS


def test_a_lone_link_to_a_model_finds_the_weights_beside_the_model(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").symlink_to(outside(tmp_path / "real"))
    assert read_model(tmp_path / "net.onnx").graph.initializer[0].raw_data == WEIGHTS


def above(root: Path) -> Path:
    path = outside(root / "model", "../net.bin")
    (path.parent / "net.bin").rename(root / "net.bin")
    return path


def by_a_link_to_elsewhere(root: Path) -> Path:
    path = outside(root / "model")
    (path.parent / "net.bin").rename(root / "net.bin")
    (path.parent / "net.bin").symlink_to(root / "net.bin")
    return path


def in_a_pipe(root: Path) -> Path:
    path = outside(root)
    (root / "net.bin").unlink()
    os.mkfifo(root / "net.bin")
    return path


def in_a_loop_of_links(root: Path) -> Path:
    path = outside(root)
    (root / "net.bin").unlink()
    (root / "net.bin").symlink_to("net.bin")
    return path


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (above, "it leads to .*net.bin, outside the model's folder"),
        (by_a_link_to_elsewhere, "it leads to .*net.bin, outside the model's folder"),
        (lambda root: outside(root, str(root / "net.bin")), "ONNX takes relative paths alone"),
        (lambda root: outside(root, "gone.bin"), "there is no such file"),
        (in_a_pipe, "it is not a regular file"),
        (in_a_loop_of_links, "there is no such file|links"),
    ],
)
def test_weights_that_the_runtime_refuses_are_one_sentence(
    tmp_path: Path, made: object, why: str
) -> None:
    path = made(tmp_path)  # type: ignore[operator]
    if made is not in_a_pipe:  # the runtime would wait for it
        assert not runtime_takes(path)
    with pytest.raises(ConfigError, match=f"the weights of .*net.onnx are in .*{why}") as caught:
        read_model(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("key", "text"), [("offset", "-4"), ("length", "-4"), ("length", "x")])
def test_numbers_that_cannot_be_are_one_sentence(tmp_path: Path, key: str, text: str) -> None:
    path = outside(tmp_path)
    stored = onnx.load(path, load_external_data=False)
    entries = stored.graph.initializer[0].external_data
    kept = [entry for entry in entries if entry.key != key]
    del entries[:]
    entries.extend([*kept, onnx.StringStringEntryProto(key=key, value=text)])
    path.write_bytes(stored.SerializeToString())
    with pytest.raises(ConfigError, match=r"net\.onnx does not say where its weights are"):
        read_model(path)


def test_weights_of_branches_and_of_attributes_are_read_too(tmp_path: Path) -> None:
    array = np.arange(600, dtype=np.float32)
    branch = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["a"])],
        "branch",
        [],
        [value("a", [600])],
        [numpy_helper.from_array(array, "w")],
    )
    other = helper.make_graph(
        [helper.make_node("Constant", [], ["b"], value=numpy_helper.from_array(array, "c"))],
        "other",
        [],
        [value("b", [600])],
    )
    node = helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=other)
    made = model(
        [node], [value("x", [600]), value("yes", [], TensorProto.BOOL)], [value("y", [600])]
    )
    path = tmp_path / "net.onnx"
    onnx.save(
        made,
        path,
        save_as_external_data=True,
        location="net.bin",
        size_threshold=0,
        convert_attribute=True,
    )
    assert len(path.read_bytes()) < 600
    assert read_model(path) == onnx.load(path)
    assert runtime_takes(path)
    (tmp_path / "net.bin").write_bytes(bytes(9))
    with pytest.raises(ConfigError, match="it is shorter than the model says"):
        read_model(path)


def test_the_precision_of_a_file_is_told(tmp_path: Path) -> None:
    network = build_graph(NETWORK)
    assert precision_of(network) == "fp32"
    assert precision_of(to_half(network, first=True, last=True)) == "fp16"
    quantised = convolution()
    quantised.graph.node.add(op_type="QLinearConv")
    assert precision_of(quantised) == "int8"
    inside = helper.make_graph([helper.make_node("DequantizeLinear", [], ["d"])], "b", [], [])
    branching = convolution()
    branching.graph.node.append(helper.make_node("Loop", [], ["l"], body=inside))
    assert precision_of(branching) == "int8"
    without = model(
        [helper.make_node("Relu", ["x"], ["y"])],
        [value("x", [1], TensorProto.FLOAT16)],
        [value("y", [1])],
    )
    assert precision_of(read_model(saved(tmp_path, without))) == "fp16"


def test_a_name_that_is_no_utf8_is_one_sentence(tmp_path: Path) -> None:
    path = saved(tmp_path, convolution([1, 3, 8, 8]))
    path.write_bytes(path.read_bytes().replace(b"Conv", b"\xffonv"))
    with pytest.raises(ConfigError, match=r"is damaged \(a name in it is not UTF-8\)"):
        read_model(path)
