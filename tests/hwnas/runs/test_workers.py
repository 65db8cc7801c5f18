"""Which workers a search of a run gets."""

import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.core.listener import SILENT
from hwnas.runs.config import SearchConfig
from hwnas.runs.workers import computing_with, executor_of
from hwnas.search.executors import Executor, InProcess

BUDGETS = {"latency": "5 ms"}
LIMITED = {"budgets": BUDGETS, "limits": {"seconds": 60}}


def chosen(
    config: dict[str, object],
    workers: int | None = None,
    executor: Executor | None = None,
) -> Executor | None:
    return executor_of(SearchConfig(**config), workers, None, executor, SILENT)  # type: ignore[arg-type]


def test_without_workers_networks_are_judged_here() -> None:
    assert chosen({"budgets": BUDGETS}) is None


def test_limits_without_workers_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"add --workers 1 .* or leave search.limits out"):
        chosen(LIMITED)


def test_limits_beside_an_executor_are_refused() -> None:
    with pytest.raises(ConfigError, match="give the executor limits of its own"):
        chosen(LIMITED, executor=InProcess())


def test_workers_beside_an_executor_are_refused() -> None:
    with pytest.raises(ConfigError, match="both given; leave one of them out"):
        chosen({"budgets": BUDGETS}, 2, InProcess())


def test_a_limit_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        SearchConfig(budgets=BUDGETS, limits={"seconds": 0})  # type: ignore[arg-type]


def test_evaluations_here_compute_with_the_threads_of_the_config() -> None:
    before = torch.get_num_threads()
    with computing_with(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
