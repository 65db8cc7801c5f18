"""Searches by batch norms, rated stages and learnt logits: trained, searched exactly, exported."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from hwnas.api.run import Run
from hwnas.runs.estimating import make_scores
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.spaces import load_space
from hwnas.training.exported import read_network
from tests.hwnas.cli.conftest import Terminal, assert_refused

CONFIG = """
space: small_space.yaml
data: {source: digits, limit: 150}
accuracy: {estimator: NAME}
device: npu.yaml
table: table.sqlite
train: {epochs: 1, batch_size: 32, learning_rate: 0.1, flip: false, crop_padding: 1}
fine_tune: {epochs: 1, batch_size: 32, learning_rate: 0.05, flip: false, crop_padding: 1}
search: {budgets: {latency: 0.3 ms}, evaluations: 50, searchers: [exact_front]}
"""
SPACE = """
name: small
resolution: 16
classes: 10
stem: {channels: 8, activation: relu}
stages:
  - {channels: 8, depth: [1, 2], kernels: [3, 5], expansions: [2], activation: relu}
  - {channels: 16, stride: 2, depth: [0, 2], kernels: [3, 5], expansions: [2], activation: relu}
head: {features: 16, activation: relu}
"""
EVERY = np.array(
    [(a, b, c, d) for a in (0, 1) for b in range(3) for c in range(3) for d in range(3)]
)
"""Of the small space, some twice."""
FILES = {
    "bn": {"norms.safetensors"},
    "blockwise": {"teacher.safetensors", "stages.safetensors", "ratings.safetensors"},
    "unas": {"architecture.safetensors"},
}


@pytest.fixture(params=FILES)
def estimator(request: pytest.FixtureRequest, folder: Path) -> str:
    """An additive estimator, with a config `known.yaml` of it in the working folder."""
    from tests.hwnas.cli import conftest

    (folder / "small_space.yaml").write_text(SPACE)
    (folder / "tiny_space.yaml").write_text(SPACE)
    conftest.imported(folder, "npu", "table.sqlite")
    (folder / "known.yaml").write_text(CONFIG.replace("NAME", request.param))
    return str(request.param)


def test_the_front_is_that_of_all_networks(
    estimator: str, folder: Path, terminal: Terminal
) -> None:
    trained = terminal("train", "known.yaml", "--json")
    assert trained.code == 0, trained.stderr
    run = folder / "runs/known"
    assert {path.name for path in run.glob("*.safetensors")} == FILES[estimator]
    assert Path(next(iter(trained.document.values()))).name in FILES[estimator]
    again = terminal("train", "known.yaml", "--json")
    assert (again.code, again.document["images"]) == (0, 0)
    answer = terminal("search", "known.yaml", "--json")
    assert answer.code == 0, answer.stderr
    assert "which is not an accuracy" in answer.stderr
    assert ("skips adding 0" in answer.stderr) == (estimator == "bn")
    experiment = Experiment(RunFolder(run).config())
    made = make_scores(experiment, RunFolder(run))
    problem = experiment.problem(experiment.latency_model())
    rows = np.unique(experiment.space.canonical(EVERY), axis=0)
    rows = rows[problem.feasible(rows)]
    assert 5 < len(rows) < experiment.space.size
    scores, costs = made.evaluate_architectures(rows), problem.costs(rows)
    wanted = {
        tuple(row)
        for row, score, cost in zip(rows.tolist(), scores, costs, strict=True)
        if not any(
            (s >= score and c <= cost) and (s > score or c < cost)
            for s, c in zip(scores, costs, strict=True)
        )
    }
    with (run / "front.csv").open() as file:
        found = {tuple(map(int, row["architecture"].split())) for row in csv.DictReader(file)}
    assert found == wanted
    values = Run.of_folder(run).choice_values()
    assert (values.of, values.framed) == (estimator, "the best network of the front")
    own = made.choice_values()
    assert all(map(np.array_equal, values.values, own.values))
    over = "the mean over the paths of its stage" in " ".join(values.notes)
    assert over == (estimator == "blockwise")
    exported = terminal("export", "runs/known", "--json")
    assert exported.code == 0, exported.stderr
    assert "from scratch" in exported.stderr
    assert json.loads((run / "export/winner/config.json").read_text())["resolution"] == 16
    framed = Run.of_folder(run).choice_values()
    assert framed.framed == "the exported winner"
    assert framed.chosen in found


def test_nothing_is_searched_before_it_is_trained(
    estimator: str, folder: Path, terminal: Terminal
) -> None:
    weights = {"bn": "norms", "blockwise": "ratings", "unas": "architecture"}[estimator]
    command = f"hwnas train --estimator {estimator}"
    sentence = f"has no trained {weights}; run '{command}' with the same config first"
    assert_refused(terminal, folder, "search known.yaml", sentence)


def test_published_weights_are_refused_where_no_supernet_is_trained(
    estimator: str, folder: Path, terminal: Terminal
) -> None:
    sentence = f"accuracy.estimator: {estimator} trains none; leave one of them out"
    assert_refused(terminal, folder, "train known.yaml --set from_ofa=ofa.safetensors", sentence)


def test_a_network_that_was_exported_can_be_the_teacher(folder: Path, terminal: Terminal) -> None:
    (folder / "small_space.yaml").write_text(SPACE)
    (folder / "known.yaml").write_text(CONFIG.replace("NAME", "blockwise"))
    from hwnas.export.writer import as_json
    from hwnas.networks.blocks import block_to_dict
    from hwnas.networks.modules import NetworkModule
    from hwnas.training.checkpoint import save_weights

    space = load_space("small_space.yaml")
    network = NetworkModule(space.network(np.array([1, 2, 1, 0])), seed=4)
    teacher = folder / "teacher"
    save_weights(teacher / "model.safetensors", network.state_dict(), {})
    blocks = {"blocks": [block_to_dict(block) for block in network.blocks]}
    (teacher / "config.json").write_text(as_json(blocks))
    assert read_network(teacher).identity == network.identity
    words = "train known.yaml --set accuracy.teacher=teacher"
    answer = terminal(*words.split())
    assert answer.code == 0, answer.stderr
    run = folder / "runs/known"
    made = {path.name for path in run.glob("*.safetensors")}
    assert made == {"stages.safetensors", "ratings.safetensors"}
    (teacher / "model.safetensors").write_bytes(b"short")
    assert_refused(terminal, folder, words, "teacher holds no whole exported network")
    (teacher / "config.json").unlink()
    assert_refused(terminal, folder, words, "cannot read teacher/config.json")
    words = "train known.yaml --set accuracy.estimator=bn --set accuracy.teacher=teacher"
    assert_refused(terminal, folder, words, "estimator: bn has no teacher; leave it out")


def test_another_selector_reads_what_is_trained_already(folder: Path, terminal: Terminal) -> None:
    from tests.hwnas.cli import conftest

    (folder / "small_space.yaml").write_text(SPACE)
    (folder / "tiny_space.yaml").write_text(SPACE)
    conftest.imported(folder, "npu", "table.sqlite")
    (folder / "known.yaml").write_text(CONFIG.replace("NAME", "darts"))
    assert terminal("train", "known.yaml").code == 0
    weights = (folder / "runs/known/architecture.safetensors").read_bytes()
    words = ("known.yaml", "--set", "accuracy.relaxation.selector=perturbation")
    early = terminal("search", *words)
    assert early.code == 2
    assert "are not judged by perturbation yet; run 'hwnas train' again" in early.stderr
    assert terminal("train", *words).code == 0
    assert (folder / "runs/known/architecture.safetensors").read_bytes() == weights
    answer = terminal("search", *words, "--json")
    assert answer.code == 0, answer.stderr
    assert terminal("report", "runs/known").code == 0
    page = (folder / "runs/known/report.html").read_text()
    assert "loss without its choices, by perturbation" in page
