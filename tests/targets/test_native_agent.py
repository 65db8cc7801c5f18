"""The contract of every agent: the one in Python, the one in C, and that one under sanitizers."""

import fcntl
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from hwnas.devices.answers import Facts, TargetVisit
from hwnas.devices.target import Round, open_target
from hwnas.latency.foreign import load_model
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
from tests.targets.agents import KINDS, Workplace, device, job
from tests.targets.bundles import emulated
from tests.targets.graphs import GRAPH, IMAGE, TYPES, copy_of, graph_of, model, module

ROUNDS = ((0, (1, 0)), (3, (1,)))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(kind: str, tmp_path: Path) -> Workplace:
    found = Workplace(kind, tmp_path / kind)
    found.add("a.onnx", GRAPH)
    found.add("b.onnx", GRAPH)
    return found


def test_a_job_is_answered_event_by_event(place: Workplace) -> None:
    answer = place.run(job(graphs=("a.onnx", "b.onnx"), rounds=ROUNDS, least_runs=3))
    assert (answer.code, answer.printed) == (0, "")
    assert answer.names == [
        "loading",
        "loading",
        "ready",
        "visit",
        "visit",
        "round",
        "visit",
        "round",
        "done",
    ]
    assert all(event["nonce"] == "n0nce" for event in answer.events)
    visits = [event for event in answer.events if event["event"] == "visit"]
    assert [(one["round"], one["graph"]) for one in visits] == [(0, 1), (0, 0), (3, 1)]
    assert all(len(one["ms"]) == 3 and min(one["ms"]) > 0 for one in visits)
    rounds = [event for event in answer.events if event["event"] == "round"]
    assert [one["round"] for one in rounds] == [0, 3]
    assert all(one["conditions"]["load"] >= 0 for one in rounds)
    assert all(0 <= one["conditions"].get("others", 0) <= 1 for one in rounds)
    assert answer.only("done")["visits"] == 3


def test_a_visit_lasts_as_long_as_asked(place: Workplace) -> None:
    keys: dict[str, Any] = {"graphs": ("a.onnx",), "rounds": ((0, (0,)),)}
    long = place.run(job(**keys, least_ms=2.0)).only("visit")["ms"]
    assert sum(long) > 1.0 or len(long) == 100
    assert len(place.run(job(**keys, least_ms=1e6)).only("visit")["ms"]) == 100
    assert len(place.run(job(**keys, least_runs=130)).only("visit")["ms"]) == 130


@pytest.mark.parametrize("native", KINDS[1:])
def test_agents_differ_in_their_name_only(native: str, tmp_path: Path) -> None:
    facts = {}
    for agent in ("python", native):
        place = Workplace(agent, tmp_path / agent)
        place.add("a.onnx", GRAPH)
        answer = place.run(job(graphs=("a.onnx",), rounds=((0, (0,)),), least_runs=1))
        facts[agent] = answer.only("ready")["facts"]
    assert facts["python"].pop("agent") == "python"
    assert facts[native].pop("agent") == "native"
    assert facts[native] == facts["python"]


def test_the_outputs_are_those_of_onnx_runtime_and_of_pytorch(
    kind: str,
) -> None:
    network = module()
    graph = graph_of(network)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        modules = network(torch.from_numpy(IMAGE)).numpy().ravel()
    with open_target(device(kind)) as target:
        target.add("net", graph)
        target.add("block", GRAPH)
        found, _ = target.outputs(["net", "block"], IMAGE.ravel().tolist())
    assert np.abs(modules).max() > 1e-3
    np.testing.assert_allclose(found, session.run(None, {"input": IMAGE})[0].ravel(), atol=1e-5)
    np.testing.assert_allclose(found, modules, atol=1e-5)


def test_an_input_whose_value_is_given_is_not_fed(kind: str, tmp_path: Path) -> None:
    scale = helper.make_node("Mul", ["input", "factor"], ["output"])
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("input", [4]), ("factor", []), ("output", [4]))
    ]
    graph = helper.make_graph([scale], "scale", values[:2], values[2:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "net.onnx").write_bytes(made.SerializeToString())
    loaded = load_model(tmp_path / "net.onnx", values=["factor=2.5"])
    with open_target(device(kind)) as target:
        target.add("net", loaded.content)
        (found,) = target.outputs(["net"], [1.0, 2.0, 3.0, 4.0])
    assert found == [2.5, 5.0, 7.5, 10.0]


def test_on_emulated_arm_the_outputs_are_those_of_pytorch(
    tmp_path: Path,
) -> None:
    network = module()
    with torch.inference_mode():
        expected = network(torch.from_numpy(IMAGE)).numpy().ravel()
    far = device("native").model_copy(update={"bundle": str(emulated(tmp_path).folder)})
    with open_target(far) as target:
        target.add("net", graph_of(network))
        (found,) = target.outputs(["net"], IMAGE.ravel().tolist())
        facts, *answers = target.run([Round(0, ["net"])], least_runs=2, least_ms=0.0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert isinstance(facts, Facts)
    assert facts.machine == "aarch64"
    assert facts.cpu == "CPU implementer 0x41, CPU part 0xd08"
    assert facts.emulated.startswith("qemu-aarch64")
    assert isinstance(answers[0], TargetVisit)


@pytest.mark.parametrize("name", TYPES)
def test_every_type_of_elements_is_timed_and_comes_back_as_it_was(
    place: Workplace, name: str
) -> None:
    element, values = TYPES[name]
    place.add("copy.onnx", copy_of(element))
    place.add("in.bin", values.tobytes())
    outputs = place.run(job(task="outputs", graphs=("copy.onnx",), input="in.bin"))
    assert outputs.code == 0, outputs.printed
    found = np.array(outputs.only("outputs")["values"]).astype(values.dtype)
    np.testing.assert_array_equal(found, values)
    timed = place.run(job(graphs=("copy.onnx",), rounds=((0, (0,)),), least_runs=2))
    assert timed.code == 0, timed.printed


def test_graphs_of_several_inputs_and_of_outputs_without_a_shape_are_timed(
    place: Workplace,
) -> None:
    nodes = [helper.make_node("Mul", ["a", "b"], ["c"]), helper.make_node("NonZero", ["c"], ["d"])]
    inputs = [("a", TensorProto.FLOAT, (4, 5)), ("b", TensorProto.FLOAT, (5,))]
    place.add("g.onnx", model(nodes, inputs, [("d", TensorProto.INT64, (2, None))]))
    answer = place.run(job(graphs=("g.onnx",), rounds=((0, (0, 0)),), least_runs=2))
    assert answer.code == 0, answer.printed


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no model", "ONNX Runtime cannot load bad.onnx: "),
        (None, "ONNX Runtime cannot load bad.onnx: "),
        (copy_of(TensorProto.STRING), "the input x is a tensor(string), which cannot be filled"),
    ],
)
def test_a_graph_that_cannot_be_loaded_is_one_sentence(
    place: Workplace, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        place.add("bad.onnx", content)
    answer = place.run(job(graphs=("a.onnx", "bad.onnx"), rounds=((0, (0,)),)))
    assert answer.code == 2
    assert answer.printed.strip().splitlines()[-1].startswith(sentence)
    assert answer.names == ["loading", "loading"]


def test_an_input_of_another_size_is_one_sentence(place: Workplace) -> None:
    place.add("in.bin", b"1234")
    answer = place.run(job(task="outputs", graphs=("a.onnx",), input="in.bin"))
    assert answer.code == 2
    assert answer.printed == "the input input is [1, 3, 16, 16], not of 4 bytes\n"


def test_cores_that_cannot_be_had_are_one_sentence(place: Workplace) -> None:
    answer = place.run(job(graphs=("a.onnx",), cores=(4096,)))
    assert answer.code == 2
    assert answer.printed.startswith("the cores [4096] cannot be used, only [")
    assert answer.printed.endswith("] can; change 'cores' in the device's file\n")


def test_a_check_finds_what_can_be_found(place: Workplace) -> None:
    answer = place.run(job(task="health"))
    assert answer.names == ["health", "done"]
    findings = answer.only("health")["findings"]
    assert [one["name"] for one in findings] == [
        "load",
        "other work",
        "stolen time",
        "temperature",
        "battery",
        "memory",
        "pinned to cores",
        "governor",
        "turbo",
        "clock under load",
        "virtual machine",
        "quota of processor time",
        "free space",
    ]
    for one in findings:
        assert set(one) == {"name", "value", "ok", "advice"}
        assert one["value"] is not None or one["advice"] == "cannot be read on this machine"
        assert bool(one["advice"]) == (not one["ok"] or one["value"] is None)


@pytest.mark.parametrize("change", [("end\n", ""), ("hwnas job 1", "hwnas job 9")])
def test_a_job_that_is_cut_off_or_of_another_version_is_refused(
    place: Workplace, change: tuple[str, str]
) -> None:
    answer = place.run(job(graphs=("a.onnx",)).to_text().replace(*change))
    assert (answer.code, answer.events) == (2, [])
    assert answer.printed == "the job is cut off, or of another version of hwnas\n"


def test_it_ends_when_nobody_reads(place: Workplace) -> None:
    rounds = tuple((number, (0,)) for number in range(100_000))
    text = job(graphs=("a.onnx",), rounds=rounds, least_runs=1).to_text()
    (place.folder / "job.txt").write_text(text)
    with (place.folder / "job.txt").open() as given:
        process = place.start(stdin=given)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 3
    assert process.stderr.read() == ""
    process.stderr.close()


def test_of_several_agents_in_a_folder_one_runs_at_a_time(tmp_path: Path) -> None:
    places = [Workplace(kind, tmp_path / kind) for kind in KINDS]
    locks = [(place.folder / "agent.lock").open("w") for place in places]
    for lock in locks:
        fcntl.flock(lock, fcntl.LOCK_EX)
    start = time.monotonic()
    waiting = [place.start(stdin=subprocess.DEVNULL) for place in places]
    for process in waiting:
        out, printed = process.communicate(timeout=60)
        assert (process.returncode, out) == (4, "")
        assert printed == "another hwnas process is measuring on this device; wait for it\n"
    assert 19 < time.monotonic() - start < 30
    for lock in locks:
        lock.close()
    # The next finds the lock file, and nobody who holds it.
    for place in places:
        assert place.run(job(task="health")).code == 0
