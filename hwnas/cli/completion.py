"""What a shell completes beside the names of commands and options: configs, devices, runs."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from hwnas.core.errors import HwnasError

Complete = Callable[[str], list[str]]


def _beginning_with(find: Callable[[], Iterable[str]]) -> Complete:
    def complete(incomplete: str) -> list[str]:
        with suppress(HwnasError, OSError):
            return sorted({one for one in find() if one.startswith(incomplete)})
        return []

    return complete


def _named(kind: str) -> Callable[[], list[str]]:
    def find() -> list[str]:
        from hwnas.core.configs import config_names

        return [*config_names(kind), *map(str, Path().glob("*.yaml"))]

    return find


configs = _beginning_with(_named("searches"))
devices = _beginning_with(_named("devices"))
spaces = _beginning_with(_named("spaces"))
runs = _beginning_with(lambda: (str(path.parent) for path in Path("runs").glob("*/config.yaml")))
