"""Engine: a graph that a device's runtime has built, which runs on that device alone."""

SUFFIX = ".engine"
"""Of its file."""


class Engine(bytes):
    """A serialised engine of TensorRT where a graph is asked for; other bytes are ONNX."""
