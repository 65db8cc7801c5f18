"""Conversation: the host's side of one job, which checks everything that the target sends."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from hwnas.core.errors import DeviceError, EnergyError, LinkError, ProgramError
from hwnas.devices.allowance import Allowance
from hwnas.devices.answers import (
    Answer,
    Cache,
    CutOffError,
    Message,
    Parts,
    RoundEnd,
    TargetEnergy,
    TargetVisit,
    is_cut_off,
    read_answer,
    read_energy,
    read_facts,
    read_round,
    read_visit,
    read_waiting,
)
from hwnas.devices.deployments import Deployment
from hwnas.devices.job import BUSY, MOST_CACHE, NO_ENERGY, Job

_SIGNALS = {
    4: "signal 4: the processor lacks an instruction; use another build of the runtime",
    6: "signal 6: it aborted; check whether the target has memory left",
    7: "signal 7: it read a file that is gone; check whether the target's disk is full",
    9: "signal 9: somebody killed it, or the target has too little memory",
    11: "signal 11: it crashed; use another version of the runtime",
    15: "signal 15: somebody ended it; run the same command again",
}
# Exit codes of shells for a program that is not there, or that they may not run.
_NOT_FOUND = (126, 127)


def agent_lines(lines: Iterator[str], device: str, deployment: Deployment) -> Iterator[str]:
    """The lines that an agent writes; an agent that fails raises an error that says why.

    Args:
        lines: as the transport gives them.
        device: name of the device.
        deployment: of the agent.

    Raises:
        LinkError: another agent is at work there.
        EnergyError: the device does not count its energy.
        DeviceError: the agent is not there, or was ended by a signal.
        ProgramError: the agent refused the job in a sentence of its own.
    """
    try:
        yield from lines
    except ProgramError as error:
        if error.code in _NOT_FOUND or "No module named" in error.last_line:
            raise DeviceError(deployment.missing(error.last_line)) from error
        if error.code == BUSY:
            raise LinkError(f"{device}: {error.last_line}") from error
        if error.code == NO_ENERGY:
            raise EnergyError(f"{device}: {error.last_line}") from error
        # A shell adds 128 to the number of the signal; that of a child process is less than 0.
        if (number := -error.code if error.code < 0 else error.code - 128) in _SIGNALS:
            raise DeviceError(f"the agent on {device} was ended by {_SIGNALS[number]}") from error
        raise


def answers(lines: Iterator[str], job: Job, device: str) -> Iterator[Message]:
    """Every answer but the last, which must be there and count the visits correctly.

    Raises:
        LinkError: the answers are incomplete.
        DeviceError: they are not of this job, more than it asks for, or take far longer.
    """
    expected, visits, done = sum(len(order) for _, order in job.rounds), 0, False
    allowance = Allowance(job, device)
    cut_off: CutOffError | None = None
    with closing(lines):  # type: ignore[type-var]
        while True:
            asked = time.monotonic()
            line = _next(lines, done)
            if line is None:
                break
            if cut_off is not None:
                raise cut_off
            allowance.take(line, time.monotonic() - asked)
            try:
                message = read_answer(line, job.nonce)
            except CutOffError as error:  # where the link broke: nothing may follow
                cut_off = error
                continue
            allowance.answered(message)
            visits += message["event"] == _visit_event(job)
            if done or visits > expected:
                raise DeviceError(f"{device} sent more than it was asked for")
            if message["event"] == "done":
                done = message.get("visits") == visits
            else:
                yield message
    if not done or visits != expected:
        part = f"measured {visits} of {expected} visits and then" if expected else "has"
        raise LinkError(f"{device} {part} stopped; run the same command again to continue")


def _next(lines: Iterator[str], done: bool) -> str | None:
    """The next line, None at the end, however the agent of a complete job ends.

    Libraries of GPUs are known to crash when their process ends, after all answers were sent.
    """
    try:
        return next(lines, None)
    except DeviceError:
        if done:
            return None
        raise


def last_line(job: Job) -> Callable[[str], int | None]:
    """Recognises the last line of an agent: that of the end of the job, or one that is cut off."""

    def code(line: str) -> int | None:
        if is_cut_off(line):
            return 0
        if '"done"' not in line:
            return None
        try:
            return 0 if read_answer(line, job.nonce)["event"] == "done" else None
        except DeviceError:
            return None

    return code


def in_order(messages: Iterator[Message], names: Sequence[str], job: Job) -> Iterator[Answer]:
    """The content of the answers: first the facts, then the visits in the order of the job.

    After the facts comes the runtime's cache, if it is not what the runtime was given.

    Args:
        messages: the answers.
        names: of the graphs of the job, by their indices.
        job: what was asked for.

    Raises:
        DeviceError: the target does something else than it was asked for.
    """
    plan = iter(
        [
            step
            for number, order in job.rounds
            for step in (*((number, names[index]) for index in order), (number, None))
        ]
    )
    known, cache = False, Parts(MOST_CACHE)
    for message in messages:
        found: TargetVisit | TargetEnergy | RoundEnd
        step: tuple[int, str | None] | None = None
        match message["event"]:
            case "ready" if not known:
                known = True
                yield read_facts(message)
                if cache.content:
                    yield Cache(bytes(cache.content))
                continue
            case "cache" if not known:
                cache.add(message)
                continue
            case "waiting" if known:
                yield read_waiting(message)
                continue
            case "visit" | "energy" as event if known and event == _visit_event(job):
                read = read_energy if event == "energy" else read_visit
                found = read(message, names)
                step = found.round, found.graph
            case "round" if known:
                found = read_round(message)
                step = found.round, None
            case "loading" if not known:
                continue
            case _:
                pass
        if step is None or step != next(plan, None):
            raise DeviceError(f"the target does not follow its job: {str(message)[:120]}")
        yield found


def _visit_event(job: Job) -> str:
    return "energy" if job.task == "energy" else "visit"
