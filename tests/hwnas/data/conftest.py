"""A terminal, for what verbs say of images."""

from tests.hwnas.cli.conftest import folder, terminal  # noqa: F401
