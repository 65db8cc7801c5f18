"""Engine: a graph that the runtime of a device has built; it runs on that device alone."""

SUFFIX = ".engine"
"""Of its file."""


class Engine(bytes):
    """A serialised engine, in the place of a graph; other bytes are ONNX."""
