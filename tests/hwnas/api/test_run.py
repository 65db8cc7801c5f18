"""Run: what the commands do, in Python."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.api.run import Run
from hwnas.core.errors import BudgetError, ConfigError, HwnasError, RunError, TableError
from hwnas.core.listener import Update
from hwnas.runs.experiment import Experiment

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: params}
device: npu.yaml
table: table.sqlite
search: {budgets: {latency: 1 s}, evaluations: 8, searchers: [random]}
"""


class Recorder:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.stages: list[tuple[str, str]] = []
        self.done: list[tuple[int, int, str]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)

    @contextmanager
    def progress(self, title: str, unit: str = "") -> Iterator[Update]:
        self.stages.append((title, unit))
        yield self._update

    @contextmanager
    def several(self, *titles: str, unit: str = "") -> Iterator[Sequence[Update]]:
        self.stages += [(title, unit) for title in titles]
        yield [self._update] * len(titles)

    def _update(self, done: int, total: int, note: str = "", below: Sequence[str] = ()) -> None:
        del below
        self.done.append((done, total, note))


@pytest.fixture
def known(npu: Path) -> Path:
    """A working folder with the config `known.yaml`, whose scores and timings are known."""
    (npu / "known.yaml").write_text(CONFIG)
    return npu


def test_a_run_is_searched_and_reported_without_a_word(
    known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.open("known.yaml")
    result = run.search()
    assert len(result.front.scores)
    assert repr(result).startswith(f"RunSearch({len(result.scores)} networks judged, ")
    report = run.report()
    assert repr(report).startswith("Report('runs/known/report.html', 'runs/known/front.svg'")
    assert (report.page, report.picture) == (
        Path("runs/known/report.html"),
        Path("runs/known/front.svg"),
    )
    assert report.page.is_file()
    assert (known / "runs/known/front.csv").is_file()
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("known")
def test_a_run_gives_the_values_of_choices_of_its_score_and_of_its_policies() -> None:
    overrides = {"search.searchers": ["mcts"], "search.evaluations": 20}
    run = Run.open("known.yaml", overrides=overrides)
    with pytest.raises(RunError):
        run.choice_values()
    result = run.search()
    own, learnt = run.choice_values(), run.choice_values("mcts")
    assert (own.of, learnt.of) == ("params", "mcts")
    best = tuple(result.front.architectures[-1].tolist())
    assert own.chosen == learnt.chosen == best
    sums = sum(one[result.architectures[:, i]] for i, one in enumerate(own.values))
    assert np.ptp(result.scores - sums) == pytest.approx(0)
    assert learnt.history is not None
    assert learnt.history.moments[-1] == len(result.scores)
    with pytest.raises(
        ConfigError, match="no values of choices of bn; there are those of params, mcts"
    ):
        run.choice_values("bn")
    page = run.report().page.read_text()
    assert "A score of params is a sum of values of choices" in page
    assert "<h3>What mcts holds of each choice</h3>" in page
    assert "exact front of a sum of choices" not in page  # it is the front itself
    # What is there already is not searched again, and is still known.
    again = Run.open("known.yaml", overrides=overrides)
    again.search()
    same = again.choice_values("mcts").history
    assert same is not None
    assert same.values.tolist() == learnt.history.values.tolist()


@pytest.mark.usefixtures("known")
def test_a_listener_is_told_of_stages_progress_notes_and_warnings() -> None:
    told = Recorder()
    Run.open("known.yaml", listener=told).search()
    assert told.stages == [("judging networks", "networks")]
    assert told.done[-1][0] == told.done[-1][1] > 0
    assert told.done[-1][2] == "random"
    assert "budget: latency ≤ 1,000 ms" in told.said
    assert told.warned[0].startswith("these latencies were never checked")


@pytest.mark.usefixtures("known")
def test_what_a_run_has_found_is_read_again_by_its_folder() -> None:
    found = Run.open("known.yaml").search()
    again = Run.open("runs/known").result()
    assert again.digest == found.digest
    assert (again.front.architectures == found.front.architectures).all()
    assert Run.open("runs/known").summary() is None  # nothing was exported


@pytest.mark.usefixtures("known")
def test_values_of_the_config_are_replaced_by_dotted_keys() -> None:
    run = Run.open("known.yaml", "runs/other", overrides={"search.evaluations": 3})
    assert len(run.search().scores) == 3
    assert Path("runs/other/front.csv").is_file()
    assert repr(run) == "Run('runs/other', space='tiny_space.yaml', device='npu.yaml')"


@pytest.mark.usefixtures("known")
def test_the_problem_of_a_search_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    problem = Experiment.problem

    def counted(self: Experiment, *rest: object) -> object:
        built.append(1)
        return problem(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Experiment, "problem", counted)
    Run.open("known.yaml").search()
    assert len(built) == 1


@pytest.mark.usefixtures("known")
def test_a_run_that_is_held_is_held_over_its_stages_and_against_others() -> None:
    run, other = Run.open("known.yaml"), Run.open("known.yaml")
    with run.held():
        run.search()
        with pytest.raises(RunError, match="another hwnas process is using runs/known"):
            other.search()
        run.report()
    other.search()


@pytest.mark.usefixtures("known")
def test_wrong_input_is_an_error_of_its_class() -> None:
    with pytest.raises(ConfigError, match=r"there is no file nowhere\.yaml"):
        Run.open("nowhere.yaml")
    with pytest.raises(TableError, match=r"there is no latency table gone\.sqlite"):
        Run.open("known.yaml", overrides={"table": "gone.sqlite"}).search()
    with pytest.raises(BudgetError, match="out of reach"):
        Run.open("known.yaml", overrides={"search.budgets": {"latency": "1 us"}}).search()
    with pytest.raises(RunError, match=r"runs/known was not searched yet"):
        Run.open("known.yaml").report()
    assert not Path("runs/known/front.csv").exists()


@pytest.mark.usefixtures("known")
def test_the_config_of_a_run_folder_is_changed_by_its_name() -> None:
    Run.open("known.yaml").search()
    with pytest.raises(RunError, match=r"to change its config, name runs/known/config\.yaml"):
        Run.open("runs/known", overrides={"search.evaluations": 3})
    run = Run.open("runs/known/config.yaml", overrides={"search.evaluations": 3})
    assert run.folder.path == Path("runs/known")


def test_a_ranking_is_returned_and_written(known: Path) -> None:
    from hwnas.spaces import load_space
    from tests.hwnas.cli.test_accuracies_of_a_csv import write_csv
    from tests.hwnas.search.problems import every_architecture

    write_csv(known / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    ranking = Run.open("known.yaml").rank("known.csv", estimators=["params"], networks=20, seeds=2)
    assert [one.name for one in ranking.ranked] == ["params"]
    written = json.loads((known / "runs/known/ranking.json").read_text())
    assert written["networks"] == [20, 20]
    assert (known / "runs/known/ranking.svg").is_file()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("stage", "arguments", "sentence"),
    [
        ("rank", {"seeds": 0}, "seeds must be a whole number from 1 on, and is 0"),
        ("rank", {"networks": -1}, "networks must be a whole number from 1 on"),
        ("rank", {"trainings": 0}, "trainings must be a whole number from 1 on"),
        ("rank", {"estimators": "sinflow"}, "there is no estimator 'sinflow'; did you mean"),
        ("profile_devices", {"devices": "local_cpus"}, "there is no device named 'local_cpus'"),
        ("export", {"weights_from": "nope"}, "weights_from must be .*, and is 'nope'"),
    ],
)
def test_a_wrong_argument_of_a_stage_is_one_sentence(
    stage: str, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(HwnasError, match=sentence):
        getattr(Run.open("known.yaml"), stage)(**arguments)
    assert not Path("runs").exists()


def test_overrides_that_are_no_dictionary_are_one_sentence() -> None:
    overrides: Any = [1]
    with pytest.raises(ConfigError, match="overrides must be a dictionary of dotted keys"):
        Run.open("quickstart", overrides=overrides)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("device", [["a"], {}, 3])
def test_a_device_that_is_no_name_is_one_sentence(device: object) -> None:
    with pytest.raises(ConfigError, match="'device' is"):
        Run.open("known.yaml", overrides={"device": device})
