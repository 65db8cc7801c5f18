import numpy as np
import pytest
import torch

from hwnas.core.errors import RunError
from hwnas.data.preprocessing import to_input
from hwnas.estimators.blockwise.ratings import rate_stages
from hwnas.estimators.blockwise.rule import relative_error
from hwnas.estimators.blockwise.teacher import Teacher
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.spaces.extremes import largest
from hwnas.supernet.stage_student import StageStudent
from tests.hwnas.supernet.helpers import images, randomise, state_bytes
from tests.hwnas.supernet.small_space import small_space
from tests.hwnas.training.test_trainer import KilledError


@pytest.fixture
def student(tmp_path):
    student = StageStudent(small_space(tmp_path), seed=1).eval()
    randomise(student, seed=2)
    return student


@pytest.fixture
def teacher(student):
    network = NetworkModule(student.stages.space.network(largest(student.stages.space)))
    randomise(network)
    return Teacher(network, student.stages.space)


def test_every_path_has_the_loss_that_it_has_on_its_own(tmp_path, student, teacher):
    split = images(40, 8)
    losses = rate_stages(student, teacher, split.images, tmp_path / "ratings")
    assert [len(each) for each in losses] == student.stages.choice_counts.tolist()
    inputs = to_input(split.images[np.random.default_rng(0).permutation(40)])
    features = [inputs, *teacher.features(inputs)]
    student.train()
    for stage, paths in enumerate(student.stages.paths):
        for number in range(len(paths)):
            with torch.no_grad():
                found = student(features[stage], stage, paths[number])
            loss = float(relative_error(found, features[stage + 1]))
            assert losses[stage][number] == pytest.approx(loss, rel=1e-5)


def test_images_are_normalised_as_the_teacher_takes_them(tmp_path):
    space = small_space(tmp_path)
    halves = Conventions(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    network = NetworkModule(space.network(largest(space)), conventions=halves)
    randomise(network)
    teacher = Teacher(network, space)
    student = StageStudent(space, 1, teacher.conventions)
    split = images(40, 8)
    losses = rate_stages(student, teacher, split.images, tmp_path / "ratings")
    inputs = to_input(split.images[np.random.default_rng(0).permutation(40)], halves)
    with torch.no_grad():
        found = student.train()(inputs, 0, student.stages.paths[0][0])
    loss = float(relative_error(found, teacher.features(inputs)[0]))
    assert losses[0][0] == pytest.approx(loss, rel=1e-5)


def test_rating_leaves_the_student_as_it_was(tmp_path, student, teacher):
    before = state_bytes(student)
    rate_stages(student, teacher, images(20, 8).images, tmp_path / "ratings")
    assert state_bytes(student) == before
    assert not student.training
    assert {m.momentum for m in student.modules() if hasattr(m, "momentum")} == {0.1}


def test_a_rating_that_stops_goes_on_and_ends_alike(tmp_path, student, teacher, monkeypatch):
    # Three batches, so that a stop falls between them and within.
    monkeypatch.setattr("hwnas.estimators.blockwise.ratings._BATCH", (8, 8))
    pixels = images(24, 8).images

    def rate(file, kill_at=None):
        def progress(done, total):
            steps.append((done, total))
            if done == kill_at:
                raise KilledError

        steps: list[tuple[int, int]] = []
        path = tmp_path / file
        return rate_stages(
            student, teacher, pixels, path, progress=progress, save_seconds=0.0
        ), steps

    whole, steps = rate("whole")
    total = 3 * int(student.stages.choice_counts.sum())
    assert steps == [(done, total) for done in range(1, total + 1)]
    first = len(student.stages.paths[0])
    for kill_at in (4, first, first + 1, 3 * first, 3 * first + 11):
        with pytest.raises(KilledError):
            rate("parts", kill_at)
    parts, rest = rate("parts")
    assert len(rest) < total - 3 * first
    for one, other in zip(whole, parts, strict=True):
        assert (one == other).all()
    again, none = rate("parts")
    assert none == []
    assert (again[1] == whole[1]).all()


def test_ratings_of_something_else_are_not_taken(tmp_path, student, teacher):
    file, pixels = tmp_path / "ratings", images(20, 8).images
    rate_stages(student, teacher, pixels, file)
    with pytest.raises(RunError, match="other weights or images; delete it"):
        rate_stages(student, teacher, images(20, 8, seed=1).images, file)
    other = StageStudent(student.stages.space, seed=5).eval()
    with pytest.raises(RunError, match="other weights or images; delete it"):
        rate_stages(other, teacher, pixels, file)
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(RunError, match="damaged"):
        rate_stages(student, teacher, pixels, file)


def test_weights_that_are_no_numbers_are_refused(tmp_path, student, teacher):
    with torch.no_grad():
        next(student.parameters())[:] = torch.nan
    with pytest.raises(RunError, match="stage 1 has a loss of nan; train the stages again"):
        rate_stages(student, teacher, images(20, 8).images, tmp_path / "ratings")
