"""The full check of a device: whether everything that measuring relies on holds on it.

The same for every transport, agent and runtime: what the tests ask of simulated devices is asked of
a real one here.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import DeviceError, HwnasError, LinkError
from hwnas.core.workspace import job_folder
from hwnas.devices.answers import TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.link import DirectLink
from hwnas.devices.target import Round, Target, open_target
from hwnas.latency.engine import relative_difference
from hwnas.latency.identity import identify
from hwnas.latency.reference import NETWORK
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network
from hwnas.networks.graph import INPUT, build_graph

TOLERANCE, GPU_TOLERANCE = 1e-4, 2e-2
"""Of the largest output: kernels of fp32 sum in different orders, and on GPUs they compute in TF32,
which has 10 bits of mantissa, as their runtimes do by default."""
SMALL: Network = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 3, 1, 8, "relu", 8),
    InvertedResidual(8, 16, 16, 5, 2, 0, "relu6", 8),
    Head(16, 32, 0, 10, "hard_swish", 4),
)
VISIT_MS = 50.0
# As in hwnas.devices.runtimes: a visit has no more inferences.
_MOST_RUNS = 100
_SMALL, _TIMED = "a small network", "timed"


@dataclass(frozen=True)
class CheckOutcome:
    """A check: its name, whether it holds, and a sentence."""

    name: str
    ok: bool
    sentence: str


class _FailedError(Exception):
    """What was checked does not hold."""


def full_check(device: Device, networks: Mapping[str, Network]) -> Iterator[CheckOutcome]:
    """Checks a device by using it, a minute or less.

    Graphs are fp32 ones of one image, whatever the device's precision and batch: int8 results may
    differ from one processor to the next.

    Args:
        device: which one.
        networks: whole networks by name, whose outputs are to be those of ONNX Runtime here.

    Yields:
        Each check's outcome; when the device cannot be reached, that alone.

    Raises:
        DeviceError: nothing can be run on the device, its timings were imported.
    """
    device.require_measurable()
    with job_folder() as folder, closing(DirectLink(device, folder)) as link:
        target = Target(device, link)
        reached = _outcome("connects", partial(_connects, target))
        yield reached
        if not reached.ok:
            return
        for name, check in _checks(target, networks).items():
            yield _outcome(name, check)
            with suppress(HwnasError):
                target.connect()  # after a link that broke; each check speaks for itself
    yield _outcome("leaves no graph behind", partial(_leaves_nothing, device, folder))


def count(networks: Mapping[str, Network]) -> int:
    """How many outcomes there are of a device that can be reached."""
    return 8 + len(networks)


def _checks(target: Target, networks: Mapping[str, Network]) -> dict[str, Callable[[], str]]:
    parity = {
        f"computes {name} as ONNX Runtime does here": partial(_parity, target, name, network)
        for name, network in {_SMALL: SMALL, **networks}.items()
    }
    return {
        **parity,
        f"computes {_SMALL} as ONNX's reference does": partial(_parity_of_reference, target),
        "is sent nothing twice": partial(_sends_once, target),
        "visits a graph for as long as asked": partial(_visits, target),
        "refuses a broken graph and goes on": partial(_refuses, target),
        "goes on after a job that was abandoned": partial(_leaves_a_job, target),
    }


def _outcome(name: str, check: Callable[[], str]) -> CheckOutcome:
    try:
        return CheckOutcome(name, True, check())
    except (_FailedError, HwnasError) as error:  # a wrong bundle is a ConfigError
        return CheckOutcome(name, False, str(error))


def _connects(target: Target) -> str:
    target.connect()
    identity = identify(target)
    found = identity.fingerprint
    emulated = f", emulated by {identity.emulated}" if identity.emulated else ""
    return (
        f"{found.runtime} {found.runtime_version}, agent {found.agent}, {found.cores} cores of "
        f"{found.machine}{emulated}"
    )


def _parity(target: Target, name: str, network: Network) -> str:
    model, values = build_graph(network).SerializeToString(), _values(network)
    here = Device(name="local_cpu")
    with open_target(here) as local:
        local.add(name, model)
        expected = local.outputs([name], values.ravel().tolist())[0]
    target.add(name, model)
    found = target.outputs([name], values.ravel().tolist())[0]
    return _compared(found, expected, tolerance(target.device))


def _parity_of_reference(target: Target) -> str:
    from onnx.reference import ReferenceEvaluator  # here, because it takes a second to import

    values = _values(SMALL)
    evaluator: Any = ReferenceEvaluator(build_graph(SMALL))
    expected = evaluator.run(None, {INPUT: values})[0]
    right = np.asarray(expected).ravel().tolist()
    return _compared(_small_outputs(target), right, tolerance(target.device))


def tolerance(device: Device) -> float:
    """How much outputs may differ on a device, as a part of the largest."""
    return GPU_TOLERANCE if device.runtime_spec.on_gpu else TOLERANCE


def _compared(found: list[float], expected: list[float], allowed: float) -> str:
    if len(found) != len(expected):
        raise _FailedError(f"there are {len(found):,} outputs instead of {len(expected):,}")
    difference = relative_difference(found, expected)
    text = f"{len(found):,} outputs differ by at most {difference:.1e} of the largest"
    if not difference <= allowed:  # as NaN does not, either
        raise _FailedError(f"{text}, and {allowed:.0e} is allowed")
    return text


def _sends_once(target: Target) -> str:
    before = target.sent_bytes
    _small_outputs(target)
    again = target.sent_bytes - before
    if again:
        raise _FailedError(f"{again:,} bytes were sent again for a job that was already there")
    return f"{before / 1e6:.1f} MB so far, and none for the same job again"


def _visits(target: Target) -> str:
    target.add(_TIMED, build_graph(NETWORK).SerializeToString())
    few = _visit(target, least_runs=7, least_ms=0.0)
    if len(few.samples) != 7:
        raise _FailedError(f"it made {len(few.samples)} inferences instead of 7")
    samples = _visit(target, least_runs=1, least_ms=VISIT_MS).samples
    text = f"{len(samples)} inferences in {sum(samples):.0f} ms, asked for {VISIT_MS:.0f} ms"
    long_enough = sum(samples) >= 0.8 * VISIT_MS or len(samples) == _MOST_RUNS
    if not long_enough or sum(samples[:-1]) > 1.2 * VISIT_MS:
        raise _FailedError(text)
    return text


def _visit(target: Target, *, least_runs: int, least_ms: float) -> TargetVisit:
    rounds = [Round(0, [_TIMED])]
    answers = list(target.run(rounds, least_runs=least_runs, least_ms=least_ms))
    return next(answer for answer in answers if isinstance(answer, TargetVisit))


def _refuses(target: Target) -> str:
    target.add("broken", b"no model")
    answer = ""
    try:
        list(target.run([Round(0, ["broken"])], least_runs=1, least_ms=0.0))
    except LinkError:
        raise
    except DeviceError as error:
        answer = str(error)
    if not answer:
        raise _FailedError("it accepted a file that is not a graph")
    _small_outputs(target)
    return f"its answer: {answer[:160]}"


def _leaves_a_job(target: Target) -> str:
    target.add(_TIMED, build_graph(NETWORK).SerializeToString())
    # Of some minutes, so that it cannot end by itself before the next one gives up.
    job = target.run([Round(n, [_TIMED]) for n in range(4000)], least_runs=1, least_ms=VISIT_MS)
    with closing(job):  # type: ignore[type-var]
        next(answer for answer in job if isinstance(answer, TargetVisit))
    start = time.monotonic()
    _small_outputs(target)
    return f"the next job ended {time.monotonic() - start:.1f} s later"


def _leaves_nothing(device: Device, folder: Path) -> str:
    """Whether a graph that was there has to be sent again after the target was closed."""
    if device.transport == "local":
        if folder.exists():
            raise _FailedError(f"{folder} is still there")
        return "its folder is gone"
    with open_target(device) as target:
        _small_outputs(target)
        sent = target.sent_bytes
        if sent < target.size(_SMALL) // 2:
            raise _FailedError(
                "the graphs of the checks before are still there, unless another hwnas process "
                "uses the device now"
            )
    return f"a graph of the checks before had to be sent again: {sent:,} bytes"


def _small_outputs(target: Target) -> list[float]:
    if not target.holds(_SMALL):
        target.add(_SMALL, build_graph(SMALL).SerializeToString())
    return target.outputs([_SMALL], _values(SMALL).ravel().tolist())[0]


def _values(network: Network) -> NDArray[np.float32]:
    first = network[0]
    shape = (1, first.in_channels, first.resolution, first.resolution)
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)
