"""Which files of weights are read, as what, and what is said of those that are not."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import InvertedResidual
from hwnas.networks.modules import NetworkModule
from hwnas.supernet.pretrained import Pretrained, read_pretrained
from tests.hwnas.supernet.pretrained.files import written
from tests.published import State, pretrained

TORCHVISION = "torchvision_mobilenet_v3_small_w025"
WEIGHT, BIAS = "features.5.block.1.0.weight", "classifier.3.bias"


@pytest.fixture
def state() -> State:
    return pretrained(TORCHVISION)[0]


def logits(read: Pretrained, images: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return read.module(images.shape[-1]).eval()(images)


def test_a_published_network_gives_its_blocks_at_any_resolution_and_for_any_classes(
    tmp_path: Path, state: State
) -> None:
    read = read_pretrained(written(tmp_path / "own.safetensors", state))
    network = read.network(97, 7)
    assert (network[0].resolution, network[-1].resolution) == (97, 4)
    assert network[-1].out_channels == 7
    assert read.network(64) == read.network(64, 10)
    assert isinstance(network[1], InvertedResidual)
    assert network[1].squeeze_channels == 8


def test_other_classes_have_a_new_classifier_of_a_seed_and_everything_else_is_kept(
    tmp_path: Path, state: State
) -> None:
    read = read_pretrained(written(tmp_path / "own.safetensors", state))
    module = read.module(32, 7, seed=3)
    assert module.start == read.digest
    own = module.state_dict()
    new = {name for name in own if name.startswith(read.classifier)}
    assert new == {"block12.classifier.weight", "block12.classifier.bias"}
    assert own["block12.classifier.weight"].shape == (7, 256, 1, 1)
    assert all(torch.equal(own[name], read.state[name]) for name in own.keys() - new)
    fresh = NetworkModule(read.network(32, 7), 3).state_dict()
    assert all(torch.equal(own[name], fresh[name]) for name in new)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"model": state, "epoch": 3, "optimizer": {"lr": 0.1}},
        lambda state: {"state_dict": state, "arch": "mobilenet_v3_small"},
        lambda state: {"ema": {"module": state}},
        lambda state: {"module." + name: tensor for name, tensor in state.items()},
        lambda state: {"module._orig_mod." + name: tensor for name, tensor in state.items()},
        lambda state: {
            "state_dict": {"model." + name: tensor for name, tensor in state.items()},
        },
        lambda state: {
            **state,
            "features.0.1.num_batches_tracked": torch.tensor(3),
        },
        lambda state: {"model_ema": {"n_averaged": torch.tensor(5), **state}},
    ],
)
def test_a_state_dict_is_found_wherever_training_programs_put_it(
    tmp_path: Path, state: State, wrap: Callable[[State], Any]
) -> None:
    alone = read_pretrained(written(tmp_path / "own.safetensors", state))
    assert read_pretrained(written(tmp_path / "own.pth", wrap(state))).digest == alone.digest


def test_averaged_weights_come_before_those_of_the_last_step(tmp_path: Path, state: State) -> None:
    last = {name: tensor + 1 for name, tensor in state.items()}
    path = written(tmp_path / "own.pth", {"state_dict": last, "state_dict_ema": state})
    assert torch.equal(
        read_pretrained(path).state["block0.conv.weight"], state["features.0.0.weight"]
    )


def test_half_precision_becomes_float32(tmp_path: Path) -> None:
    state, images, known = pretrained(TORCHVISION)
    half = {name: tensor.half() for name, tensor in state.items()}
    read = read_pretrained(written(tmp_path / "own.safetensors", half))
    assert {tensor.dtype for tensor in read.state.values()} == {torch.float32}
    assert float((logits(read, images) - known).abs().max() / known.abs().max()) < 1e-2


def test_the_digest_is_that_of_the_weights_whatever_the_file(tmp_path: Path, state: State) -> None:
    backwards = dict(reversed(state.items()))
    read = read_pretrained(written(tmp_path / "own.pth", backwards))
    assert read.digest == read_pretrained(written(tmp_path / "own.safetensors", state)).digest
    other = state | {"classifier.3.bias": state["classifier.3.bias"] + 1}
    assert read.digest != read_pretrained(written(tmp_path / "other.pth", other)).digest


class Code:
    """Runs when it is unpickled by anything that runs code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (shutil.rmtree, ("precious",))


def changed(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., object]:
    return lambda state: state | {name: change(state[name])}


def without(name: str) -> Callable[..., object]:
    return lambda state: {key: tensor for key, tensor in state.items() if key != name}


def renamed(name: str) -> Callable[..., object]:
    return lambda state: {name: state[BIAS]}


def holds_itself() -> dict[str, object]:
    content: dict[str, object] = {}
    content["model"] = content
    return content


HELP = "(docs/guides/pretrained.md lists what can be read)"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: {"model": Code()}, "hwnas runs no code from a file; save its state dict"),
        (lambda _: [1, 2], "is not a state dict, names with tensors, but a list; save one"),
        (lambda _: {"model": {}}, "is not a state dict, names with tensors, but empty"),
        (
            lambda _: {"conv1.weight": torch.ones(3), "layer1.0.bn1.weight": torch.ones(3)},
            "holds the weights of another network than those that hwnas can start from: its "
            "tensors are conv1.weight, layer1.0.bn1.weight; name weights of a MobileNet or an "
            f"EfficientNet-Lite {HELP}",
        ),
        (
            renamed("features.0.0.weight"),
            "holds the weights of another network than those that hwnas can start from: its",
        ),
        (renamed("first_conv.conv.weight"), "supernet; name it as from_ofa (--from-ofa)"),
        (renamed("prefix0.conv.weight"), "supernet of a run; name the folder of an exported n"),
        (renamed("block0.conv.weight"), "no config.json beside it; name the folder of the ex"),
        (
            without(WEIGHT),
            "does not fit torchvision/mobilenet_v3_small, the closest of the networks that hwnas "
            f"can start from: {WEIGHT} is missing; name a file that has all its tensors and no "
            f"others, or download it again {HELP}",
        ),
        (
            lambda state: state | {"__input__": torch.ones(1), "__logits__": torch.ones(1)},
            "start from: __input__, __logits__ are unexpected; name",
        ),
        (
            lambda state: {n: t for n, t in state.items() if not n.startswith("features.7.")},
            "features.7.block.0.0.weight, features.7.block.0.1.weight, features.7.block.0.1.bias "
            "and 16 more are missing; name",
        ),
        (
            changed(WEIGHT, lambda tensor: tensor[:, :, 1:-1, 1:-1]),
            f"start from: {WEIGHT} has the shape (64, 1, 3, 3) and not (64, 1, 5, 5); name",
        ),
        (
            changed(BIAS, lambda tensor: tensor[:9]),
            f"start from: {BIAS} has the shape (9,) and not (10,); name",
        ),
        (
            changed("features.0.0.weight", lambda tensor: tensor[:, :1]),
            "features.0.0.weight has the shape (8, 1, 3, 3) and not (8, 3, 3, 3); name",
        ),
        (
            changed(WEIGHT, lambda tensor: tensor[0, 0, 0, 0]),
            f"start from: {WEIGHT} has the shape (); name",
        ),
        (
            changed(BIAS, lambda tensor: tensor / 0),
            f"holds numbers that are not finite, in {BIAS}; download it again",
        ),
        (
            changed("features.0.1.running_var", lambda tensor: -tensor),
            "holds negative variances, in features.0.1.running_var; download it again",
        ),
        (
            changed(WEIGHT, lambda tensor: tensor.to(torch.int8)),
            f"has numbers of type int8 in {WEIGHT}; name a file with weights of floating-point",
        ),
        (
            lambda state: state | {f"module.{BIAS}": state[BIAS]},
            f"has two tensors {BIAS}, one of them as module.{BIAS}; name a file with the weights",
        ),
        (lambda _: holds_itself(), "is not a state dict, names with tensors, but a dict with 'mo"),
        (
            changed(BIAS, lambda tensor: tensor[:1].expand(10**12)),
            f"has fewer numbers in {BIAS} than its shape, (1000000000000,), needs; download it",
        ),
        (
            changed(BIAS, lambda tensor: tensor.to("meta")),
            f"has fewer numbers in {BIAS} than its shape, (10,), needs; download it again",
        ),
        (
            changed(BIAS, lambda tensor: tensor.to_sparse()),
            f"has numbers of type sparse_coo in {BIAS}; name a file with weights of floating-point",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence_that_names_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: State,
    change: Callable[[State], object],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "precious").mkdir()
    path = written(tmp_path / "own.pth", change(state))
    with pytest.raises(ConfigError) as caught:
        read_pretrained(path)
    text = str(caught.value)
    assert sentence in text
    assert path in text
    assert "\n" not in text
    assert (tmp_path / "precious").is_dir()


@pytest.mark.parametrize("name", ["own.pth", "own.safetensors"])
def test_a_truncated_file_is_one_sentence(tmp_path: Path, state: State, name: str) -> None:
    path = Path(written(tmp_path / name, state))
    path.write_bytes(path.read_bytes()[:9_000])
    with pytest.raises(ConfigError, match=rf"{name} cannot be read as a checkpoint \(.*again$"):
        read_pretrained(str(path))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere.pth", "the checkpoint nowhere.pth is not there; name another path, or download"),
        (".", "the checkpoint . is a folder; name a file in it"),
        ("~nobody_of_this_name/own.pth", "own.pth cannot be looked for (Could not determine home"),
        ("a" * 300, "cannot be looked for (File name too long); name another path"),
    ],
)
def test_a_path_without_weights_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        read_pretrained(source)
    assert sentence in str(caught.value)
