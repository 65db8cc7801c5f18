"""What is measured of a trained network that is to be exported, and of what stands beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hwnas.core.errors import DeviceError
from hwnas.core.listener import Listener
from hwnas.latency.readings import Reading
from hwnas.networks.blocks import Network
from hwnas.runs.candidates import Candidate
from hwnas.runs.exported import Timed
from hwnas.runs.latency_check import WINNER, LatencyFinding
from hwnas.runs.measured_energy import UsedEnergy
from hwnas.runs.places import OWN, MeasuredPlace, say_problems

REFERENCE = "reference"
IN_FP32 = " in fp32"


@dataclass(frozen=True)
class Measured:
    """A trained network with what was measured of it, by the names of the places."""

    candidate: Candidate
    findings: Mapping[str, LatencyFinding]
    energy: UsedEnergy | None


def measured_on(
    places: Sequence[MeasuredPlace],
    candidate: Candidate,
    reference: Candidate | None,
    listener: Listener,
    *,
    before: Mapping[str, Reading] | None = None,
    pick: str | None = None,
) -> Iterator[tuple[MeasuredPlace, LatencyFinding]]:
    """Measures a trained network beside the reference, one place after another.

    A further device that fails has a problem from then on.

    Args:
        places: where, but for those with a problem.
        candidate: the network.
        reference: what stands beside it; None for nothing.
        listener: gets progress and sentences.
        before: the readings of the untrained network, by the names of the places.
        pick: its id, where a person picked it; see `LatencyCheck.trained`.

    Raises:
        DeviceError: the run's own device failed.
    """
    for place in places:
        if place.problem:
            continue
        try:
            found = place.check.trained(
                candidate.network,
                candidate.files[place.name].shipped,
                None if before is None else before.get(place.name),
                _beside(place, candidate, reference),
                pick=pick,
            )
        except DeviceError as error:
            if place.name == OWN:
                raise
            lose(place, error, listener)
            continue
        yield place, found


def lose(place: MeasuredPlace, error: DeviceError, listener: Listener) -> None:
    """Says that a further device has failed; it is not asked again."""
    place.problem = str(error)
    say_problems([place], listener)


def _beside(
    place: MeasuredPlace, candidate: Candidate, reference: Candidate | None
) -> dict[str, bytes]:
    """What is measured beside a network: the reference, and the fp32 files of both."""
    models: dict[str, bytes] = {}
    for name, one in ((WINNER, candidate), (REFERENCE, reference)):
        if one is None:
            continue
        made = one.files[place.name]
        if name != WINNER:
            models[name] = made.shipped
        if place.name == OWN and made.converted:
            models[name + IN_FP32] = made.fp32
    return models


def timed(place: MeasuredPlace, network: Network, found: LatencyFinding | None, name: str) -> Timed:
    """The latency on a place of the network that was measured, `WINNER`, or of the reference."""
    predicted = place.predicted(network)
    if found is None:
        return Timed(place.bound, predicted, problem=place.problem)
    reading = found.readings[name]
    if name != WINNER:
        return Timed(place.bound, predicted, reading)
    doubt = None if place.bound is None else found.doubt(place.bound)
    return Timed(place.bound, predicted, reading, found.before, doubt)


def doubts(tried: Measured, places: list[MeasuredPlace]) -> tuple[str, ...]:
    """Why it is not known whether a network keeps its budgets, a sentence each."""
    found = [
        f"{place.name}: {doubt}" if place.name else doubt
        for place in places
        if place.bound is not None
        and place.name in tried.findings
        and (doubt := tried.findings[place.name].doubt(place.bound))
    ]
    if tried.energy is not None and tried.energy.doubtful:
        found.append(tried.energy.doubtful)
    return tuple(found)


def figure(value: float | None) -> str:
    """A figure as text, a dash where it is unknown."""
    return "–" if value is None else f"{value:.4g}"
