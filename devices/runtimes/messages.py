"""What a library said, told in a sentence."""

from collections.abc import Iterable

_MOST_TEXT = 600
# Of CUDA, of ONNX Runtime's arena, and of cuDNN and cuBLAS.
_NO_ROOM = ("out of memory", "memoryallocation", "failed to allocate memory", "alloc_failed")


def one_line(texts: Iterable[str]) -> str:
    """What a library said, as part of a sentence: an agent's last line is its message."""
    lines = [" ".join(text.split()) for text in dict.fromkeys(texts)]
    return "; ".join(filter(None, lines))[:_MOST_TEXT] or "it does not say why"


def memory_advice(text: str) -> str:
    """The mend, as the end of a sentence, where a library says that the GPU's memory is full."""
    low = text.lower()
    if not any(sign in low for sign in _NO_ROOM):
        return ""
    return "; the GPU has no more memory: close what else uses it, or use a smaller 'batch'"
