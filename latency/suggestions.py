"""What to write for the open axes of a model: shapes that were tried and run."""

import re
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.core.foreign_text import shown
from hwnas.devices.device import Device
from hwnas.devices.target import Round, open_target
from hwnas.latency.shapes import (
    Sizes,
    described,
    fix_shapes,
    is_anonymous,
    is_ranked,
    model_inputs,
    open_inputs,
    sizes_of,
)
from hwnas.latency.values import Values, parse_values, set_values, single_numbers

Trial = Callable[[bytes], str]
"""Runs a serialised model once; "" where that works, else what the runtime says."""

# The sides of images and the lengths of sequences that models are made for most often; the first
# are the ones shown where nothing can be tried.
_USUAL = ((224, 128), (256, 512), (640, 16000), (32, 256), (320, 1024), (512, 64), (128, 1))
# An open axis of such a name is the batch; so is the first one of any input.
_BATCH = re.compile(r"bs|.*batch.*", re.IGNORECASE)
# A whole number of these names is a sample rate: models for speech know two, and fail or run
# another branch at any other.
_RATE = re.compile(r"sr|fs|.*sampl\w*_?rate.*", re.IGNORECASE)
_RATES = (16000, 8000)
# A state that grows, as of a transformer's attention: "past_sequence_length + 1" is an axis of its
# own, as long as the axes in its name together.
_SUM = re.compile(r"\s*\+\s*")
_CHANNELS = (1, 3, 4)
_SECONDS = 30.0


@dataclass(frozen=True)
class _Proposal:
    """Sizes, and values of numbers, by the name of an input."""

    sizes: Mapping[str, Sizes]
    numbers: Mapping[str, int]

    def options(self) -> str:
        """As a person types them."""
        shapes = [("--shape", name, "x".join(map(str, s))) for name, s in self.sizes.items()]
        values = [("--input", name, str(number)) for name, number in self.numbers.items()]
        return " ".join(
            f"{option} {shlex.quote(f'{shown(name)}={text}')}"
            for option, name, text in [*shapes, *values]
        )


def ask_for_shapes(model: onnx.ModelProto, values: Values, file: str, trial: Trial) -> ConfigError:
    """The error that says what to write for the axes that are open still.

    Proposals are tried before they are shown, until one runs or half a minute is over.

    Args:
        model: with open axes; it is not changed.
        values: given by the person, by the name of an input.
        file: how the model is called in messages.
        trial: runs a model.
    """
    still = described(open_inputs(model_inputs(model, file)))
    beginning = f"{file} leaves axes open: {still}; say what to measure"
    first, failed, tried = "", "", 0
    end = time.monotonic() + _SECONDS
    for proposal in _proposals(model_inputs(model, file), values):
        failure = _failure(model, proposal, values, file, trial)
        if not failure:
            return ConfigError(f"{beginning}, as in '{proposal.options()}', with which it runs")
        tried += 1
        first, failed = first or proposal.options(), failed or failure
        if time.monotonic() > end:
            break
    return ConfigError(
        f"{beginning} with --shape, and with --input where values matter; none of {tried} usual "
        f"shapes runs here; with '{first}': {shown(failed)}"
    )


def run_here(model: bytes) -> str:
    """Runs a model once by ONNX Runtime on this machine, in a process of its own."""
    try:
        with open_target(Device(name="local_cpu")) as target:
            target.add("model", model)
            list(target.run([Round(0, ["model"])], least_runs=1, least_ms=0.0))
    except DeviceError as error:
        return str(error)
    return ""


def _failure(
    model: onnx.ModelProto, proposal: _Proposal, values: Values, file: str, trial: Trial
) -> str:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    inputs = model_inputs(copy, file)
    numbers = parse_values([f"{name}={n}" for name, n in proposal.numbers.items()], inputs, file)
    try:
        fix_shapes(copy, proposal.sizes, inputs)
        set_values(copy, {**values, **numbers}, file)
    except ConfigError as error:  # as many values as the input does not have
        return str(error)
    return trial(bytes(copy.SerializeToString()))


def _proposals(inputs: Mapping[str, onnx.ValueInfoProto], values: Values) -> Iterator[_Proposal]:
    """From the likeliest on, each once."""
    unset = [name for name in single_numbers(inputs) if name not in values]
    rates = [name for name in unset if _RATE.fullmatch(name)]
    still = open_inputs(inputs)
    seen = []
    for rate in _RATES if rates else (0,):
        for image, length in _USUAL:
            for inner in (True, False):
                sizes = _sizes(still, image, length, inner_batch=inner)
                found = _Proposal(sizes, dict.fromkeys(rates, rate))
                if found not in seen:
                    seen.append(found)
                    yield found


def _sizes(
    still: Sequence[onnx.ValueInfoProto], image: int, length: int, *, inner_batch: bool
) -> dict[str, Sizes]:
    """A size for each open axis.

    Args:
        still: the inputs that have some.
        image: height and width of an image.
        length: of a sequence.
        inner_batch: whether an axis between fixed ones is the batch, as that of the state of a
            recurrent layer, (layers, batch, channels); else it is a length.
    """
    named: dict[str, int] = {}
    found = {value.name: _row(value, named, image, length, inner_batch) for value in still}
    for value in still:
        axes = [axis.dim_param for axis in value.type.tensor_type.shape.dim]
        sums = [_sum(param, named) for param in axes]
        if any(sums):
            pairs = zip(sums, found[value.name], strict=True)
            found[value.name] = tuple(sum_ or size for sum_, size in pairs)
    return found


def _row(
    value: onnx.ValueInfoProto, named: dict[str, int], image: int, length: int, inner_batch: bool
) -> Sizes:
    """Sizes of one input; `named` learns those of axes with a name."""
    axes = value.type.tensor_type.shape.dim
    sizes = sizes_of(value) if is_ranked(value) else [None] * 4
    usual = [1, *[length] * (len(sizes) - 1)] if sizes else []
    if len(sizes) == 4:
        if sizes[3] in _CHANNELS:
            usual = [1, image, image, 3]
        elif sizes[1] is None or sizes[1] in _CHANNELS:
            usual = [1, 3, image, image]
    row: list[int] = []
    for index, (size, guess) in enumerate(zip(sizes, usual, strict=True)):
        param = axes[index].dim_param if axes else ""
        between = 0 < index < len(sizes) - 1 and None not in (sizes[index - 1], sizes[-1])
        one = _BATCH.fullmatch(param) or (inner_batch and between and len(sizes) == 3)
        chosen = size or named.get(param) or (1 if one else guess)
        if not is_anonymous(param):
            named.setdefault(param, chosen)
        row.append(chosen)
    return tuple(row)


def _sum(param: str, named: Mapping[str, int]) -> int:
    """The size of an axis whose name is a sum of numbers and names of others; 0 for no sum."""
    parts = _SUM.split(param)
    known = [int(part) if part.isdecimal() else named.get(part, 0) for part in parts]
    return sum(known) if len(parts) > 1 and all(known) else 0
