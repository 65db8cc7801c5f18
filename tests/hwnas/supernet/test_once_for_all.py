import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks.once_for_all import onnx_logits
from hwnas.core.errors import ConfigError
from hwnas.objectives.costs import PARAMETERS
from hwnas.spaces import load_space
from hwnas.spaces.shrunk import kept_of, shrunk_space
from hwnas.supernet.once_for_all import OnceForAll
from hwnas.supernet.once_for_all_names import original_name, shortest_name
from hwnas.supernet.supernet import Supernet
from tests.hwnas.supernet.helpers import images, state_bytes
from tests.hwnas.supernet.once_for_all import original, published

State = dict[str, Tensor]


SPACE = load_space("once_for_all_mobilenet_v3", resolution=64, classes=10, width=0.25)


@pytest.fixture
def state() -> State:
    return load_file(published())


def loaded(path: Path) -> Supernet:
    supernet = Supernet(SPACE, kernel_transforms=True)
    OnceForAll.read(path).load_into(supernet)
    return supernet.eval()


def test_every_subnet_computes_what_the_original_computes() -> None:
    supernet, known = loaded(published()), original()
    assert len(known.subnets) == 16
    assert known.space == SPACE
    x = torch.from_numpy(known.images)
    for subnet in known.subnets:
        network = supernet.extract(subnet.architecture).eval()
        with torch.no_grad():
            for logits in (supernet(x, subnet.architecture), network(x)):
                np.testing.assert_allclose(logits.numpy(), subnet.logits, rtol=0, atol=1e-5)
        assert sum(p.numel() for p in network.parameters()) == subnet.parameters
        assert PARAMETERS.evaluate([network.blocks]).tolist() == [subnet.parameters]
        exported = onnx_logits(network, known.images)
        np.testing.assert_allclose(exported, subnet.logits, rtol=0, atol=1e-4)


def test_the_kernel_matrices_make_a_difference_that_would_be_seen() -> None:
    supernet, known = loaded(published()), original()
    for name, parameter in supernet.named_parameters():
        if ".transforms." in name:
            torch.nn.init.eye_(parameter)
    subnet = known.subnets[1]
    with torch.no_grad():
        logits = supernet(torch.from_numpy(known.images), subnet.architecture).numpy()
    assert np.abs(logits - subnet.logits).max() > 1e-3


def older(state: State) -> State:
    """As the first published files spell their names."""
    return {
        re.sub(r"^(blocks\.\d+)\.conv\.", r"\1.mobile_inverted_conv.", name)
        .replace(".bn.bn.", ".bn.")
        .replace(".conv.conv.weight", ".conv.weight"): tensor
        for name, tensor in state.items()
    }


def deeper(state: State) -> State:
    """With a level more where it may be, and in DataParallel."""
    return {
        f"module.{name.replace('classifier.linear.', 'classifier.linear.linear.')}": tensor
        for name, tensor in state.items()
    }


def without_counts(state: State) -> State:
    """As before PyTorch counted the batches of a batch norm."""
    return {name: tensor for name, tensor in state.items() if "num_batches" not in name}


@pytest.mark.parametrize(
    "spelled",
    [older, deeper, without_counts, lambda state: {"state_dict": state, "epoch": 3}],
)
def test_other_spellings_are_the_same_weights(
    tmp_path: Path, state: State, spelled: Callable[[State], dict[str, Any]]
) -> None:
    path = tmp_path / "ofa_mbv3_d234_e346_k357_w0.25"
    torch.save(spelled(state), path)
    one, other = OnceForAll.read(path), OnceForAll.read(published())
    assert one.digest == other.digest
    assert state_bytes(loaded(path)) == state_bytes(loaded(published()))


def test_the_kind_is_read_from_the_shapes() -> None:
    checkpoint = OnceForAll.read(published())
    assert checkpoint.classes == 10
    assert str(checkpoint.kind) == (
        "width 0.25, kernels 3, 5, 7, expansions up to 6, up to 4 blocks a stage"
    )


def test_other_weights_have_another_digest(tmp_path: Path, state: State) -> None:
    state["first_conv.conv.weight"][0, 0, 0, 0] += 1
    save_file(state, tmp_path / "other")
    assert OnceForAll.read(tmp_path / "other").digest != OnceForAll.read(published()).digest


def test_with_other_classes_the_classifier_alone_stays_random() -> None:
    space = load_space("once_for_all_mobilenet_v3", resolution=64, classes=7, width=0.25)
    supernet, before = (Supernet(space, kernel_transforms=True) for _ in range(2))
    OnceForAll.read(published()).load_into(supernet)
    equal = {
        name
        for (name, one), other in zip(
            supernet.state_dict().items(), before.state_dict().values(), strict=True
        )
        if torch.equal(one, other)
    }
    assert equal == {"suffix0.classifier.weight", "suffix0.classifier.bias"}


def test_any_resolution_will_do() -> None:
    space = load_space("once_for_all_mobilenet_v3", resolution=48, classes=10, width=0.25)
    supernet = Supernet(space, kernel_transforms=True)
    OnceForAll.read(published()).load_into(supernet)
    x = torch.from_numpy(images(2, 48).images).float()
    assert supernet.eval()(x, space.choice_counts - 1).shape == (2, 10)


def test_several_resolutions_will_do_and_several_widths_will_not() -> None:
    name, classes = "once_for_all_mobilenet_v3", 10
    family = load_space(name, resolution=[48, 64], classes=classes, width=[0.25])
    supernet = Supernet(family, kernel_transforms=True)
    OnceForAll.read(published()).load_into(supernet)
    assert state_bytes(supernet) == state_bytes(loaded(published()))
    family = load_space(name, resolution=64, classes=classes, width=[0.25, 0.5])
    with pytest.raises(ConfigError) as caught:
        OnceForAll.read(published()).load_into(Supernet(family, kernel_transforms=True))
    assert str(caught.value).endswith(
        "is a supernet of the width 0.25 alone, and the space has the widths 0.25 and 0.5; set "
        "width: 0.25 (several resolutions are fine)"
    )


OTHER_YAML = """
name: other
resolution: 32
classes: 5
stem: {channels: 16, activation: hard_swish}
first: {channels: 16, activation: relu}
stages:
  - {channels: 24, stride: 2, depth: [1, 2], kernels: [3, 7], expansions: [2, 3], activation: relu}
  - {channels: 40, stride: 2, depth: [1, 2], kernels: [3, 7], expansions: [2, 3], activation: relu}
  - {channels: 80, depth: [1, 2], kernels: [3, 7], expansions: [2, 3], activation: relu}
  - {channels: 112, depth: [1, 2], kernels: [3, 7], expansions: [2, 3], activation: relu}
  - {channels: 160, depth: [1, 2], kernels: [3, 7], expansions: [2, 3], activation: relu}
head: {features: 960, hidden: 1280, hidden_bias: false, activation: hard_swish}
"""


def test_other_kernels_expansions_and_depths_are_loaded_into_their_space(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(OTHER_YAML)
    space = load_space(str(tmp_path / "other.yaml"))
    supernet, copy = (Supernet(space, seed, kernel_transforms=True) for seed in (0, 1))
    path = tmp_path / "other.pth"
    state = {original_name(name): tensor for name, tensor in supernet.state_dict().items()}
    state["classifier.linear.weight"] = state["classifier.linear.weight"].flatten(1)
    torch.save(state, path)
    checkpoint = OnceForAll.read(path)
    checkpoint.load_into(copy)
    assert state_bytes(copy) == state_bytes(supernet)
    with pytest.raises(ConfigError) as caught:
        checkpoint.load_into(Supernet(load_space("mobilenet_v3_small"), kernel_transforms=True))
    assert (
        "it is a once-for-all MobileNetV3 of width 1, kernels 3, 7, expansions up to 3, up to 2 "
        "blocks a stage: copy configs/spaces/once_for_all_mobilenet_v3.yaml, write its kernels, "
        "expansions and depths, name the copy as space: and set width: 1"
    ) in str(caught.value)


def test_names_are_one_to_one() -> None:
    names = list(Supernet(SPACE, kernel_transforms=True).state_dict())
    originals = [original_name(name) for name in names]
    assert len(set(originals)) == len(names)
    in_file = {shortest_name(name) for name in without_counts(load_file(published()))}
    assert set(originals) == in_file


PROJECTION_SHIFT = "blocks.7.conv.point_linear.bn.bn.bias"
MEND = "set space: once_for_all_mobilenet_v3 and width: 0.25"


@pytest.mark.parametrize(
    ("space", "width", "sentence"),
    [
        ("once_for_all_mobilenet_v3", None, "(8, 3, 3, 3) as first_conv.conv.weight; it is a"),
        ("once_for_all_mobilenet_v3", 1.2, MEND),
        ("mobilenet_v3_large", 0.25, "it has no feature_mix_layer.conv.bias; it is a"),
        ("mobilenet_v2", None, MEND),
        ("nas_bench_macro", None, MEND),
    ],
)
def test_a_space_that_does_not_fit_is_refused_with_the_one_that_does(
    space: str, width: float | None, sentence: str
) -> None:
    supernet = Supernet(load_space(space, classes=10, width=width), kernel_transforms=True)
    before = state_bytes(supernet)
    with pytest.raises(ConfigError) as caught:
        OnceForAll.read(published()).load_into(supernet)
    assert sentence in str(caught.value)
    assert MEND in str(caught.value)
    assert str(published()) in str(caught.value)
    assert state_bytes(supernet) == before


class Code:
    """Runs when it is unpickled by anything that runs code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (shutil.rmtree, ("precious",))


def cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def without(state: State, name: str) -> State:
    return {key: tensor for key, tensor in state.items() if key != name}


def saved(content: object) -> Callable[[Path, State], None]:
    return lambda path, _: torch.save(content, path)


def cut_safetensors(path: Path, state: State) -> None:
    save_file(state, path)
    cut(path, 0.6)


def cut_pth(path: Path, state: State) -> None:
    torch.save(state, path)
    cut(path, 0.6)


def cut_legacy(path: Path, state: State) -> None:
    torch.save(state, path, _use_new_zipfile_serialization=False)
    cut(path, 0.6)


def specialised(path: Path, state: State) -> None:
    save_file({name: t for name, t in state.items() if not name.endswith("_matrix")}, path)


def classes_that_differ(path: Path, state: State) -> None:
    save_file(state | {"classifier.linear.bias": torch.zeros(9)}, path)


def infinite(path: Path, state: State) -> None:
    state["classifier.linear.bias"][3] = float("nan")
    save_file(state, path)


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda _path, _state: None, "ofa.pth is not there"),
        (lambda path, _: path.mkdir(), "ofa.pth is a folder; name a file in it"),
        (lambda path, _: path.write_bytes(b""), "ofa.pth cannot be read as a checkpoint ("),
        (lambda path, _: path.write_text("<html>404"), "cannot be read as a checkpoint ("),
        (cut_safetensors, "ofa.pth cannot be read as a checkpoint ("),
        (cut_pth, "ofa.pth cannot be read as a checkpoint (it is cut short"),
        (cut_legacy, "ofa.pth cannot be read as a checkpoint (it is cut short"),
        (saved({"model": Code()}), "holds more than tensors, and hwnas runs no code from a file"),
        (saved([1, 2]), "is not a state dict, names with tensors, but a list; save one with"),
        (saved({}), "is not a state dict, names with tensors, but empty"),
        (saved({"epoch": 3}), "is not a state dict, names with tensors, but a dict with 'epoch'"),
        (
            saved({"fc.weight": torch.ones(3)}),
            "is not a once-for-all MobileNetV3 supernet: it h",
        ),
        (specialised, "is a single network, or a supernet without kernel matrices"),
        (classes_that_differ, "it has (9,) as classifier.linear.bias; the file may be damaged"),
        (infinite, "holds numbers that are not finite, in classifier.linear.bias"),
        (
            lambda path, state: save_file(without(state, PROJECTION_SHIFT), path),
            "it has no blocks.7.conv.point_linear.bn.bias; the file may be damaged, download it",
        ),
        (
            lambda path, state: save_file(state | {"extra.weight": torch.ones(1)}, path),
            "it has extra.weight more; the file may be damaged, download it",
        ),
    ],
)
def test_what_is_no_such_checkpoint_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: State,
    write: Callable[[Path, State], None],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "precious").mkdir()
    path = tmp_path / "ofa.pth"
    write(path, state)
    with pytest.raises(ConfigError) as caught:
        OnceForAll.read(path).load_into(Supernet(SPACE, kernel_transforms=True))
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "precious").is_dir()


def test_a_damaged_checkpoint_is_called_that_for_what_is_left_of_a_space(
    tmp_path: Path, state: State
) -> None:
    path = tmp_path / "ofa.safetensors"
    save_file(without(state, PROJECTION_SHIFT), path)
    left = shrunk_space(SPACE, [some[:2] for some in kept_of(SPACE)])
    with pytest.raises(ConfigError, match="the file may be damaged, download it again"):
        OnceForAll.read(path).load_into(Supernet(left, kernel_transforms=True))
