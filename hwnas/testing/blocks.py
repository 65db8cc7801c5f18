"""What every kind of block must do."""

import json
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from hwnas.networks.arithmetic import run_block
from hwnas.networks.block import block_fields, is_bool
from hwnas.networks.blocks import (
    Block,
    block_from_dict,
    block_from_key,
    block_key,
    block_kind,
    block_to_dict,
    short_key,
)
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.half import to_half
from hwnas.networks.inference import FoldedNetwork, running_statistics, weighted_blocks
from hwnas.networks.layers import Layer
from hwnas.networks.modules import BatchNorm, BlockModule, NetworkModule
from hwnas.networks.norm_statistics import norm_statistics
from hwnas.networks.options import BlockOptions, Place
from hwnas.networks.quantize import RECIPES, quantize
from hwnas.networks.trace import Trace

TOLERANCE = 1e-4
"""How far an ONNX graph may be from the PyTorch module, relative to its largest output."""


class BlockContract:
    """The tests of one kind of block.

    A test file of the kind's package holds:

        class TestMyBlock(BlockContract):
            kind = MyBlock
            examples = (MyBlock(8, 16, 3, 1, "relu", 8), MyBlock(8, 8, 5, 2, "hard_swish", 7))

    Attributes:
        kind: the class.
        examples: some blocks of it, all different, which take every way through its description.
        options: some of what a stage of a space may ask for; empty for a kind of no stage.
    """

    kind: ClassVar[type[Block]]
    examples: ClassVar[Sequence[Block]]
    options: ClassVar[Sequence[BlockOptions[Block]]] = ()

    def test_the_kind_is_a_frozen_dataclass_of_its_name(self) -> None:
        """Blocks are values: they are keys of dicts."""
        assert block_fields(self.kind)
        assert block_kind(self.kind.kind) is self.kind
        assert len(set(self.examples)) == len(self.examples) > 0
        with pytest.raises(AttributeError):
            setattr(self.examples[0], "resolution", 1)  # noqa: B010

    def test_fields_are_integers_booleans_and_the_activation(self) -> None:
        """Others would not survive the form in which blocks are stored."""
        for field in block_fields(self.kind):
            is_text = field.name == "activation" and field.type in (str, "str")
            assert field.type in (int, "int") or is_bool(field) or is_text, field.name

    def test_a_block_survives_json_and_its_key(self) -> None:
        """Tables, exports and checkpoints hold blocks in these forms."""
        for block in self.examples:
            assert block_from_dict(json.loads(json.dumps(block_to_dict(block)))) == block
            assert block_from_key(block_key(block)) == block

    def test_blocks_that_differ_have_names_that_differ(self) -> None:
        """In tables for people, and in files."""
        for names in (
            [block_key(block) for block in self.examples],
            [block.short_name for block in self.examples],
        ):
            assert len(set(names)) == len(names), names
        for block in self.examples:
            assert short_key(block_key(block)) == block.short_name

    def test_a_wrong_field_is_refused_by_its_name(self) -> None:
        """With a ValueError."""
        content = block_to_dict(self.examples[0])
        for field in block_fields(self.kind):
            name = str(field.metadata.get("key", field.name))
            wrong = {**content, name: "wrong"}
            with pytest.raises(ValueError, match=field.name):
                block_from_dict(wrong)

    def test_the_description_fits_the_layers_and_the_shapes(self) -> None:
        """Every layer runs once, on what it takes, and the result has the shape that it states."""
        for block in self.examples:
            Trace(block)

    def test_the_graph_computes_what_the_module_computes(self) -> None:
        """With batch norms of any scale, shift and statistics."""
        for seed, block in enumerate(self.examples):
            network = _network(block, seed)
            x = _images(block, seed)
            model = build_graph([block], batch=len(x), weights=folded_weights(network))
            onnx.checker.check_model(model, full_check=True)
            with torch.inference_mode():
                expected = network(torch.from_numpy(x)).numpy()
            found = _run(model, x)
            assert found.shape == expected.shape, block
            assert np.abs(found - expected).max() <= TOLERANCE * max(1, np.abs(expected).max())

    def test_the_input_stays_as_it_is(self) -> None:
        """Even where sums are written over what nothing else reads."""
        for seed, block in enumerate(self.examples):
            module = BlockModule(block, torch.Generator().manual_seed(seed)).eval()
            x = torch.from_numpy(_images(block, seed))
            before = x.clone()
            with torch.inference_mode():
                expected = module(x)
                found = run_block(block, partial(_run_layer, module), x, in_place=True)
            assert torch.equal(found, expected)
            assert torch.equal(x, before)

    def test_it_is_judged_by_what_the_module_computes(self) -> None:
        """Statistics are those of training mode, results those of evaluation mode."""
        for seed, block in enumerate(self.examples):
            network = _network(block, seed)
            x = torch.from_numpy(_images(block, seed))
            with torch.inference_mode():
                blocks = weighted_blocks(network.path, torch.device("cpu"))
                expected = network(x)
                found = FoldedNetwork(blocks, running_statistics(network))(x)
                torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
                norms = {name: m for name, m in network.named_modules() if isinstance(m, BatchNorm)}
                for norm in norms.values():
                    norm.momentum = 1.0
                network.train()(x)
                statistics = norm_statistics(blocks, [x])
            assert len(statistics) == len(norms)
            for (index, name), (mean, variance) in statistics.items():
                norm = norms[f"block{index}.{name}.norm"]
                torch.testing.assert_close(mean, norm.running_mean, rtol=1e-3, atol=1e-3)
                torch.testing.assert_close(variance, norm.running_var, rtol=1e-3, atol=1e-3)

    def test_equal_blocks_have_equal_graphs_and_others_have_others(self) -> None:
        """What was measured of one is known of its equal."""
        graphs = {build_graph([block]).SerializeToString() for block in self.examples}
        again = {
            build_graph([block_from_key(block_key(block))]).SerializeToString()
            for block in self.examples
        }
        assert graphs == again
        assert len(graphs) == len(self.examples)

    @pytest.mark.parametrize("precision", ["fp16", *RECIPES])
    def test_it_runs_in_other_precisions(self, precision: str) -> None:
        """In half precision, and in int8 by the recipe of every runtime."""
        block = self.examples[0]
        model = build_graph([block], batch=2)
        if precision == "fp16":
            changed = to_half(model, first=True, last=True)
        else:
            changed = quantize(model, precision)
        assert np.isfinite(_run(changed, _images(block, 0))).all()

    def test_every_weight_learns(self) -> None:
        """A gradient reaches every parameter."""
        for seed, block in enumerate(self.examples):
            network = _network(block, seed).train()
            if not list(network.parameters()):
                continue
            network(torch.from_numpy(_images(block, seed))).square().sum().backward()
            for name, parameter in network.named_parameters():
                assert parameter.grad is not None, name

    def test_the_widest_block_holds_the_weights_of_all(self) -> None:
        """A choice of a supernet is the same block with the weights that are cut out for it."""
        for blocks in self._choices_of_slots():
            widest = type(blocks[0]).widest(blocks)
            if widest is None:
                continue
            shared = BlockModule(widest, torch.Generator().manual_seed(0)).eval()
            for block in blocks:
                own = BlockModule(block).eval()
                own.load_state_dict(shared.cut(block))
                x = torch.from_numpy(_images(block, 0))
                with torch.inference_mode():
                    torch.testing.assert_close(shared(x, block), own(x))

    @pytest.mark.parametrize("stride", [1, 2])
    def test_a_stage_gets_blocks_of_its_shape(self, stride: int) -> None:
        """Whatever the options are."""
        for blocks in self._choices_of_slots(stride):
            for block in blocks:
                assert (block.in_channels, block.resolution) == (8, 8)
                assert (block.out_channels, block.out_resolution) == (16, 8 // stride)
            names = [block.choice_name for block in blocks]
            assert len(set(names)) == len(names), names

    def _choices_of_slots(self, stride: int = 1) -> list[list[Block]]:
        place = Place(8, 16, stride, 8, "relu")
        if self.kind.options is None:
            assert not self.options
            return []
        assert self.options, "name some options that a stage may ask for"
        for one in self.options:
            assert isinstance(one, self.kind.options)
        return [[one.block(place) for one in self.options]]


def _network(block: Block, seed: int) -> NetworkModule:
    """With random batch norms: those of a new network change nothing."""
    network = NetworkModule([block], seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, BatchNorm):
                for tensor in (module.weight, module.running_var):
                    tensor.uniform_(0.5, 1.5, generator=generator)
                for tensor in (module.bias, module.running_mean):
                    tensor.normal_(0, 0.1, generator=generator)
    return network


def _run_layer(module: BlockModule, layer: Layer, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = module.layer(layer.name)(x, layer)
    return result


def _images(block: Block, seed: int) -> NDArray[np.float32]:
    shape = (2, block.in_channels, block.resolution, block.resolution)
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def _run(model: onnx.ModelProto, x: NDArray[np.float32]) -> NDArray[np.float32]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    result: NDArray[np.float32] = session.run(None, {model.graph.input[0].name: x})[0]
    return result
