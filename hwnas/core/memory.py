"""Memory that runs out, by whatever error a library says it."""

import errno

# What PyTorch, numpy, ONNX Runtime, C++ and the loader of libraries say.
_PHRASES = (
    "out of memory",
    "allocate memory",
    "not enough memory",
    "bad_alloc",
    "bad allocation",
    "ALLOC_FAILED",
    "start new thread",
    "failed to map segment",
    "unable to mmap",
)


def ran_out(error: BaseException) -> bool:
    """Whether an error means that memory ran out, of the processor or of a GPU."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if type(error).__name__ == "OutOfMemoryError":  # PyTorch's, which need not be imported here
        return True
    wide = isinstance(error, RuntimeError | ImportError | SystemError)
    foreign = type(error).__module__.startswith(("onnxruntime", "torch", "safetensors"))
    return (wide or foreign) and any(phrase in str(error) for phrase in _PHRASES)
