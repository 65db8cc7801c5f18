"""Searches on a real Ray cluster, of two nodes on this machine and one that is killed."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.listener import Silent
from hwnas.search.executors.ray_workers import RayWorkers
from hwnas.search.journal import Journal
from hwnas.search.run_search import Evaluations, run_searcher
from hwnas.search.searchers import make_searcher
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import macro_problem, synthetic_score
from tests.ray_cluster import RayCluster, raylet_of

Score = Callable[[Architectures], NDArray[np.float64]]


class Heard(Silent):
    """Keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def searched(score: Score, journal: Path, executor: RayWorkers | None = None) -> Evaluations:
    searcher = make_searcher("nsga2", macro_problem(0.5), 60, 3)
    with Journal(journal) as held:
        return run_searcher(searcher, score, held, executor=executor)


def meeting(folder: Path, many: int) -> Score:
    """A score that first waits until so many nodes have begun with one."""

    def score(rows: Architectures) -> NDArray[np.float64]:
        (folder / os.environ["RAY_RAYLET_PID"]).touch()
        while len(list(folder.iterdir())) < many:
            time.sleep(0.01)
        return synthetic_score(rows)

    return score


def same(one: Evaluations, other: Evaluations) -> bool:
    return [part.tobytes() for part in parts(one)] == [part.tobytes() for part in parts(other)]


def parts(found: Evaluations) -> Sequence[NDArray[Any]]:
    front = found.front
    return found.architectures, found.scores, front.architectures, front.scores, front.costs


def test_a_search_on_two_nodes_finds_what_one_here_finds(
    ray_cluster: RayCluster, tmp_path: Path
) -> None:
    (tmp_path / "marks").mkdir()
    images, together = np.zeros(10**7, np.uint8), meeting(tmp_path / "marks", 2)

    def score(rows: Architectures) -> NDArray[np.float64]:
        assert not images.flags.owndata  # the node has them once, and its workers no copies
        return together(rows)

    with RayWorkers(2, address=ray_cluster.address, threads=1) as workers:
        beside = searched(score, tmp_path / "beside.sqlite", workers)
    nodes = {int(path.name) for path in (tmp_path / "marks").iterdir()}
    assert nodes == {raylet_of(ray_cluster.head), raylet_of(ray_cluster.other)}
    assert same(beside, searched(synthetic_score, tmp_path / "alone.sqlite"))


def test_a_node_that_is_killed_costs_nothing_but_its_evaluation(
    ray_cluster: RayCluster, tmp_path: Path
) -> None:
    (tmp_path / "marks").mkdir()
    begun, heard = tmp_path / "begun", Heard()

    with ray_cluster.node({}) as node:
        # The others wait for it, so that it has one to do.
        doomed, together = raylet_of(node), meeting(tmp_path / "marks", 3)

        def score(rows: Architectures) -> NDArray[np.float64]:
            if int(os.environ["RAY_RAYLET_PID"]) == doomed:
                begun.write_text(" ".join(map(str, rows[0])))
                time.sleep(10_000)
            return together(rows)

        def kill() -> None:
            while not begun.exists():
                time.sleep(0.01)
            (tmp_path / "marks" / str(doomed)).touch()
            ray_cluster.kill(node)

        killer = threading.Thread(target=kill)
        killer.start()
        address = ray_cluster.address
        with RayWorkers(3, address=address, threads=1, listener=heard) as workers:
            beside = searched(score, tmp_path / "beside.sqlite", workers)
        killer.join()
    assert same(beside, searched(synthetic_score, tmp_path / "alone.sqlite"))
    tried_again = [text for text in heard.warnings if "tried again (2 of 3)" in text]
    assert len(tried_again) == 1
    with Journal(tmp_path / "beside.sqlite") as journal:
        assert journal.outcomes.unfinished == {}
