"""Budgets, paths and sentences of ensembles."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from hwnas.api.run import Run
from hwnas.core.errors import BudgetError, RunError
from hwnas.core.listener import Silent
from hwnas.export.layout import ENSEMBLE
from hwnas.networks.ensemble import Ensemble
from hwnas.objectives.statistics.intervals import Paired
from hwnas.runs.ensembles.budget import latency_budget, predicted_ms, within_latency
from hwnas.runs.ensembles.form import read_ensemble
from hwnas.runs.ensembles.of_supernet import shared_blocks
from hwnas.runs.ensembles.paths import Paths
from hwnas.runs.ensembles.verdict import ensemble_verdict
from hwnas.supernet.supernet import Supernet
from tests.hwnas.cli.conftest import Once, _made, folder, once  # noqa: F401
from tests.hwnas.runs.test_exporting import searched_run


@pytest.fixture
def run(folder: Path, once: Once) -> Run:  # noqa: F811
    once("searched by parameters", lambda: searched_run(folder) and None)
    return Run.open("runs/known")


class Told(Silent):
    """Keeps warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def test_a_trunk_and_the_overhead_count_once(run: Run) -> None:
    latency, space = run.experiment.latency_model(), run.experiment.space
    first = np.ones(len(space.choice_counts), dtype=np.int64)
    second = first.copy()
    second[-1] = 0
    networks = space.networks(np.stack([first, second]))
    alone = latency.predict(networks)
    overhead = latency.of(networks[0]).correction.overhead
    apart, shared = Ensemble.of(networks), Ensemble.of(networks, 3)
    assert predicted_ms(latency, apart) == pytest.approx(alone.sum() - overhead)
    trunk = sum(map(latency.of(networks[0]).block_value, networks[0][:3]))
    assert predicted_ms(latency, shared) == pytest.approx(alone.sum() - overhead - trunk)


def test_a_budget_is_read_as_a_latency_with_or_without_its_name() -> None:
    for text in ("latency=2 ms", "2 ms", "latency = 2000 us"):
        found = latency_budget(text)
        assert found is not None
        assert found.bound(None) == pytest.approx(2)
    assert latency_budget(None) is None
    with pytest.raises(BudgetError, match="not on 'energy'"):
        latency_budget("energy=3 mJ")


def test_another_budget_makes_another_front_of_all_that_was_judged(run: Run) -> None:
    latency, result, told = run.experiment.latency_model(), run.result(), Told()
    front = result.front.costs
    limit = float(front[len(front) // 2])
    less = within_latency(run.experiment, latency, result, latency_budget(f"{limit!r} ms"), told)
    assert less.front.costs.tolist() == front[front <= limit].tolist()
    assert told.warnings == []
    assert within_latency(run.experiment, latency, result, None, told) is result
    more = within_latency(run.experiment, latency, result, latency_budget("5 ms"), told)
    assert more.front.costs[-1] >= front[-1]
    assert "favours the ensemble" in told.warnings[0]


def test_the_paths_of_a_group_share_their_first_choices_and_two_fit(run: Run) -> None:
    latency, space = run.experiment.latency_model(), run.experiment.space
    paths = Paths(space, latency, run.result(), 1.0)
    groups = list(paths.groups(3, 80, 8))
    assert len({group.split for group in groups}) > 1
    supernet = Supernet(space)
    for group in groups:
        assert (space.canonical(group.paths) == group.paths).all()
        assert len(np.unique(group.paths, axis=0)) == len(group.paths) > 1
        networks = space.networks(group.paths)
        own = [supernet.path(row) for row in group.paths]
        least = []
        for pair in itertools.combinations(range(len(own)), 2):
            shared = shared_blocks([own[index] for index in pair])
            assert shared >= len(space.members[0].prefix)
            one = Ensemble.of([networks[index] for index in pair], shared)
            least.append(predicted_ms(latency, one) or np.inf)
        assert min(least) <= 1.15
    assert list(Paths(space, latency, run.result(), 0.5 * paths.least_ms()).groups(3, 80, 8)) == []


def test_what_all_paths_begin_with_counts_once_wherever_they_part(run: Run) -> None:
    latency, space, result = run.experiment.latency_model(), run.experiment.space, run.result()
    networks = space.networks(result.architectures)
    start = len(space.members[0].prefix)
    shared = latency.predict([network[:start] for network in networks])  # and the overhead
    least = float((2 * latency.predict(networks) - shared).min())
    (group,) = Paths(space, latency, result, least + 1e-9).groups(2, 6, 6)
    assert group.split == 0
    assert not list(Paths(space, latency, result, least - 1e-9).groups(2, 6, 6))


@pytest.mark.parametrize(("members", "paths"), [(3, 2), (3, 12), (16, 60), (16, 4), (2, 5)])
def test_no_more_paths_are_drawn_than_are_asked_for(run: Run, members: int, paths: int) -> None:
    latency, space = run.experiment.latency_model(), run.experiment.space
    groups = list(Paths(space, latency, run.result(), 50.0).groups(members, paths, 3 * members))
    assert 2 <= sum(len(group.paths) for group in groups) <= paths
    assert all(len(group.paths) > 1 for group in groups)


def test_equal_blocks_of_other_weights_are_not_shared(run: Run) -> None:
    space = run.experiment.space
    row = np.ones(len(space.choice_counts), dtype=np.int64)
    one, other = Supernet(space, 0), Supernet(space, 1)
    assert shared_blocks([one.path(row), one.path(row)]) == len(one.path(row)) - 1
    assert shared_blocks([one.path(row), other.path(row)]) == 0


def test_a_verdict_is_as_sure_as_the_images() -> None:
    better = ensemble_verdict(Paired(900, 60, 10, 30), 1.0, 2.0)
    assert better.startswith("the ensemble is worth it: 5.0 points more accurate than the best")
    assert better.endswith("in 50 % less time")
    unknown = ensemble_verdict(Paired(90, 3, 2, 5), 1.0, 1.01)
    assert unknown.startswith("whether the ensemble is worth it is not known: 1.0 points more")
    assert unknown.endswith("in as much time")
    worse = ensemble_verdict(Paired(90, 2, 3, 5), None, 1.0)
    assert worse.startswith("the ensemble is not worth it: 1.0 points less accurate than")
    hardly = ensemble_verdict(Paired(9000, 10, 8, 982), None, None)
    assert ": less than 0.1 points more accurate than the best" in hardly
    assert ensemble_verdict(Paired(90, 2, 2, 6), 2.0, 1.0).count("as accurate as the best") == 1


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    assert read_ensemble(tmp_path) is None
    for content in (b"", b"{", b'{"source": 3}', b"[]", b"\xff"):
        (tmp_path / ENSEMBLE).write_bytes(content)
        with pytest.raises(RunError, match=r"ensemble.json is damaged"):
            read_ensemble(tmp_path)
