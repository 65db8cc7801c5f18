from tests.hwnas.cli.conftest import _made, folder, npu, once, terminal  # noqa: F401
