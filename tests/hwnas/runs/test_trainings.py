"""Networks of an export, trained side by side by workers of a real Ray on this machine."""

import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from hwnas.api.run import Run
from hwnas.core.cache import cache_folder
from hwnas.core.errors import DivergenceError, TrainingError
from hwnas.core.listener import SILENT, Silent, Update
from hwnas.networks.ids import network_id
from hwnas.runs.config import load_run_config
from hwnas.runs.training import training_from_scratch
from hwnas.runs.training_work import Place
from hwnas.runs.trainings import Titled, Trainings
from hwnas.runs.workers import training_workers
from hwnas.search.executors.ray_workers import RayWorkers
from hwnas.training.checkpoint import load_weights
from hwnas.training.rules import Plain
from hwnas.training.single import SingleTraining
from hwnas.training.trainer import train
from tests.forks import Say, forked
from tests.hwnas.cli.conftest import Once, folder, once  # noqa: F401
from tests.hwnas.cli.conftest import _made as _made
from tests.hwnas.runs.simulated_device import no_training, simulated_device
from tests.hwnas.runs.test_exporting import searched_run
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
from tests.ray_cluster import RayCluster


class Heard(Silent):
    """Keeps warnings, and the last of each progress bar by its title."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.bars: dict[str, tuple[int, int, str]] = {}

    @override
    def warn(self, text: str) -> None:
        self.warnings.append(text)

    @override
    @contextmanager
    def progress(self, title: str, unit: str = "") -> Iterator[Update]:
        def update(done: int, total: int, note: str = "") -> None:
            self.bars[f"{title} ({unit})"] = done, total, note

        yield update


@pytest.fixture(scope="module")
def workers(ray_cluster: RayCluster) -> Iterator[RayWorkers]:
    given = RayWorkers(2, address=ray_cluster.address, threads=1, gpus=False, followed=True)
    with given as workers:
        yield workers


def void(_: object) -> None: ...


@pytest.fixture
def run(folder: Path, once: Once) -> Iterator[Run]:  # noqa: F811
    once("searched", lambda: void(searched_run(folder)))
    found = Run.open("runs/known")
    with found.held():
        yield found


def trainings_of(run: Run, count: int = 3) -> list[Titled]:
    """The trainings of networks of the front."""
    networks = run.experiment.space.networks(run.result().front.architectures[-count:])
    return [
        Titled(network_id(one), training_from_scratch(one, run.experiment, run.folder))
        for one in networks
    ]


def carried_out(run: Run, workers: RayWorkers | None, heard: Heard | None = None) -> Trainings:
    return Trainings(run.experiment, run.folder, heard or Heard(), workers)


def weights(path: Path) -> dict[str, bytes]:
    return {name: one.numpy().tobytes() for name, one in load_weights(path)[0].items()}


def alone(run: Run, training: SingleTraining) -> dict[str, bytes]:
    """The weights of the same training in this process."""
    apart = replace(training, checkpoint=run.folder.path.parent / training.checkpoint.name)
    apart.run(run.experiment.dataset.train)
    found = weights(apart.checkpoint)
    apart.checkpoint.unlink()
    return found


def test_side_by_side_networks_get_the_weights_that_they_get_one_after_another(
    run: Run, workers: RayWorkers
) -> None:
    heard, given = Heard(), trainings_of(run)
    carry_out = carried_out(run, workers, heard)
    carry_out.together([*given, given[0]])
    assert heard.bars == {"training 3 networks side by side (epochs)": (6, 6, "3 of 3 networks")}
    for one in given:
        assert weights(one.training.checkpoint) == alone(run, one.training)
    # They are read, and trained no second time, here or by workers.
    trained = carry_out("again", given[0].training)
    assert trained.state_dict().keys() == weights(given[0].training.checkpoint).keys()
    carry_out.together(given)
    assert len(heard.bars) == 1


class Recorded(Plain):
    """Notes in a file at which step it is, and may kill its process there, once."""

    def __init__(self, file: Path, ends_at: int | None = None) -> None:
        self._file, self._ends_at = file, ends_at

    @override
    def passes(self, module, inputs, target, generator, smoothing):  # type: ignore[no-untyped-def]
        steps = self._file.read_text().split() if self._file.is_file() else []
        self._file.write_text(" ".join([*steps, f"{len(inputs)}"]))
        if len(steps) == self._ends_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().passes(module, inputs, target, generator, smoothing)


def test_a_worker_that_dies_goes_on_from_the_checkpoint(
    run: Run, workers: RayWorkers, tmp_path: Path
) -> None:
    class StopError(Exception):
        pass

    def stop(step: int, steps: int, loss: float) -> None:
        del steps, loss
        if step == 2:
            raise StopError

    (one,) = trainings_of(run, 1)
    plain = one.training
    images = run.experiment.dataset.train
    with pytest.raises(StopError):  # with a checkpoint behind each step
        train(
            plain.start(),
            images,
            plain.config,
            checkpoint=plain.checkpoint,
            rule=Recorded(tmp_path / "before"),
            progress=stop,
            checkpoint_seconds=0.0,
        )
    steps = plain.config.epochs * (len(images) // plain.config.batch_size)
    recorded = replace(plain, rule=Recorded(tmp_path / "steps", ends_at=1))
    carried_out(run, workers).together([Titled("one", recorded)])
    assert weights(plain.checkpoint) == alone(run, plain)
    # Killed at its second step, it was begun twice, and each time behind the first step.
    assert len((tmp_path / "steps").read_text().split()) == 2 + steps - 1


def test_a_machine_without_the_run_folder_sends_the_weights_back(
    run: Run, workers: RayWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Place(run.folder.path.resolve(), (0, 0))
    monkeypatch.setattr(Place, "of", lambda _: nowhere)
    assert not nowhere.is_here
    (one,) = trainings_of(run, 1)
    carried_out(run, workers).together([one])
    assert weights(one.training.checkpoint) == alone(run, one.training)
    assert list((cache_folder() / "trainings").iterdir()) == []


class Diverging(Plain):
    """A training that fails."""

    @override
    def passes(self, module, inputs, target, generator, smoothing):  # type: ignore[no-untyped-def]
        raise DivergenceError("the loss is nan")


def test_what_cannot_be_trained_is_told_and_the_others_are_trained(
    run: Run, workers: RayWorkers
) -> None:
    first, second, third = trainings_of(run)
    bad = Titled("the second", replace(second.training, rule=Diverging()))
    heard = Heard()
    carry_out = carried_out(run, workers, heard)
    carry_out.together([first, bad, third])
    assert heard.warnings == ["the second failed: the loss is nan"]
    assert [one.training.is_left for one in (first, second, third)] == [False, True, False]
    with pytest.raises(TrainingError, match="the second failed: the loss is nan"):
        carry_out("again", bad.training)


def test_picks_that_workers_train_are_exported_as_without_workers(
    run: Run, workers: RayWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"winner": [0.9]})
    picks = [one.title for one in trainings_of(run, 2)]
    folders = [run.folder.export_folder(name) for name in (*picks, "reference")]

    def exported() -> list[tuple[bytes, Any]]:
        content = [json.loads((each / "verification.json").read_text()) for each in folders]
        files = [(each / "model.safetensors").read_bytes() for each in folders]
        return [(file, one["accuracy"]) for file, one in zip(files, content, strict=True)]

    run.export(picks=picks, patience=0)
    before = exported()
    shutil.rmtree(run.folder.export_folder("trained").parent)
    run.folder.summary_file.unlink()
    monkeypatch.setattr("hwnas.runs.workers.training_workers", lambda *_: workers)
    monkeypatch.setattr("hwnas.runs.trainings.with_loss", no_training)
    run.export(picks=picks, patience=0, workers=2)
    assert exported() == before


class Waiting(Plain):
    """A training that never ends."""

    @override
    def passes(self, module, inputs, target, generator, smoothing):  # type: ignore[no-untyped-def]
        threading.Event().wait()


def two_trainings(say: Say, address: str) -> None:
    """By a worker of its own; the second one waits to be killed."""
    run = Run.open("runs/known")
    first, second = trainings_of(run, 2)
    waiting = Titled("second", replace(second.training, rule=Waiting()))

    class Saying(Heard):
        @override
        @contextmanager
        def progress(self, title: str, unit: str = "") -> Iterator[Update]:
            yield lambda done, total, note="": say((done, total, note))

    workers = RayWorkers(1, address=address, threads=1, gpus=False)
    carried_out(run, workers, Saying()).together([first, waiting])


def test_a_killed_command_goes_on_with_what_is_left(
    run: Run, workers: RayWorkers, ray_cluster: RayCluster
) -> None:
    given = trainings_of(run, 2)
    with ray_cluster.node({}), forked(two_trainings, ray_cluster.address) as child:
        assert child.next() == (2, 4, "1 of 2 networks")
        child.end(signal.SIGKILL)
    assert [one.training.is_left for one in given] == [False, True]
    heard = Heard()
    carried_out(run, workers, heard).together(given)
    title = f"{given[1].title} (epochs)"
    assert heard.bars == {title: (2, 2, "1 of 1 networks")}
    assert all(weights(one.training.checkpoint) == alone(run, one.training) for one in given)


@pytest.mark.parametrize(
    ("changed", "gpus"),
    [({}, True), ({"train.device": "cpu", "fine_tune.device": "cpu"}, False)],
)
def test_trainings_get_gpus_unless_the_config_says_otherwise(
    changed: dict[str, str], gpus: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_run_config("photos", {**changed, "export.threads": 3})
    assert training_workers(config, None, None, SILENT) is None
    asked: dict[str, Any] = {}

    def made(workers: int | None, **named: Any) -> None:
        asked.update(named, workers=workers)

    monkeypatch.setattr("hwnas.search.executors.ray_workers.RayWorkers", made)
    training_workers(config, 2, "auto", SILENT)
    assert (asked["workers"], asked["address"], asked["threads"]) == (2, "auto", 3)
    assert (asked["gpus"], asked["followed"]) == (gpus, True)
