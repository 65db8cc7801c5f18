"""Shapes: the open axes of an ONNX model's inputs, fixed by what a person says of them."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import onnx

from devices.errors import ConfigError

Sizes = tuple[int, ...]

_OPTION = re.compile(r"(?:(?P<name>.+)=)?(?P<sizes>[0-9]{1,9}(?:[x,×][0-9]{1,9})*)")


def fix_shapes(model: onnx.ModelProto, shapes: Sequence[str], file: str) -> None:
    """Fixes the open axes of a model's inputs, in place.

    An axis of the same name gets the same size everywhere, outputs that follow from the inputs get
    theirs. A model without open axes stays as it is.

    Args:
        model: to be changed.
        shapes: as in "input=1x3x224x224", or "1x3x224x224" when there is one input.
        file: how the model is called in messages.

    Raises:
        ConfigError: a shape is wrong, or axes stay open.
    """
    inputs = _inputs(model)
    for value in inputs.values():
        if not value.type.HasField("tensor_type"):
            raise ConfigError(
                f"the input {value.name} of {file} is a {value.type.WhichOneof('value')}, and "
                "hwnas fills tensors alone; export the model with tensors as inputs"
            )
    chosen = _chosen(shapes, inputs, file)
    _check(chosen, inputs)
    if chosen:
        _fix(model, chosen, inputs)
    still = [one for one in inputs.values() if not _ranked(one) or None in _sizes(one)]
    if still:
        options = " ".join(f"--shape {shlex.quote(_proposal(value))}" for value in still)
        raise ConfigError(
            f"{file} leaves axes open: {_described(still)}; say what to measure, as in '{options}'"
        )


def _inputs(model: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """What is to be fed: old files list their weights as inputs as well."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return {value.name: value for value in model.graph.input if value.name not in weights}


def _chosen(
    shapes: Sequence[str], inputs: dict[str, onnx.ValueInfoProto], file: str
) -> dict[str, Sizes]:
    """The sizes of each input that is named."""
    found: dict[str, Sizes] = {}
    for text in shapes:
        match = _OPTION.fullmatch(text.strip())
        sizes = tuple(map(int, re.split("[x,×]", match["sizes"]))) if match else ()
        if match is None or 0 in sizes:
            raise ConfigError(
                f"--shape '{text}' must be written like --shape input=1x3x224x224, each at least 1"
            )
        name = match["name"]
        if name is None:
            if len(inputs) != 1:
                raise ConfigError(
                    f"--shape '{text}' does not say which input of {file} is meant: "
                    f"{_described(inputs.values())}; write --shape NAME={match['sizes']}"
                )
            name = next(iter(inputs))
        if name not in inputs:
            raise ConfigError(
                f"--shape '{text}' names '{name}', and the inputs of {file} are others: "
                f"{_described(inputs.values())}"
            )
        if name in found:
            raise ConfigError(f"--shape gives '{name}' twice; leave one away")
        found[name] = sizes
    return found


def _check(chosen: Mapping[str, Sizes], inputs: Mapping[str, onnx.ValueInfoProto]) -> None:
    """Sees that the sizes agree with the inputs and, for axes of one name, with each other."""
    named: dict[str, int] = {}
    for name, sizes in chosen.items():
        value = inputs[name]
        axes = value.type.tensor_type.shape.dim
        if _ranked(value) and len(axes) != len(sizes):
            raise ConfigError(
                f"--shape gives '{name}' {len(sizes)} axes, and {_described([value])}; "
                f"write {len(axes)} sizes"
            )
        for axis, size in zip(axes, sizes, strict=False):
            have = axis.dim_value if axis.dim_value > 0 else named.get(axis.dim_param, size)
            if have != size:
                raise ConfigError(
                    f"--shape sets {size} where {axis.dim_param or 'the model'} is {have} already: "
                    f"{_described([value])}; write {have} there"
                )
            if axis.dim_param:
                named[axis.dim_param] = size


def _fix(
    model: onnx.ModelProto,
    chosen: Mapping[str, Sizes],
    inputs: Mapping[str, onnx.ValueInfoProto],
) -> None:
    # Here, because they take a second to import.
    from onnxruntime.tools.onnx_model_utils import fix_output_shapes, make_input_shape_fixed

    for name, sizes in chosen.items():
        if not _ranked(inputs[name]):
            for _ in sizes:
                inputs[name].type.tensor_type.shape.dim.add()
        make_input_shape_fixed(model.graph, name, sizes)
    # What the onnx package here is too old for, or does not know, the runtime may run all the same;
    # then it finds out its outputs' shapes by itself.
    with suppress(onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        fix_output_shapes(model)


def _ranked(value: onnx.ValueInfoProto) -> bool:
    """Whether the number of axes is known."""
    return bool(value.type.tensor_type.HasField("shape"))


def _sizes(value: onnx.ValueInfoProto) -> list[int | None]:
    """The size of each axis, None for open ones; exporters write those as -1 or 0 too."""
    axes = value.type.tensor_type.shape.dim
    return [axis.dim_value if axis.dim_value > 0 else None for axis in axes]


def _described(values: Iterable[onnx.ValueInfoProto]) -> str:
    """As in "input is [batch, 3, height, width]"."""
    texts = []
    for value in values:
        axes = value.type.tensor_type.shape.dim
        names = [
            str(axis.dim_value) if axis.dim_value > 0 else axis.dim_param or "?" for axis in axes
        ]
        texts.append(f"{value.name} is [{', '.join(names) if _ranked(value) else '...'}]")
    return " and ".join(texts)


def _proposal(value: onnx.ValueInfoProto) -> str:
    """A shape that is likely meant: one image of 224 pixels, or one sequence of 128."""
    sizes: list[int | None] = _sizes(value) if _ranked(value) else [None] * 4
    if len(sizes) == 4:
        usual = [1, 224, 224, 3] if sizes[3] is not None else [1, 3, 224, 224]
    else:
        usual = [1, *[128] * len(sizes)]
    filled = [size or guess for size, guess in zip(sizes, usual, strict=False)]
    return f"{value.name}={'x'.join(map(str, filled))}"
