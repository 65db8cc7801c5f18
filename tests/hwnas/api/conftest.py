"""The tiny experiment of the commands, for what does the same in Python."""

from tests.hwnas.cli.conftest import folder, npu  # noqa: F401
