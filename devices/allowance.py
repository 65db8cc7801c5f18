"""Allowance: how large the answers to a job may be, and how long they may take.

Both follow from the job: a target may lie, and may never end. A visit may take longer than the
inferences that it reports (some are not counted), but not many times longer; a round may rest and
wait for as long as the device's settings and the agent allow.
"""

from hwnas.core.errors import DeviceError
from hwnas.devices.answers import Message
from hwnas.devices.job import LONGEST_WAIT_S, MOST_CACHE, Job

START_S = 240.0
"""For the agent to start and to wait for another one."""
_GRAPH_S, _BUILT_GRAPH_S = 60.0, 600.0
"""For a graph to be loaded; runtimes of GPUs build an engine of it first."""
_TASK_S = {"health": 60.0, "operators": 600.0, "outputs": 600.0, "build": 600.0}
_VISIT_S, _ENERGY_S = 10.0, 60.0
_SLOWER = 20.0
"""Times what a visit reports. Of five to a hundred inferences at most four are not counted: that is
less than five times, even on a machine that does other work."""
# More time than that between two answers is not the target's: its silence would be noticed.
_MOST_WAIT_S = 200.0
# Characters of a line, of a visit (a hundred samples and more), and of a whole answer.
_LINE, _VISIT, _ANSWER = 400, 25_000, 8_000_000
# In text, three bytes take four characters.
_CACHE, _ENGINE = MOST_CACHE * 4 // 3 + 1000, 2**29 * 4 // 3 + 1000


class Allowance:
    """What is left of it while the answers to a job arrive."""

    def __init__(self, job: Job, device: str) -> None:
        """Takes a job, and the name of the device that does it."""
        self._job, self._device = job, device
        self._expected = sum(len(order) for _, order in job.rounds)
        graphs, rounds = len(job.graphs), len(job.rounds)
        # Each round may rest and wait for a quarter of an hour, with a line every five seconds;
        # each graph may take some minutes to be built.
        self._lines = 1000 + self._expected + 20 * graphs + 200 * rounds
        self._text = 1_000_000 + _LINE * self._lines + _VISIT * self._expected
        self._text += _CACHE if graphs else 0
        self._text += _ANSWER * max(graphs, 1) if not rounds else 0
        self._text += _ENGINE if job.task == "build" else 0
        a_graph = _BUILT_GRAPH_S if job.spec.on_gpu else _GRAPH_S
        self._seconds = START_S + a_graph * graphs + _TASK_S.get(job.task, 0.0)
        self._took, self._visits, self._since = 0.0, 0, 0.0

    def take(self, line: str, waited_s: float) -> None:
        """Counts a line, and the seconds until it came.

        Raises:
            DeviceError: the answers are more than the job asks for, or take far longer.
        """
        self._lines, self._text = self._lines - 1, self._text - len(line)
        if self._lines <= 0 or self._text < 0:
            raise DeviceError(f"{self._device} sent more than it was asked for")
        waited_s = min(waited_s, _MOST_WAIT_S)
        self._took += waited_s
        self._since += waited_s
        if self._took > self._seconds:
            done = f"{self._visits} of {self._expected} visits" if self._expected else "its job"
            raise DeviceError(
                f"{self._device} took {self._took:.0f} s for {done}, and {self._seconds:.0f} s are "
                "more than enough by its own timings; check what else runs on it, then run the "
                "same command again"
            )

    def answered(self, message: Message) -> None:
        """Adds the time that the answers after this one may take."""
        match message.get("event"):
            case "ready" if self._expected:  # loading is over: its rest is not for the rounds
                self._seconds = self._took + START_S + self._rest_s()
            case "visit":
                self._visits += 1
                self._seconds += _VISIT_S + _SLOWER * min(_reported_s(message), self._since)
            case "energy":
                self._visits += 1
                self._seconds += _ENERGY_S + _SLOWER * min(_reported_s(message), self._since)
            case "round":
                self._seconds += self._rest_s()
            case _:
                return
        self._since = 0.0

    def _rest_s(self) -> float:
        """For the rest before a round."""
        hot = 2 * LONGEST_WAIT_S if self._job.limit_celsius else 0.0
        return 2 * self._job.rest_s + hot + _VISIT_S


def _reported_s(message: Message) -> float:
    """The seconds that the inferences of a visit took, as it says; 0 where that is invalid."""
    samples = message.get("ms")
    try:
        return sum(samples if isinstance(samples, list) else [samples]) / 1000
    except (TypeError, OverflowError):
        return 0.0
