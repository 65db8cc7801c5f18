"""Weights from elsewhere: once-for-all checkpoints and published networks."""

from functools import cache
from typing import Any

from tests.hostile import mutations
from tests.hostile.bench import Bench


def state_dicts(bench: Bench) -> None:
    """Checkpoints from elsewhere, pickled or not: nothing in them runs."""
    import torch

    from hwnas.supernet.once_for_all import OnceForAll

    random = bench.random
    path = bench.folder / random.choice(("ofa.pth", "ofa.safetensors", "ofa"))
    if random.random() < 0.5:
        torch.save({"state_dict": {"a.b": torch.ones(3), "c": torch.zeros(2, 2)}}, path)
    else:
        path.write_bytes((bench.material.trained_run / "supernet.safetensors").read_bytes())
    path.write_bytes(mutations.raw(path.read_bytes(), random))
    bench.call(lambda: OnceForAll.read(path))


def pretrained(bench: Bench) -> None:
    """Published weights: tensors that lack, are too many, of another shape or type; and damage."""
    import torch

    from hwnas.supernet.pretrained import read_pretrained

    random = bench.random
    state = dict(_published())
    for name in random.sample(sorted(state), random.choice((0, 0, 1, 3, 100))):
        way = random.choice(("drop", "rename", "cut", "flat", "type", "value", "grow"))
        tensor = state.pop(name)
        bench.note(f"{way} {name}")
        if way == "rename":
            state[str(mutations.value(random))] = tensor
        elif way == "cut":
            state[name] = tensor[: random.randrange(len(tensor))]
        elif way == "flat":
            state[name] = random.choice((tensor.flatten(), tensor.sum(), tensor[None]))
        elif way == "type":
            kinds = (torch.float16, torch.float64, torch.int8, torch.bool, torch.complex64)
            state[name] = tensor.to(random.choice(kinds))
        elif way == "value":
            state[name] = tensor * random.choice((float("nan"), float("inf"), -1, 0))
        elif way == "grow":
            state[name] = torch.cat([tensor, tensor])
    nested = random.choice(({}, {"model": state}, {"state_dict": {"ema": state}, "arch": "\x1b"}))
    path = bench.folder / random.choice(("tf_mobilenetv3_small.pth", "weights", "-.pt"))
    torch.save(nested or state, path)
    if random.random() < 0.3:
        path.write_bytes(mutations.raw(path.read_bytes(), random))
    network = random.choice((None, None, "timm/mobilenet_v2", str(mutations.value(random))))
    mean = random.choice((None, None, [0.5] * 3, [float("nan")] * 3, [1e99], ["a", "b", "c"]))
    std = random.choice((mean, None, [0.0] * 3))
    bench.call(lambda: read_pretrained(str(path), network=network, mean=mean, std=std))


@cache
def _published() -> dict[str, Any]:
    """Whole weights of a narrow MobileNetV3, in the names of torchvision."""
    from hwnas.networks.modules import NetworkModule
    from hwnas.spaces import reference_network
    from hwnas.supernet.pretrained.kinds import TORCHVISION

    name = "mobilenet_v3_small"
    kind = next(one for one in TORCHVISION.kinds if one.name == name)
    network = reference_network(f"torchvision/{name}", resolution=32, classes=4, width=0.25)
    names = TORCHVISION.tensors(kind)
    return {names[ours]: one for ours, one in NetworkModule(network).state_dict().items()}
