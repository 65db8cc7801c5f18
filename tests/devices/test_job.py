from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.core.errors import DeviceError
from hwnas.devices.job import TASKS, Job, factory_of
from hwnas.devices.runtimes import RuntimeSpec, load_spec

JOB = Job(
    nonce="ab",
    runtime="onnxruntime",
    threads=2,
    cores=(4, 5),
    least_runs=5,
    least_ms=1.5,
    graphs=("a.onnx", "b.onnx"),
    rounds=((0, (1, 0)), (3, (1,))),
)


@given(
    threads=st.integers(1, 64),
    cores=st.sampled_from(["auto", "any", (0,), (3, 1)]),
    task=st.sampled_from(TASKS),
    numbers=st.tuples(*[st.floats(0, 1e6)] * 3),
    name=st.sampled_from(["", "in.bin"]),
    orders=st.lists(st.lists(st.integers(0, 1), max_size=9).map(tuple)),
)
def test_the_text_of_a_job_says_all_of_it(threads, cores, task, numbers, name, orders) -> None:
    least, rest, limit = numbers
    job = Job(
        nonce="n",
        runtime="r",
        threads=threads,
        cores=cores,
        task=task,
        least_runs=3,
        least_ms=least,
        rest_s=rest,
        limit_celsius=limit,
        input=name,
        graphs=("0.onnx", "1.onnx"),
        rounds=tuple(enumerate(orders)),
    )
    assert Job.from_text(job.to_text()) == job


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("end\n", "", "cut off"),
        ("hwnas job 1", "hwnas job 2", "another version"),
        ("threads 2", "threads two", "cannot be read"),
        ("nonce ab\n", "", "cannot be read"),
        ("runs 5", "runs 5\nsurprise 1", "another version"),
        ("task time", "task dance", "another version"),
        ("round 3 1", "round 3 2", "another version"),
        ("graph a.onnx", "graph ../a.onnx", "not the name of a file"),
        ("graph a.onnx", "graph /etc/passwd", "not the name of a file"),
    ],
)
def test_what_is_no_job_is_refused(before: str, after: str, sentence: str) -> None:
    assert before in JOB.to_text()
    with pytest.raises(DeviceError, match=sentence):
        Job.from_text(JOB.to_text().replace(before, after))


def test_a_runtime_that_is_not_ours_is_in_the_job_with_its_factory() -> None:
    board = RuntimeSpec("board", "my_runtime:Board", on_gpu=True)
    assert factory_of(load_spec("tensorrt")) == ""
    job = Job.from_text(replace(JOB, runtime="board", factory=factory_of(board)).to_text())
    assert job.spec == board
    assert JOB.spec == load_spec("onnxruntime")


@pytest.mark.parametrize("factory", ["cpu os.system", "cpu os:system:x", "cpu ../x:y", "x"])
def test_a_factory_that_cannot_be_imported_is_refused(factory: str) -> None:
    with pytest.raises(DeviceError):
        _ = replace(JOB, runtime="board", factory=factory).spec


def test_a_job_that_was_cut_off_anywhere_is_refused() -> None:
    text = JOB.to_text()
    for length in range(len(text) - 1):
        with pytest.raises(DeviceError):
            Job.from_text(text[:length])
