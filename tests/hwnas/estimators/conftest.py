from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
