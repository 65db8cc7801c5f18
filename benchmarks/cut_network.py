"""A published network made narrower and shallower: a rival of `benchmarks.versus_fine_tuning`."""

import math
from collections.abc import Sequence
from dataclasses import replace

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Network
from hwnas.networks.channels import make_divisible
from hwnas.networks.modules import NetworkModule
from hwnas.supernet.importance import sort_channels


def cut(network: Network, share: float) -> Network:
    """A network whose channels, and blocks of each stage, are multiplied by a share.

    The stem, the first block and the features of the head stay, as in EfficientNet-Lite's own
    scaling and in MobileNetV2's.
    """
    found: list[Block] = [network[0], network[1]]
    stages: list[list[InvertedResidual]] = []
    for block in network[2:-1]:
        assert isinstance(block, InvertedResidual)
        if not stages or block.in_channels != block.out_channels or block.stride != 1:
            stages.append([])
        stages[-1].append(block)
    for stage in stages:
        for block in stage[: max(1, math.ceil(share * len(stage)))]:
            before = found[-1].out_channels
            expanded = make_divisible(before * block.expanded_channels / block.in_channels)
            out = make_divisible(block.out_channels * share)
            found.append(
                replace(block, in_channels=before, expanded_channels=expanded, out_channels=out)
            )
    head = network[-1]
    assert isinstance(head, Head)
    return (*found, replace(head, in_channels=found[-1].out_channels))


def cut_module(whole: NetworkModule, narrow: Network) -> NetworkModule:
    """A network of `cut` with the weights of the whole one; its first channels, sorted before."""
    sort_channels(whole)
    module = NetworkModule(narrow, conventions=whole.conventions)
    rows = _stage_places(whole.blocks)
    place = {where: index for index, where in enumerate(rows)}
    state = {}
    for index, where in enumerate(_stage_places(narrow)):
        part, _ = whole.path[place[where]]
        for name, tensor in part.cut(narrow[index]).items():
            state[f"block{index}.{name}"] = tensor.detach().clone()
    module.load_state_dict(state)
    return module


def _stage_places(network: Sequence[Block]) -> list[tuple[int, int]]:
    """Of every block, its stage and its place in there."""
    found, stage, number = [], 0, 0
    for block in network:
        inside = isinstance(block, InvertedResidual) and block.residual
        stage, number = (stage, number + 1) if inside else (stage + 1, 0)
        if isinstance(block, ConvBlock):
            stage, number = 0, 0
        found.append((stage, number))
    return found
