"""Runs whose supernet is trained along the paths of a policy, and searched by its values."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.api.run import Run
from hwnas.core.errors import ConfigError
from hwnas.estimators.supernet.paths import PolicyPaths
from hwnas.runs.config import load_run_config
from hwnas.runs.estimating import make_scores
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.spaces import Architectures
from tests.hwnas.cli import conftest
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_additive_estimators import CONFIG, EVERY, SPACE


@pytest.fixture
def run(folder: Path) -> Path:
    """The run of a config `known.yaml` in the working folder."""
    (folder / "small_space.yaml").write_text(SPACE)
    (folder / "tiny_space.yaml").write_text(SPACE)
    conftest.imported(folder, "npu", "table.sqlite")
    config = CONFIG.replace("NAME", "policy").replace("epochs: 1,", "epochs: 1, paths: mcts,", 1)
    (folder / "known.yaml").write_text(config)
    lines = "".join(f"{' '.join(map(str, row))},{50 + sum(row)}\n" for row in EVERY[::3].tolist())
    (folder / "truth.csv").write_text(f"architecture,accuracy\n{lines}")
    return folder / "runs/known"


def test_the_values_of_the_policy_are_searched_exactly_and_ranked(
    run: Path, terminal: Terminal
) -> None:
    trained = terminal("train", "known.yaml", "--json")
    assert trained.code == 0, trained.stderr
    assert [path.name for path in run.glob("*.safetensors")] == ["supernet.safetensors"]
    answer = terminal("search", "known.yaml", "--json")
    assert answer.code == 0, answer.stderr
    assert "which is not an accuracy" in answer.stderr
    experiment = Experiment(RunFolder(run).config())
    problem = experiment.problem(experiment.latency_model())
    rows = experiment.space.canonical(EVERY)
    rows = rows[problem.feasible(rows)]
    best = make_scores(experiment, RunFolder(run)).evaluate_architectures(rows).max()
    with (run / "front.csv").open() as file:
        assert max(float(row["policy"]) for row in csv.DictReader(file)) == pytest.approx(best)
    values = Run.of_folder(run).choice_values()
    assert values.of == "policy"
    assert values.history is not None
    assert values.history.moments.tolist() == [1]
    assert terminal("report", "runs/known").code == 0
    page = (run / "report.html").read_text()
    assert "A score of policy is a sum of values of choices: these are its own" in page
    words = ("rank", "known.yaml", "--truth", "truth.csv", "--networks", "10", "--seeds", "1")
    ranked = terminal(*words, "--estimator", "policy", "--json")
    assert ranked.code == 0, ranked.stderr
    assert set(ranked.document["estimators"]) == {"policy", "macs"}


def test_a_search_by_accuracies_shows_what_drew_the_paths_after_each_epoch(
    run: Path, terminal: Terminal
) -> None:
    changed = (
        "accuracy.estimator=supernet",
        "train.epochs=2",
        "search.searchers=[random]",
        "search.evaluations=4",
    )
    words = [word for one in changed for word in ("--set", one)]
    for command in ("train", "search"):
        answer = terminal(command, "known.yaml", *words)
        assert answer.code == 0, answer.stderr
    values = Run.of_folder(run).choice_values("train.paths")
    assert values.title == "What mcts, which drew the supernet's paths, holds of each choice"
    assert values.framed == "the best network of the front"
    assert values.history is not None
    assert values.history.moments.tolist() == [1, 2]
    assert terminal("report", "runs/known").code == 0
    assert "data-map=" in (run / "report.html").read_text()
    # What the report does not depend on may be broken.
    weights = run / "supernet.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert terminal("report", "runs/known").code == 0
    page = (run / "report.html").read_text()
    assert "data-map=" not in page
    assert "What drew the supernet&#x27;s paths is not shown: " in page
    with pytest.raises(ConfigError, match=r"of train.paths; .*supernet.safetensors is damaged"):
        Run.of_folder(run).choice_values("train.paths")


@pytest.mark.usefixtures("run")
def test_of_uniform_paths_there_are_no_values(terminal: Terminal) -> None:
    changed = "accuracy.estimator=supernet", "train.paths=uniform", "search.searchers=[random]"
    uniform = [word for one in changed for word in ("--set", one)]
    assert terminal("train", "known.yaml", *uniform).code == 0
    words = ("rank", "known.yaml", "--truth", "truth.csv", *uniform, "--estimator", "policy")
    answer = terminal(*words)
    assert answer.code == 2
    assert "supernet.safetensors were uniform, of which no values are left;" in answer.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("train.paths=mtcs", "train: there is no policy 'mtcs'; did you mean 'mcts'?"),
        ("train.paths={mcts: {explor: 1}}", "unknown key 'explor'; did you mean 'explore'?"),
        ("train.paths={mcts: {}, ddpnas: {}}", "train.paths: name one policy, as in 'paths: mcts'"),
        ("train.paths=3", "train.paths: name one policy, as in 'paths: mcts'"),
        ("train.paths=uniform", "uniform paths teach none; name another policy, such as mcts"),
        ("accuracy.estimator=bn", "accuracy.estimator: bn trains none; leave one of them out"),
        ("resolution=[8, 16]", "of a training is of one; name one resolution, or leave out paths"),
        ("fine_tune.paths=mcts", "fine_tune: paths is for a supernet; write it in train"),
        ("train.budgets={energy: 1 mJ}", "a training keeps no budget on energy (known: latency"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    run: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    answer = terminal("train", "known.yaml", "--set", words)
    assert answer.code == 2
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not run.exists()


def test_a_budget_of_a_training_that_no_network_keeps_is_refused(
    run: Path, terminal: Terminal
) -> None:
    answer = terminal("train", "known.yaml", "--set", "train.budgets={macs: 1}")
    assert answer.code == 2
    sentence = (
        "train.budgets: the macs budget of 1 MACs is out of reach: "
        "networks of small take 45,728 to 149,920"
    )
    assert sentence in answer.stderr.splitlines()[-1]
    assert not run.exists()  # which would insist on that budget
    words = "train known.yaml --set train.budgets.latency=1ms --set table=none.sqlite"
    sentence = "there is no latency table none.sqlite; make one with 'hwnas profile'"
    assert_refused(terminal, run.parent.parent, words, sentence)


@pytest.mark.parametrize("estimator", ["policy", "unas"])
def test_a_training_keeps_budgets_on_further_devices(
    run: Path, terminal: Terminal, estimator: str
) -> None:
    folder = run.parent.parent
    conftest.imported(folder, "phone", "tables/phone.sqlite", scale=7.0)
    words = ["train", "known.yaml", "--set", f"accuracy.estimator={estimator}"]
    if estimator == "unas":
        words += ["--set", "train.paths=uniform"]
    alone = terminal(*words, "--set", "train.budgets={latency@phone.yaml: 2ms}")
    assert alone.code == 2
    assert "train.budgets: latency@phone.yaml is a budget on a device that" in alone.stderr
    words += ["--set", "search.budgets={latency@phone.yaml: 2ms}"]
    tight = terminal(*words, "--set", "train.budgets={latency@phone.yaml: 0.1ms}")
    assert tight.code == 2
    assert "train.budgets: the latency@phone.yaml budget of 0.1 ms is out of reach" in tight.stderr
    assert not run.exists()
    kept = terminal(*words, "--set", "train.budgets={latency@phone.yaml: 2ms}")
    assert kept.code == 0, kept.stderr


def test_a_search_beyond_the_budgets_of_the_training_is_warned_of(
    run: Path, terminal: Terminal
) -> None:
    words = ("known.yaml", "--set", "train.budgets={macs: 100 K}")
    assert terminal("train", *words).code == 0
    searched = terminal("search", *words)
    assert searched.code == 0, searched.stderr
    warning = "the supernet was trained within macs ≤ 100,000 MACs (train.budgets)"
    assert warning in searched.stderr
    assert warning not in terminal("search", *words, "--budget", "macs=90 K").stderr
    assert RunFolder(run).front_file.exists()


@pytest.mark.usefixtures("run")
def test_a_training_keeps_a_budget_on_the_latency_of_the_device(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = Experiment(load_run_config("known.yaml"))
    problem = experiment.problem(experiment.stored_latency_model())
    bound = round(sum(problem.cost.range) / 2, 4)
    drawn: list[Architectures] = []
    learn = PolicyPaths.learn_losses

    def heard(self: PolicyPaths, paths: Architectures, losses: Any) -> None:
        drawn.append(paths)
        learn(self, paths, losses)

    monkeypatch.setattr(PolicyPaths, "learn_losses", heard)
    words = ("--set", f"train.budgets.latency={bound} ms")
    assert terminal("train", "known.yaml", *words).code == 0
    costs = problem.costs(np.concatenate(drawn))
    assert len(set(costs.tolist())) > 1
    assert costs.max() <= bound < problem.cost.range[1]
    answer = terminal("train", "known.yaml", "--set", "train.budgets.latency=1 s")
    assert answer.code == 2
    assert f"train.budgets.latency is '{bound} ms' there and '1 s' here" in answer.stderr
    assert terminal("search", "known.yaml", *words).code == 0


def test_a_run_keeps_the_policy_that_it_was_trained_with(run: Path, terminal: Terminal) -> None:
    RunFolder(run).path.mkdir(parents=True)
    RunFolder(run).adopt(load_run_config("known.yaml"))
    sentence = "train.paths is 'mcts' there and 'ddpnas' here"
    words = "train known.yaml --set train.paths=ddpnas"
    assert_refused(terminal, run.parent.parent, words, sentence)
