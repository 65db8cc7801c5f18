"""ONNX Runtime's own profiles, read: order, names, subgraphs, and the sum."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from hwnas.devices.runtimes.ort_profile import by_operator
from hwnas.latency.reference import NETWORK
from hwnas.networks.graph import build_graph

CPU = "CPUExecutionProvider"
PASS = "SequentialExecutor::Execute"
WEIGHT = numpy_helper.from_array(np.full((64, 64), 0.01, np.float32), "w")
LENGTH = numpy_helper.from_array(np.int64(5), "n")


def value(name: str, shape: list[int], kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes: list[NodeProto], inputs: list[ValueInfoProto]) -> ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, [value("y", [64, 64])], [WEIGHT, LENGTH])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def matmul(before: str, after: str, name: str = "") -> NodeProto:
    return helper.make_node("MatMul", [before, "w"], [after], name=name)


def events(graph: ModelProto, folder: Path, feeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    session = ort.InferenceSession(graph.SerializeToString(), options, providers=[CPU])
    for feed in feeds:
        session.run(None, feed)
    found: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text())
    return found


def image() -> np.ndarray:
    return np.ones((64, 64), np.float32)


def microseconds(found: list[dict[str, Any]], name: str) -> list[int]:
    return [event["dur"] for event in found if event["name"] == name]


def test_operators_come_in_the_order_of_execution_unnamed_ones_too(tmp_path: Path) -> None:
    graph = model(
        [
            matmul("x", "a"),
            matmul("a", "b", "MatMul_0"),
            helper.make_node("Relu", ["b"], ["c"]),
            matmul("c", "y"),
        ],
        [value("x", [64, 64])],
    )
    found = by_operator(events(graph, tmp_path, [{"x": image()}] * 6), 4, CPU)
    # An unnamed one is named by its type and place, as the second one is by its author.
    assert [one["type"] for one in found] == ["MatMul", "MatMul", "Relu", "MatMul"]
    assert [one["name"] for one in found][:2] == ["MatMul_0", "MatMul_0"]
    assert {one["provider"] for one in found} == {CPU}


def branching() -> ModelProto:
    def branch(node: NodeProto, output: str) -> Any:
        return helper.make_graph([node], output, [], [value(output, [64, 64])])

    body = helper.make_graph(
        [matmul("s", "s2", "inner"), helper.make_node("Identity", ["go"], ["go2"], name="again")],
        "body",
        [
            value("i", [], TensorProto.INT64),
            value("go", [], TensorProto.BOOL),
            value("s", [64, 64]),
        ],
        [value("go2", [], TensorProto.BOOL), value("s2", [64, 64])],
    )
    relu = helper.make_node("Relu", ["x"], ["e"], name="inner")
    return model(
        [
            helper.make_node(
                "If",
                ["cond"],
                ["p"],
                name="if",
                then_branch=branch(matmul("x", "t", "inner"), "t"),
                else_branch=branch(relu, "e"),
            ),
            helper.make_node("Loop", ["n", "", "p"], ["q"], name="loop", body=body),
            matmul("q", "y", "inner"),
        ],
        [value("x", [64, 64]), value("cond", [], TensorProto.BOOL)],
    )


def test_nodes_inside_others_count_once_and_by_the_path_to_them(tmp_path: Path) -> None:
    feed = {"x": image(), "cond": np.array(True)}
    raw = events(branching(), tmp_path, [feed])
    found = by_operator(raw, 1, CPU)
    assert {one["name"] for one in found} == {
        "if",
        "if/inner",
        "loop",
        "loop/inner",
        "loop/again",
        "inner",
    }
    ms = {one["name"]: one["ms"] for one in found}
    # All five passes through the loop, whose own time is what remains of it.
    inside = [
        *microseconds(raw, "inner_kernel_time")[1:-1],
        *microseconds(raw, "again_kernel_time"),
    ]
    assert len(inside) == 10
    assert ms["loop/inner"] + ms["loop/again"] == pytest.approx(sum(inside) / 1000)
    outer = microseconds(raw, "loop_kernel_time")[0] + microseconds(raw, "if_kernel_time")[0]
    last = microseconds(raw, "inner_kernel_time")[-1]
    assert sum(ms.values()) == pytest.approx((outer + last) / 1000)


def test_nodes_of_one_name_in_both_branches_are_told_apart(tmp_path: Path) -> None:
    feeds = [{"x": image(), "cond": np.array(flag)} for flag in (True, False, False)]
    raw = events(branching(), tmp_path, feeds)
    for event in raw:
        if event["name"] == PASS:
            event["dur"] = 1  # so that the first two of three are the faster half
    found = by_operator(raw, 3, CPU)
    assert [one["type"] for one in found if one["name"] == "if/inner"] == ["MatMul", "Relu"]


def test_the_slower_half_and_the_warm_up_are_left_out(tmp_path: Path) -> None:
    graph = model([matmul("x", "y", "only")], [value("x", [64, 64])])
    raw = events(graph, tmp_path, [{"x": image()}] * 5)
    for name, dur in (("only_kernel_time", [1, 50, 9000, 30, 40]), (PASS, [2, 60, 9010, 35, 45])):
        for event, each in zip((e for e in raw if e["name"] == name), dur, strict=True):
            event["dur"] = each
    (only,) = by_operator(raw, 4, CPU)
    assert only["ms"] == pytest.approx(0.035)  # of 30 and 40


def test_the_sum_is_near_the_time_of_the_whole_network(tmp_path: Path) -> None:
    picture = np.ones((1, 3, 128, 128), np.float32)
    raw = events(build_graph(NETWORK), tmp_path, [{"input": picture}] * 30)
    whole = sorted(microseconds(raw, "model_run")[10:])[:10]
    total = sum(one["ms"] for one in by_operator(raw, 20, CPU))
    assert 0.5 * np.mean(whole) / 1000 < total <= np.mean(whole) / 1000


def test_a_profile_without_inferences_has_no_operators() -> None:
    assert by_operator([], 3, CPU) == []
