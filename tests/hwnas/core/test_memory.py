"""Errors that mean that memory ran out, as libraries really raise them."""

import errno
import subprocess
import sys

import numpy as np
import pytest
import torch

from hwnas.core.memory import ran_out


def torch_of_a_processor() -> object:
    return torch.empty(2**60, dtype=torch.uint8)


def numpy_array() -> object:
    return np.empty(2**60, dtype=np.uint8)


def python_bytes() -> object:
    return bytes(2**62)


@pytest.mark.parametrize("too_much", [torch_of_a_processor, numpy_array, python_bytes])
def test_a_real_allocation_that_fails_is_known(too_much: object) -> None:
    assert callable(too_much)
    with pytest.raises((MemoryError, RuntimeError)) as caught:
        too_much()
    assert ran_out(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("can't start new thread"),
        ImportError("libtorch.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_errors_of_gpus_threads_and_libraries_are_known(error: Exception) -> None:
    assert ran_out(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes do not match"),
        OSError(errno.ENOSPC, "No space left on device"),
        ValueError("out of memory of the past"),
        ImportError("no module named memory"),
    ],
)
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not ran_out(error)


SCRIPT = """
import sys
from hwnas.cli import main, report
def fails(*_, **__):
    raise MemoryError
report._report_one = fails
sys.argv = ["hwnas", "report", "anything"]
main.main()
"""


def test_wherever_it_happens_the_command_ends_with_a_sentence() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("hwnas: memory ran out; ")
    assert "batch_size" in answer.stderr
    assert "resolution" in answer.stderr
    assert answer.stderr.count("\n") == 1
