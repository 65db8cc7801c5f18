"""Workers of a real Ray on this machine, one for all tests of this file."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from hwnas.core.errors import ConfigError, RunError
from hwnas.search.evaluation import Scored
from hwnas.search.executors import ray_pool
from hwnas.search.executors.evaluation_limits import EvaluationLimits
from hwnas.search.executors.ray_pool import RayPool
from hwnas.search.executors.ray_workers import RayWorkers
from hwnas.search.journal import Journal
from hwnas.search.outcome import Candidate, Outcome
from hwnas.search.policies import POLICIES
from hwnas.search.run_search import Evaluations, run_searcher
from hwnas.search.searchers import SEARCHERS, make_searcher, needs_known_score
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys
from tests.hwnas.search.problems import macro_problem, synthetic_score
from tests.ray_cluster import runs


class Heard:
    """Keeps what is said of workers that die."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def say(self, text: str) -> None: ...

    def warn(self, text: str) -> None:
        if "no worker has a place" not in text:  # which a busy machine may say at any time
            self.warnings.append(text)


HEARD = Heard()


@pytest.fixture(scope="module")
def workers() -> Iterator[RayWorkers]:
    before = set(psutil.Process().children())
    left_by_a_killed_search = Path(tempfile.mkdtemp(prefix="hwnas-ray-"))
    (left_by_a_killed_search / "lock").touch()
    with RayWorkers(2, memory_mb=600, threads=1, store_mb=80, listener=HEARD) as workers:
        yield workers
        folder = workers.folder
        # Those of this Ray: a cluster of other tests may start processes of its own at any time.
        started = set(psutil.Process().children()) - before
        started |= {child for one in started for child in one.children(recursive=True)}
    assert folder is not None
    assert not folder.exists()
    assert not left_by_a_killed_search.exists()
    while any(map(runs, started)):
        time.sleep(0.01)


@pytest.fixture
def heard() -> list[str]:
    HEARD.warnings.clear()
    return HEARD.warnings


def candidates(count: int) -> list[Candidate]:
    return [Candidate(np.array([number, 7]), 1.0) for number in range(count)]


def outcomes(
    workers: RayWorkers, evaluate: Callable[[Candidate], Outcome], count: int
) -> list[Outcome]:
    found = dict(workers.run(evaluate, candidates(count)))
    return [found[index] for index in range(count)]


def failures(found: Sequence[Outcome]) -> list[str | None]:
    return [one.failure for one in found]


def doing(what: Callable[[], object]) -> Callable[[Candidate], Outcome]:
    """An evaluation that does something in the place of candidate 1."""

    def evaluate(candidate: Candidate) -> Outcome:
        if candidate.architecture[0] == 1:
            what()
        return Outcome(float(candidate.architecture[0]))

    return evaluate


def searched(name: str, executor: RayWorkers | None, journal: Journal | None) -> Evaluations:
    searcher = make_searcher(name, macro_problem(0.5), 30, 3)
    return run_searcher(searcher, synthetic_score, journal, executor=executor)


# Of the policies one: all are searched with by the same class.
BESIDE = [
    name
    for name in SEARCHERS.ours
    if not needs_known_score(name) and (name == "mcts" or name not in POLICIES)
]


@pytest.mark.parametrize("name", BESIDE)
def test_a_searcher_finds_the_same_with_workers(
    workers: RayWorkers, name: str, tmp_path: Path
) -> None:
    with Journal(tmp_path / "one.sqlite") as one, Journal(tmp_path / "two.sqlite") as two:
        alone, beside = searched(name, None, one), searched(name, workers, two)
        kept = [sorted(zip(*map(list, j.evaluations()), strict=True), key=str) for j in (one, two)]
    assert alone.architectures.tolist() == beside.architectures.tolist()
    assert alone.scores.tobytes() == beside.scores.tobytes()
    assert alone.front.architectures.tobytes() == beside.front.architectures.tobytes()
    assert str(kept[0]) == str(kept[1])


def test_asynchronously_what_lasts_long_holds_nothing_up(
    workers: RayWorkers, tmp_path: Path, heard: list[str]
) -> None:
    searcher = make_searcher("evolution", macro_problem(0.5), 12, 0, mode="asynchronous")
    first, *_ = make_searcher("evolution", macro_problem(0.5), 12, 0).ask().tolist()

    def score(rows: np.ndarray) -> np.ndarray:
        """The first waits for eleven others, of which one kills its worker at first."""
        (row,) = rows.tolist()
        while row == first and len(list(tmp_path.glob("ended *"))) < 11:
            time.sleep(0.01)
        killed = tmp_path / "killed"
        if row != first and len(list(tmp_path.glob("ended *"))) == 6 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return synthetic_score(rows)

    def ended(row: Architectures, _: Outcome) -> None:
        (tmp_path / f"ended {row.tolist()}").touch()

    with Journal(tmp_path / "run.sqlite") as journal:
        found = run_searcher(
            searcher, score, journal, executor=workers, heard=ended, mode="asynchronous"
        )
        assert journal.trials("evolution").asked() == found.architectures.tolist()
    assert found.architectures[-1].tolist() == first
    assert len(found.scores) == len(set(keys(found.architectures))) == 12
    assert len(heard) == 1


def test_an_exception_is_a_failure_with_its_sentence(workers: RayWorkers) -> None:
    def fail() -> None:
        raise ValueError("no such image")

    found = outcomes(workers, doing(fail), 3)
    assert failures(found) == [None, "ValueError: no such image", None]
    assert [one.score for one in found] == [0.0, None, 2.0]


def test_a_score_that_is_no_number_is_a_failure(workers: RayWorkers) -> None:
    scored = Scored(lambda rows: np.where(rows[:, 0] == 1, np.nan, 5.0))
    (_, failure, _) = failures(outcomes(workers, scored, 3))
    assert failure == "the score is nan, no number that can be compared"


def test_a_worker_that_dies_costs_one_try_of_its_evaluation(
    workers: RayWorkers, tmp_path: Path, heard: list[str]
) -> None:
    mark = tmp_path / "died"

    def die_once() -> None:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    found = outcomes(workers, doing(die_once), 4)
    assert [one.score for one in found] == [0.0, 1.0, 2.0, 3.0]
    (warning,) = heard
    assert "the process of a worker died; what it was at is tried again (2 of 3)" in warning


def test_what_kills_every_worker_is_given_up_after_two_more_tries(
    workers: RayWorkers, heard: list[str]
) -> None:
    found = outcomes(workers, doing(lambda: os.kill(os.getpid(), signal.SIGKILL)), 3)
    assert failures(found) == [
        None,
        "the process of a worker died at each of 3 tries",
        None,
    ]
    assert len(heard) == 2


def test_what_hangs_is_ended_at_its_limit(
    workers: RayWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in (1, 10, 100, 1000):  # in one of which a busy machine does the others
        monkeypatch.setattr(workers, "limits", EvaluationLimits(seconds=seconds))
        found = outcomes(workers, doing(lambda: time.sleep(10_000)), 4)
        assert failures(found)[1] == f"it took more than {seconds} s (search.limits.seconds)"
        if [one.score for one in found] == [0.0, None, 2.0, 3.0]:
            break
    else:
        pytest.fail(f"{failures(found)}")


def test_what_eats_memory_is_ended_at_its_limit(workers: RayWorkers) -> None:
    def eat() -> None:
        eaten = np.ones(10**8)
        time.sleep(1000)
        eaten.sum()

    found = outcomes(workers, doing(eat), 4)
    assert failures(found)[1] == "it had more than 600 MB of memory (search.limits.memory_mb)"
    assert [one.score for one in found] == [0.0, None, 2.0, 3.0]


def test_workers_that_died_at_rest_cost_no_try(
    workers: RayWorkers, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_pool, "_SILENCE_S", 0.0)
    pids = [int(one.score or 0) for one in outcomes(workers, lambda _: Outcome(os.getpid()), 6)]
    for pid in set(pids):
        os.kill(pid, signal.SIGKILL)
    assert [one.score for one in outcomes(workers, doing(int), 3)] == [0.0, 1.0, 2.0]
    assert heard == []


def test_the_searchers_of_a_run_send_their_score_once(
    workers: RayWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    load = RayPool.load
    monkeypatch.setattr(RayPool, "load", lambda pool, one: (sent.append(one), load(pool, one)))
    for name in ("random", "nsga2"):
        searched(name, workers, None)
    assert len(sent) <= 1  # none where the test before has sent it


def test_an_interrupted_search_leaves_workers_for_the_next(workers: RayWorkers) -> None:
    running = workers.run(doing(int), candidates(8))
    next(running)
    running.close()
    assert [one.score for one in outcomes(workers, doing(int), 3)] == [0.0, 1.0, 2.0]


def test_it_says_what_each_worker_is_at(workers: RayWorkers) -> None:
    states = []
    for index, _ in workers.run(lambda _: Outcome(1.0), candidates(4)):
        states = workers.workers()
        assert f"{index} 7" in [state.at for state in states]  # which has ended just now
    assert [state.at for state in workers.workers()] == ["", ""]
    assert [state.name for state in states] == ["worker 1", "worker 2"]
    assert any(state.host for state in states)


def test_a_score_that_cannot_be_sent_is_refused(workers: RayWorkers) -> None:
    lock = threading.Lock()
    with pytest.raises(RunError, match="cannot be sent to workers"):
        outcomes(workers, doing(lambda: lock), 2)


def test_where_nothing_answers_no_cluster_is_joined() -> None:
    with pytest.raises(RunError, match=r"cluster '127\.0\.0\.1:1' cannot be joined \(Conn"):
        RayWorkers(2, address="127.0.0.1:1").__enter__()


@pytest.mark.parametrize("address", ["here", "ray://:10001", "host:70000"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="is no address of a Ray cluster; write auto"):
        RayWorkers(address=address).__enter__()


def test_without_ray_a_command_to_install_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwnas.core.ray_session.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"run \"pip install 'hwnas\[ray\]'\""):
        RayWorkers(2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"workers": 0}, "workers is 0; give a whole number of 1 or more"),
        ({}, "give the number of workers, or the address of a Ray cluster"),
        ({"workers": 1, "seconds": -1.0}, "seconds"),
    ],
)
def test_numbers_that_cannot_be_are_refused(arguments: dict[str, float], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        RayWorkers(**arguments)  # type: ignore[arg-type]
