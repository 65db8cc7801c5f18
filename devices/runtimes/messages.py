"""Messages of libraries, as parts of a sentence."""

from collections.abc import Iterable

_MOST_TEXT = 600
# Signs of a full memory, of CUDA, ONNX Runtime's arena, cuDNN and cuBLAS.
_FULL = ("out of memory", "memoryallocation", "failed to allocate memory", "alloc_failed")


def one_line(texts: Iterable[str]) -> str:
    """What a library reported, on one line: an agent's last line is its message."""
    lines = [" ".join(text.split()) for text in dict.fromkeys(texts)]
    return "; ".join(filter(None, lines))[:_MOST_TEXT] or "no reason is known"


def memory_advice(text: str) -> str:
    """The end of a sentence: how to fix a full memory, if that is what a library reports."""
    low = text.lower()
    if not any(sign in low for sign in _FULL):
        return ""
    return "; the GPU's memory is full: close other programs that use it, or set a smaller 'batch'"
