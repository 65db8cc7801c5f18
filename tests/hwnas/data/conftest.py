"""A terminal, for what commands say of images."""

from tests.hwnas.cli.conftest import folder, terminal  # noqa: F401
