import os
from pathlib import Path

import pytest

from hwnas.core.configs import (
    LocalPath,
    StrictModel,
    config_names,
    find_config,
    own_folder,
    own_names,
    read_config,
    shipped_names,
)
from hwnas.core.errors import ConfigError


class Inner(StrictModel):
    epochs: int = 1


class Outer(StrictModel):
    name: str
    train: Inner = Inner()
    stages: tuple[Inner, ...] = ()


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_config_is_read(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, "name: a\ntrain: {epochs: 3}"), Outer)
    assert config == Outer(name="a", train=Inner(epochs=3))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nam: a", "unknown key 'nam'; did you mean 'name'?"),
        ("train: {epochs: 3}", "the key 'name' is missing"),
        ("name: a\ntrain: {epoch: 3}", "unknown key 'train.epoch'; did you mean 'train.epochs'?"),
        (
            "name: a\nstages: [{epochs: 1}, {epoch: 3}]",
            "did you mean 'stages.1.epochs'?",
        ),
        ("name: a\ntrain: {epochs: many}", "'train.epochs' is 'many', but must be a whole number"),
        ("name: a\ntrain: {epochs: 2.5}", "'train.epochs' is 2.5, but"),
        ("name: [", "line 1 is not valid YAML"),
        ("- a\n- b", "must hold keys and values"),
        ("", "must hold keys and values"),
        ("name: !!python/object/apply:os.system ['true']", "is not valid YAML"),
    ],
)
def test_a_wrong_config_is_one_sentence_with_file_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_config(path, Outer)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert sentence in message
    assert "\n" not in message


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"cannot read .*config\.yaml"):
        read_config(path, Outer)


def test_a_value_of_a_stranger_is_shown_escaped_and_short(tmp_path: Path) -> None:
    path = written(tmp_path, f'name: a\ntrain: {{epochs: "\\e[2J{"x" * 5_000}"}}')
    with pytest.raises(ConfigError) as caught:
        read_config(path, Outer)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 600 + len(str(path))


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, "\ufeffname: a"), Outer).name == "a"


def test_the_ending_of_a_yaml_file_may_be_in_capitals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Mine.YAML").write_text("name: a")
    assert find_config("spaces", "Mine.YAML") == Path("Mine.YAML")


def test_a_pipe_is_no_config_that_can_be_read_again(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match=r"pipe\.yaml is a pipe, and a config is read more"):
        find_config("spaces", str(tmp_path / "pipe.yaml"))


class Placed(StrictModel):
    file: LocalPath


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert read_config(written(tmp_path, "file: ~/a.csv"), Placed).file == "/home/ada/a.csv"
    assert read_config(written(tmp_path, "file: a~b.csv"), Placed).file == "a~b.csv"
    with pytest.raises(ConfigError, match="file: '~nobody-here/a': no home folder"):
        read_config(written(tmp_path, "file: ~nobody-here/a"), Placed)


def test_a_config_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = written(tmp_path, "name: a")
    assert find_config("spaces", str(path)) == path
    assert find_config("spaces", "mobilenet_v2").name == "mobilenet_v2.yaml"


def test_an_unknown_name_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no space named 'mobilnet_v2'; did you mean 'mobilenet"):
        find_config("spaces", "mobilnet_v2")
    with pytest.raises(ConfigError, match=r"there is no file .*nowhere\.yaml"):
        find_config("spaces", str(tmp_path / "nowhere.yaml"))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a person's own devices, `pixel` among them."""
    monkeypatch.setenv("HWNAS_CONFIG", str(tmp_path))
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices/pixel.yaml").write_text("name: pixel")
    return tmp_path / "devices"


def test_a_device_of_ones_own_is_found_by_its_name(own: Path) -> None:
    assert find_config("devices", "pixel") == own / "pixel.yaml"
    assert config_names("devices") == sorted(["pixel", *shipped_names("devices")])
    assert own_names("spaces") == []


def test_a_device_of_ones_own_goes_before_a_shipped_one(own: Path) -> None:
    (own / "local_cpu.yaml").write_text("name: local_cpu")
    assert find_config("devices", "local_cpu") == own / "local_cpu.yaml"
    assert config_names("devices").count("local_cpu") == 1


@pytest.mark.usefixtures("own")
def test_an_unknown_device_names_the_shipped_ones_and_ones_own() -> None:
    sentence = r"named 'pixle'; did you mean 'pixel'\? \(known: local_cpu, .*; your own: pixel, or"
    with pytest.raises(ConfigError, match=sentence):
        find_config("devices", "pixle")


def test_without_the_variable_it_is_the_users_config_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HWNAS_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert own_folder("devices") == tmp_path / "hwnas/devices"


def test_every_kind_of_config_is_shipped() -> None:
    assert "local_cpu" in config_names("devices")
    assert "quickstart" in config_names("searches")
    spaces = config_names("spaces")
    assert {"mobilenet_v3_small", "around_mobilenet_v3_small", "around_pretrained"} <= set(spaces)
    assert len(spaces) == 13
