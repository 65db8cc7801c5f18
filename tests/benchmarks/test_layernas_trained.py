"""The benchmark of LayerNAS with trained candidates."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.layernas_trained import SPACE, figures, quick
from benchmarks.trained_networks import SEARCHERS
from hwnas.data import load_dataset
from hwnas.objectives.costs import MACS
from hwnas.search.run_search import run_search
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, load_space


def refuse(*_: Any, **__: Any) -> None:
    raise AssertionError("a network is trained")


def test_winners_keep_the_budget_and_nothing_is_trained_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = quick(tmp_path)
    bench = replace(bench, plan=replace(bench.plan, share=0.6))
    found = figures(bench)
    assert list(found["searchers"]) == list(SEARCHERS)
    for one in found["searchers"].values():
        assert one["trainings"] == [bench.plan.evaluations]
        assert max(one["macs"]) <= 0.6 * Trellis.of(bench.space, MACS).range[1]
        assert one["best"][0] <= found["best"]
    monkeypatch.setattr("hwnas.estimators.candidates.staged.train_network", refuse)
    assert figures(bench) == found
    json.dumps(found)


def test_winners_are_judged_by_images_that_no_searcher_saw(tmp_path: Path) -> None:
    images = load_dataset("digits", resolution=8, limit=100)
    threes, fives = (replace(images.train, labels=np.full(len(images.train), n)) for n in (3, 5))
    bench = quick(tmp_path)
    bench = replace(
        bench,
        dataset=replace(images, train=threes, validation=threes, test=fives),
        plan=replace(bench.plan, epochs=4, final_epochs=4),
    )
    row = bench.space.sample(np.random.default_rng(0), 1)
    assert bench.again(row, 0) == 100
    assert bench.final(row) == 0


def test_the_published_sweep_is_hardly_shortened(tmp_path: Path) -> None:
    """With as many evaluations as it likes it takes little more than the benchmark allows."""
    bench = replace(quick(tmp_path), space=load_space(str(SPACE)))
    assert bench.space.size == 729

    def score(rows: Architectures) -> np.ndarray[Any, Any]:
        return np.asarray(bench.problem.costs(rows))

    name, settings = SEARCHERS["layernas, as published"]
    found = run_search(
        bench.problem, score, searcher=name, settings=settings, evaluations=1000,
        of="architectures", together=True,
    )  # fmt: skip
    assert len(found.scores) < 200
