"""Parts of hwnas with others in their place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hwnas.devices.runtimes import RUNTIMES
from hwnas.devices.transports import TRANSPORTS


def use_transport(monkeypatch: pytest.MonkeyPatch, name: str, factory: Callable[..., Any]) -> None:
    """Opens targets of a transport by another factory."""
    _change(monkeypatch, TRANSPORTS, name, factory=factory)


def change_runtime(monkeypatch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    """Changes what is said of a runtime."""
    _change(monkeypatch, RUNTIMES, name, **fields)


def _change(monkeypatch: pytest.MonkeyPatch, registry: Any, name: str, **fields: Any) -> None:
    load = registry.load
    changed = replace(load(name), **fields)
    monkeypatch.setattr(registry, "load", lambda one: changed if one == name else load(one))
