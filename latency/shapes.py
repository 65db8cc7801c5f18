"""Shapes: the open axes of an ONNX model's inputs, fixed by what a person says of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import onnx

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

Sizes = tuple[int, ...]

# What exporters write where they know no name: axes of these names have nothing in common.
_NO_NAMES = frozenset({"", "?", "-1", "None", "none", "unk", "unknown"})
_OPTION = re.compile(r"(?:(?P<name>.+)=)?(?P<sizes>[0-9]{1,9}(?:[x,×][0-9]{1,9})*)")


def model_inputs(model: onnx.ModelProto, file: str) -> dict[str, onnx.ValueInfoProto]:
    """What is to be fed, by name: old files list their weights as inputs as well.

    Raises:
        ConfigError: an input is not a tensor.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = {value.name: value for value in model.graph.input if value.name not in weights}
    for value in inputs.values():
        if not value.type.HasField("tensor_type"):
            raise ConfigError(
                f"the input {shown(value.name)} of {file} is a {value.type.WhichOneof('value')}, "
                "and hwnas fills tensors alone; export the model with tensors as inputs"
            )
    return inputs


def parse_shapes(
    shapes: Sequence[str], inputs: Mapping[str, onnx.ValueInfoProto], file: str
) -> dict[str, Sizes]:
    """The sizes of each input that is named.

    Args:
        shapes: as in "input=1x3x224x224", or "1x3x224x224" when there is one input.
        inputs: of the model.
        file: how the model is called in messages.

    Raises:
        ConfigError: a shape is not one, or is of no input.
    """
    found: dict[str, Sizes] = {}
    for text in shapes:
        match = _OPTION.fullmatch(text.strip())
        sizes = tuple(map(int, re.split("[x,×]", match["sizes"]))) if match else ()
        if match is None or 0 in sizes:
            raise ConfigError(
                f"--shape '{shown(text)}' must be written like --shape input=1x3x224x224, each at "
                "least 1"
            )
        name = match["name"]
        if name is None:
            if len(inputs) != 1:
                raise ConfigError(
                    f"--shape '{text}' does not say which input of {file} is meant: "
                    f"{described(inputs.values())}; write --shape NAME={match['sizes']}"
                )
            name = next(iter(inputs))
        check_name("--shape", name, inputs, file)
        if name in found:
            raise ConfigError(f"--shape gives '{shown(name)}' twice; leave out one of them")
        found[name] = sizes
    return found


def check_name(
    option: str, name: str, inputs: Mapping[str, onnx.ValueInfoProto], file: str
) -> None:
    """Sees that an option names an input.

    Raises:
        ConfigError: it does not.
    """
    if name not in inputs:
        raise ConfigError(
            f"{option} names '{shown(name)}', and the inputs of {file} are others: "
            f"{described(inputs.values())}"
        )


def fix_shapes(
    model: onnx.ModelProto, chosen: Mapping[str, Sizes], inputs: Mapping[str, onnx.ValueInfoProto]
) -> None:
    """Fixes the open axes of a model's inputs, in place; a model without any stays as it is.

    An axis takes the size that is given for its input. Where axes of one name are given one size,
    those of that name elsewhere get it too; where they are given several, or have no name ("?"),
    they are no one axis. Outputs that follow from the inputs get their shapes.

    Args:
        model: to be changed.
        chosen: sizes by the name of an input.
        inputs: of the model.

    Raises:
        ConfigError: a shape contradicts the model.
    """
    # Here, because they take a second to import.
    from onnxruntime.tools.onnx_model_utils import (
        fix_output_shapes,
        iterate_graph_per_graph_func,
        make_dim_param_fixed,
        remove_invalid_dim_values,
    )

    _check(chosen, inputs)
    if not chosen:
        return
    named: dict[str, set[int]] = {}
    remove_invalid_dim_values(model.graph)
    for name, sizes in chosen.items():
        shape = inputs[name].type.tensor_type.shape
        if not is_ranked(inputs[name]):
            shape.SetInParent()
            for _ in sizes:
                shape.dim.add()
        for axis, size in zip(shape.dim, sizes, strict=False):
            if axis.dim_param:
                named.setdefault(axis.dim_param, set()).add(size)
            axis.dim_value = size
    for param, found in named.items():
        if len(found) == 1 and not is_anonymous(param):
            make_dim_param_fixed(model.graph, param, next(iter(found)))
        else:
            # The runtime must not take values inside to be as large as others of that name.
            iterate_graph_per_graph_func(model.graph, _forget, param=param)
    # What the onnx package here is too old for, or does not know, the runtime may run all the same;
    # then it finds out its outputs' shapes by itself.
    with suppress(onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        fix_output_shapes(model)


def is_anonymous(param: str) -> bool:
    """Whether the name of an axis is none: exporters write "?" and the like."""
    return param.strip() in _NO_NAMES


def open_inputs(inputs: Mapping[str, onnx.ValueInfoProto]) -> list[onnx.ValueInfoProto]:
    """Those with an open axis, or of an unknown number of axes."""
    return [one for one in inputs.values() if not is_ranked(one) or None in sizes_of(one)]


def is_ranked(value: onnx.ValueInfoProto) -> bool:
    """Whether the number of axes is known."""
    return bool(value.type.tensor_type.HasField("shape"))


def sizes_of(value: onnx.ValueInfoProto) -> list[int | None]:
    """The size of each axis, None for open ones; exporters write those as -1 or 0 too."""
    axes = value.type.tensor_type.shape.dim
    return [axis.dim_value if axis.dim_value > 0 else None for axis in axes]


def described(values: Iterable[onnx.ValueInfoProto]) -> str:
    """As in "input is [batch, 3, height, width]"."""
    texts = []
    for value in values:
        axes = value.type.tensor_type.shape.dim
        names = [
            str(axis.dim_value) if axis.dim_value > 0 else shown(axis.dim_param) or "?"
            for axis in axes
        ]
        texts.append(f"{shown(value.name)} is [{', '.join(names) if is_ranked(value) else '...'}]")
    return " and ".join(texts)


def _check(chosen: Mapping[str, Sizes], inputs: Mapping[str, onnx.ValueInfoProto]) -> None:
    """Sees that the sizes agree with the inputs."""
    for name, sizes in chosen.items():
        value = inputs[name]
        have = sizes_of(value)
        if is_ranked(value) and len(have) != len(sizes):
            raise ConfigError(
                f"--shape gives '{shown(name)}' {len(sizes)} axes, and {described([value])}; "
                f"write {len(have)} sizes"
            )
        for fixed, size in zip(have, sizes, strict=False):
            if fixed not in (None, size):
                raise ConfigError(
                    f"--shape sets {size} where the model is {fixed} already: "
                    f"{described([value])}; write {fixed} there"
                )


def _forget(graph: onnx.GraphProto, *, param: str) -> None:
    for value in [*graph.output, *graph.value_info]:
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param == param:
                axis.Clear()
