"""The network that a mixture of plain weights is, without the choices whose weight is 0."""

from collections.abc import Sequence

import torch
from torch import Tensor
from typing_extensions import override

from hwnas.networks.blocks import Block, InvertedResidual, ParallelInvertedResidual
from hwnas.networks.kinds.parallel_inverted_residual import layer_of_branch
from hwnas.networks.modules import BlockModule, NetworkModule
from hwnas.networks.trace import Trace, Traced
from hwnas.supernet.mixing import MixingSupernet, Weights

_State = dict[str, Tensor]


def cut_network(mixing: MixingSupernet, weights: Weights) -> NetworkModule:
    """A network of its own that computes what a mixture computes, in evaluation mode.

    Two inverted residuals of a slot that weigh something become branches side by side. A weight
    goes into the last batch norm of its branch. It cannot go into the input that a block adds to
    its output, once: where w₁ f₁(x) + w₂ f₂(x) + (w₁ + w₂ + w₃) x is wanted, w₃ the weight of a
    skip, the block gives v₁ f₁(x) + v₂ f₂(x) + x, which is the same but for a factor, and that goes
    on to the first layers of the blocks behind.

    Args:
        mixing: with its trained weights.
        weights: L tensors (C,), of the choices of each slot.

    Raises:
        ValueError: a slot whose weights are all 0, or those of what adds its input add up to 0; one
            that has more than two blocks left, or two that are no inverted residuals; or a block
            with an activation at its end, which takes no weight.
    """
    supernet = mixing.supernet
    blocks: list[Block] = []
    states: list[_State] = []
    factor = 1.0  # times what is handed on is what the mixture hands on
    for module, block in supernet.prefix:
        blocks.append(block)
        states.append(_copied(module, block))
    for slot, row in zip(supernet.choices, weights, strict=True):
        kept = [
            (module, block, weight)
            for (module, block), weight in zip(slot, row.tolist(), strict=True)
            if weight
        ]
        added = [weight for _, block, weight in kept if _adds_input(block)]
        after = factor * sum(added) if added else 1.0
        if not kept or not after:
            raise ValueError("the weights of a slot, or of what adds its input, add up to 0")
        scaled = {
            block: _scaled(module, block, factor, weight / after)
            for module, block, weight in kept
            if module is not None
        }
        factor = after
        if len(scaled) > 1:
            pair = _side_by_side(list(scaled))
            blocks.append(pair)
            states.append(
                {
                    layer_of_branch(number, name): tensor
                    for number, branch in enumerate(pair.branches)
                    for name, tensor in scaled[branch].items()
                }
            )
        else:
            blocks += scaled
            states += scaled.values()
    for module, block in supernet.suffix:
        blocks.append(block)
        states.append(_with_input(_copied(module, block), block, factor))
        factor = 1.0
    with torch.device("meta"):
        network = NetworkModule(blocks, None, mixing.conventions)
    state = {
        f"block{index}.{name}": one
        for index, each in enumerate(states)
        for name, one in each.items()
    }
    network.load_state_dict(state, assign=True)
    return network.requires_grad_(True)


def _side_by_side(blocks: Sequence[Block]) -> ParallelInvertedResidual:
    branches = [block for block in blocks if isinstance(block, InvertedResidual)]
    if len(branches) == len(blocks) == 2:
        return ParallelInvertedResidual.of(*branches)
    names = ", ".join(block.choice_name for block in blocks)
    raise ValueError(
        f"no block has all of {names} side by side: only two inverted residuals can be"
    )


def _copied(module: BlockModule, block: Block) -> _State:
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in module.cut(block).items()
    }


def _scaled(module: BlockModule, block: Block, of_input: float, of_output: float) -> _State:
    """The weights of a block that takes an input without a factor, and gives more or less."""
    state = _with_input(_copied(module, block), block, of_input)
    last = _last_layer(block)
    batch_norm = (f"{last}.norm.weight", f"{last}.norm.bias")
    names = batch_norm if batch_norm[0] in state else (f"{last}.weight", f"{last}.bias")
    for name in names:
        if name in state:
            state[name] *= of_output
    return state


def _with_input(state: _State, block: Block, factor: float) -> _State:
    """The layers that read the input of a block, whose input lacks a factor."""
    trace = Trace(block)
    layers = {layer.name for layer in block.layers()}
    for step in trace.steps:
        if step.name in layers and trace.start in step.read:
            state[f"{step.name}.weight"] *= factor
    return state


def _adds_input(block: Block) -> bool:
    """Whether the output of a block is its input, plus what its last layer gives."""
    trace = _Sums(block)
    if trace.result is trace.start:
        return True
    last = trace.steps[-1]
    return last.name in trace.sums and trace.start in last.read


class _Sums(Trace):
    """A trace that tells additions from products.

    Attributes:
        sums: the names of the additions.
    """

    def __init__(self, block: Block) -> None:
        self.sums: set[str] = set()
        super().__init__(block)

    @override
    def add(self, name: str, x: Traced, other: Traced) -> Traced:
        self.sums.add(name)
        return super().add(name, x, other)


def _last_layer(block: Block) -> str:
    """The layer that gives what a block gives, or adds to its input.

    Raises:
        ValueError: it ends in something else, which takes no factor.
    """
    trace = Trace(block)
    given = [trace.result, *(trace.steps[-1].read if _adds_input(block) else ())]
    by_name = {layer.name: layer for layer in block.layers()}
    for step in trace.steps:
        layer = by_name.get(step.name)
        if layer is not None and step.written in given and layer.activation == "none":
            return layer.name
    raise ValueError(
        f"the block '{block.short_name}' does not end in a layer without an activation, and takes "
        "no weight"
    )
