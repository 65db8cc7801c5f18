"""`timm:NAME` asks the package timm, which hwnas does not depend on."""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.supernet.pretrained import read_pretrained
from tests.published import State, pretrained

SOURCE = "timm:tf_mobilenetv3_small_100"


class Model:
    """What timm.create_model returns, as far as it is asked: see `from_timm`."""

    def __init__(self, state: State, **settings: Any) -> None:
        self.pretrained_cfg = settings
        self._state = state

    def state_dict(self) -> dict[str, Tensor]:
        return self._state


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Puts a package timm in place whose create_model is this."""

    def installed(create_model: Callable[..., Any]) -> None:
        timm = ModuleType("timm")
        timm.create_model = create_model  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "timm", timm)

    return installed


def test_timm_gives_weights_and_their_mean_and_std(install: Callable[..., None]) -> None:
    state = pretrained("timm_tf_mobilenetv3_small_w025_same")[0]
    asked = []

    def create_model(name: str, pretrained: bool) -> Model:
        asked.append((name, pretrained))
        return Model(state, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6), tag="in1k")

    install(create_model)
    read = read_pretrained(SOURCE)
    assert asked == [("tf_mobilenetv3_small_100", True)]
    assert (read.source, read.network_name) == (SOURCE, "timm/tf_mobilenet_v3_small")
    assert read.conventions.mean == (0.1, 0.2, 0.3)
    assert read.conventions.std == (0.4, 0.5, 0.6)
    assert read.network(64)[0].same_padding


def test_timm_that_is_not_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError) as caught:
        read_pretrained(SOURCE)
    assert str(caught.value) == (
        f"{SOURCE} needs the package timm, which is not installed; pip install timm, or name a "
        "file of weights"
    )


def test_timm_that_does_not_load_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        del name
        raise RuntimeError("operator torchvision::nms does not exist\nand more")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ConfigError) as caught:
        read_pretrained(SOURCE)
    assert str(caught.value) == (
        f"{SOURCE} needs the package timm, which does not load here (operator torchvision::nms "
        "does not exist); save the weights elsewhere, and name their file"
    )


def test_timm_that_has_no_such_weights_is_one_sentence(install: Callable[..., None]) -> None:
    def create_model(name: str, pretrained: bool) -> Model:
        del pretrained
        raise RuntimeError(f"Unknown model ({name})")

    install(create_model)
    with pytest.raises(ConfigError) as caught:
        read_pretrained("timm:mobilenet_v9")
    assert str(caught.value) == (
        "timm gives no weights of mobilenet_v9 (Unknown model (mobilenet_v9)); see "
        "timm.list_pretrained() for its names, or name a file of weights"
    )


def test_another_network_of_timms_is_refused(install: Callable[..., None]) -> None:
    def create_model(name: str, pretrained: bool) -> Model:
        del name, pretrained
        return Model({"conv1.weight": next(iter(state.values()))})

    state = pretrained("timm_mobilenetv2_035")[0]
    install(create_model)
    with pytest.raises(ConfigError, match="timm:resnet18 holds the weights of another network"):
        read_pretrained("timm:resnet18")
