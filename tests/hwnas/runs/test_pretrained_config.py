"""How a config names a pretrained network."""

from pathlib import Path
from typing import Any

import pytest

import hwnas
from hwnas.core.errors import ConfigError
from hwnas.runs.config import RunConfig, load_run_config
from hwnas.runs.opening import load_with

CONFIG: dict[str, Any] = {
    "train": {"epochs": 0},
    "fine_tune": {"epochs": 0},
    "search": {"budgets": {}},
}


def config(pretrained: Any, **changed: Any) -> RunConfig:
    return RunConfig.model_validate({**CONFIG, "pretrained": pretrained, **changed})


def test_a_path_alone_is_short_for_the_file_and_the_space_is_the_one_around_it() -> None:
    short, long = config("./a/b.pth"), config({"file": "a/b.pth"})
    assert short == long
    assert (short.space, short.recipe.train.epochs) == ("around_pretrained", 0)
    assert config("timm:mobilenetv3_large_100").pretrained.file == "timm:mobilenetv3_large_100"
    assert config("a.pth", space="mobilenet_v2").space == "mobilenet_v2"


def test_the_command_line_may_name_what_a_config_leaves_open(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("{train: {epochs: 1}, fine_tune: {epochs: 1}, search: {budgets: {}}}")
    named = load_with(str(path), {"pretrained": "a.pth", "device": "local_cpu"})
    assert (named.space, named.pretrained and named.pretrained.file) == (
        "around_pretrained",
        "a.pth",
    )
    with pytest.raises(ConfigError, match="the key 'space' is missing"):
        load_run_config(str(path))


def test_what_is_said_of_weights_needs_their_file() -> None:
    sentence = "pretrained: the file of the weights is missing; add --pretrained FILE, or the key"
    for key, value in (("network", "timm/mobilenet_v2"), ("mean", [0.5, 0.5, 0.5])):
        with pytest.raises(ConfigError, match=sentence):
            load_run_config("pretrained", {f"pretrained.{key}": value})


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("resolution", "32", "'resolution' is '32', but must be a whole number"),
        ("resolution", ["32", 48], "'resolution.0' is '32', but must be a whole number"),
        ("width", "0.5", "'width' is '0.5', but must be a number"),
    ],
)
def test_text_is_no_resolution_and_no_width_in_configs_and_in_python(
    key: str, value: Any, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_run_config("photos", {key: value})
    with pytest.raises(ConfigError, match=f"{key} must "):
        hwnas.load_space("mobilenet_v2", **{key: value})


def test_the_shipped_config_waits_for_its_network() -> None:
    found = load_run_config("pretrained")
    assert (found.space, found.pretrained) == ("around_pretrained", None)
    assert found.recipe.train.rule == "sandwich"
