"""Whose form of a network weights are for: what tells it, and what is asked where nothing does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from hwnas.core.errors import ConfigError
from hwnas.networks.conventions import USUAL
from hwnas.supernet.pretrained import read_pretrained
from hwnas.supernet.pretrained.hints import hint
from hwnas.supernet.pretrained.matching import match
from hwnas.supernet.pretrained.origin import Told, origin
from hwnas.supernet.pretrained.shapes import shaped
from tests.hwnas.supernet.pretrained.files import written
from tests.published import State, pretrained, published_libraries

HALVES, RAW = ((0.5,) * 3, (0.5,) * 3), ((0.0,) * 3, (1.0,) * 3)
OWN, OF_TENSORFLOW = "timm/mobilenet_v3_small", "timm/tf_mobilenet_v3_small"


@pytest.fixture(scope="module")
def state() -> State:
    return pretrained("timm_mobilenetv3_small_050")[0]


@pytest.fixture
def file(tmp_path: Path, state: State) -> str:
    """A file whose name and tensors leave open whether they come from TensorFlow."""
    return written(tmp_path / "model.pth", state)


def test_where_nothing_tells_whose_weights_they_are_it_is_asked(file: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_pretrained(file)
    assert str(caught.value) == (
        f"{file} holds a timm/mobilenet_v3_small, and nothing tells whether its weights come from "
        "TensorFlow, which has another padding, mean and std: write pretrained: {file: …, "
        "network: timm/mobilenet_v3_small} for timm's own, network: timm/tf_mobilenet_v3_small "
        "for TensorFlow's, or --pretrained-network (docs/guides/pretrained.md lists what can be "
        "read)"
    )


@pytest.mark.parametrize(
    ("network", "name"),
    [
        (OWN, OWN),
        (OF_TENSORFLOW, OF_TENSORFLOW),
        ("mobilenetv3_small_050.lamb_in1k", OWN),
        ("tf_mobilenetv3_small_075", OF_TENSORFLOW),
    ],
)
def test_the_user_tells(file: str, network: str, name: str) -> None:
    read = read_pretrained(file, network=network)
    assert read.network_name == name
    halves = name == OF_TENSORFLOW
    assert read.conventions.mean == (HALVES[0] if halves else USUAL.mean)
    assert read.conventions.epsilon == (1e-3 if halves else 1e-5)
    padded = [getattr(block, "same_padding", False) for block in read.network(64)]
    assert any(padded) is halves


@pytest.mark.parametrize(
    "network",
    [
        "timm/mobilenet_v3_large",
        "timm/tf_mobilenet_v2",
        "torchvision/mobilenet_v3_small",
        "resnet18",
        "",
    ],
)
def test_a_user_who_tells_another_network_is_told_which_it_is(file: str, network: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_pretrained(file, network=network)
    assert str(caught.value) == (
        f"{file} holds the weights of timm/mobilenet_v3_small, not of {network}: correct network:, "
        "or leave it out"
    )


def test_a_form_that_is_not_published_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "a.pth", pretrained("torchvision_mobilenet_v2_w025")[0])
    with pytest.raises(ConfigError, match="there is no torchvision/tf_mobilenet_v2 that"):
        read_pretrained(file, network="torchvision/tf_mobilenet_v2")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tag": "lamb_in1k"}, (USUAL.mean, USUAL.std)),
        ({"mean": [0.1, 0.2, 0.3], "std": [0.5, 0.5, 0.4]}, ((0.1, 0.2, 0.3), (0.5, 0.5, 0.4))),
    ],
)
def test_timms_config_beside_the_file_tells(
    file: str, settings: dict[str, Any], expected: tuple[tuple[float, ...], ...]
) -> None:
    config = {"architecture": "mobilenetv3_small_050", "pretrained_cfg": settings}
    (Path(file).parent / "config.json").write_text(json.dumps(config))
    read = read_pretrained(file)
    assert read.network_name == OWN
    assert (read.conventions.mean, read.conventions.std) == expected


def test_a_config_beside_the_file_that_cannot_be_read_is_one_sentence(file: str) -> None:
    beside = Path(file).parent / "config.json"
    beside.write_text("{")
    with pytest.raises(ConfigError, match=r"config\.json, which should say what network the"):
        read_pretrained(file)


def test_texts_in_the_file_tell(tmp_path: Path, state: State) -> None:
    path = tmp_path / "model.safetensors"
    save_file(state, path, {"architecture": "tf_mobilenetv3_small_100"})
    assert read_pretrained(str(path)).network_name == OF_TENSORFLOW
    path = tmp_path / "model.pth"
    torch.save({"state_dict": state, "arch": "mobilenetv3_small_100", "epoch": 3}, path)
    assert read_pretrained(str(path)).network_name == OWN


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("tf_mobilenetv3_small_100-37f49e2b.pth", OF_TENSORFLOW),
        ("mobilenetv3_small_100_lamb-266a294c.pth", OWN),
        ("My-MobileNet-V3-Small.pth", OWN),
    ],
)
def test_the_files_name_tells(tmp_path: Path, state: State, name: str, network: str) -> None:
    assert read_pretrained(written(tmp_path / name, state)).network_name == network


def test_a_name_of_another_network_tells_nothing(tmp_path: Path, state: State) -> None:
    file = written(tmp_path / "like_tf_mobilenetv3_large_100.pth", state)
    with pytest.raises(ConfigError, match="nothing tells whether its weights come from"):
        read_pretrained(file)


def test_the_users_mean_and_std_come_first(file: str) -> None:
    read = read_pretrained(file, network=OF_TENSORFLOW, mean=[0, 0, 0], std=[1, 1, 1])
    assert (read.conventions.mean, read.conventions.std) == RAW


def test_where_nothing_tells_mean_and_std_they_are_asked(tmp_path: Path) -> None:
    state = pretrained("timm_mobilenetv4_conv_small_w035")[0]
    file = written(tmp_path / "model.pth", state)
    with pytest.raises(ConfigError) as caught:
        read_pretrained(file)
    assert str(caught.value) == (
        f"{file} holds a timm/mobilenet_v4_conv_small, and nothing tells the mean and std of the "
        "images that it was trained on: write pretrained: {file: …, mean: [0.485, 0.456, 0.406], "
        "std: [0.229, 0.224, 0.225]} if it was ImageNet's, or those of its model card "
        "(docs/guides/pretrained.md lists what can be read)"
    )
    read = read_pretrained(file, mean=HALVES[0], std=HALVES[1])
    assert (read.conventions.mean, read.conventions.std) == HALVES
    named = read_pretrained(file, network="mobilenetv4_conv_small.e3600_r256_in1k")
    assert named.conventions == read.conventions


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"mean": [0.5, 0.5, 0.5]}, "mean: of {file} needs a std: beside it"),
        ({"std": [0.5, 0.5, 0.5]}, "std: of {file} needs a mean: beside it"),
        (
            {"mean": [127, 127, 127], "std": [128, 128, 128]},
            "mean: and std: of {file} must be three numbers each, of pixels from 0 to 1, as in "
            "[0.5, 0.5, 0.5] (mean must be three numbers from 0 to 1, not [127.0, 127.0, 127.0])",
        ),
        ({"mean": [0.5], "std": [0.5]}, "must be three numbers each"),
    ],
)
def test_a_mean_and_std_that_cannot_be_are_one_sentence(
    file: str, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_pretrained(file, network=OWN, **settings)
    assert sentence.format(file=file) in str(caught.value)


@pytest.fixture(scope="module")
def timm() -> Iterator[Any]:
    with published_libraries():
        import timm

        yield timm


def test_names_tell_what_timm_says_of_its_weights(timm: Any) -> None:
    told = 0
    for name in timm.list_pretrained():
        found = hint(name)
        if found is not None:
            told += 1
            settings = timm.models.get_pretrained_cfg(name)
            assert (found.mean, found.std) == (settings.mean, settings.std), name
            assert found.tensorflow is name.startswith("tf_")
    assert told > 25


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mobilenetv2_110d", "mobilenet_v2_110d"),
        ("mobilenetv2_120d", "mobilenet_v2_120d"),
        ("tf_mobilenetv3_small_minimal_100", "tf_mobilenet_v3_small_minimal"),
        ("tf_mobilenetv3_large_minimal_100", "tf_mobilenet_v3_large_minimal"),
        ("efficientnet_lite2", "efficientnet_lite2"),
        ("efficientnet_lite4", "efficientnet_lite4"),
    ],
)
def test_deeper_and_simpler_variants_are_those_of_timm(timm: Any, name: str, kind: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(name)
    state = {key: one for key, one in theirs.state_dict().items() if "num_batches" not in key}
    found = match(name, state)
    form = origin(found, Told(names=[name]))
    blocks, _ = shaped(found, form.template)
    assert form.name == f"timm/{kind}"
    layers = [layer for block in blocks for layer in block.layers()][:-1]
    assert [(layer.stride, layer.same_padding) for layer in layers] == [
        (one.stride[0], type(one).__name__ == "Conv2dSame")
        for one in theirs.modules()
        if isinstance(one, torch.nn.Conv2d)
    ]
    norm = theirs.bn1
    settings = theirs.pretrained_cfg
    assert form.conventions.epsilon == norm.eps
    assert form.conventions.momentum == norm.momentum
    assert (form.conventions.mean, form.conventions.std) == (settings["mean"], settings["std"])


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("efficientnet_b0", "blocks.0.0.se.conv_reduce.weight"),
        ("mobilenetv3_rw", "conv_head.bias is missing"),
        ("mobilenetv3_large_150d", "are missing"),
        ("hardcorenas_a", "unexpected"),
    ],
)
def test_other_networks_with_timms_names_are_refused(timm: Any, name: str, fault: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(name)
    state = {key: one for key, one in theirs.state_dict().items() if "num_batches" not in key}
    found = match(name, state)
    with pytest.raises(ConfigError, match=fault):
        shaped(found, found.kind.network("timm"))
