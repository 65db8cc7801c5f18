"""The runtime does what every runtime must do."""

from hwnas_unfused import SPEC

from hwnas.testing.runtimes import RuntimeContract


class TestUnfused(RuntimeContract):
    spec = SPEC
