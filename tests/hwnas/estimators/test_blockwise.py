import numpy as np
import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.data.preprocessing import to_input
from hwnas.estimators.blockwise.rule import Blockwise, relative_squared_error
from hwnas.estimators.blockwise.teacher import Teacher, stage_ends
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import load_space, reference_network
from hwnas.spaces.extremes import largest
from hwnas.supernet.stage_student import StageStudent
from hwnas.supernet.supernet import Supernet
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import train
from tests.hwnas.supernet.helpers import images, randomise, state_bytes
from tests.hwnas.supernet.small_space import small_space
from tests.hwnas.training.test_trainer import KilledError

CONFIG = TrainConfig(epochs=2, batch_size=16, learning_rate=0.05, crop_padding=2)


@pytest.fixture
def space(tmp_path):
    return small_space(tmp_path)


@pytest.fixture
def teacher(space):
    network = NetworkModule(space.network(largest(space)))
    randomise(network)
    return Teacher(network, space)


def test_the_teacher_is_the_largest_network_and_its_features_end_the_stages(space):
    network = space.network(largest(space))
    assert (space.architecture(network) == space.choice_counts - 1).all()
    assert stage_ends(network, space) == [2, 4]  # stem, two blocks, two blocks, head
    module = NetworkModule(network).eval()
    inputs = to_input(images(3, 8).images)
    with torch.no_grad():
        partial = [*module.children()][:3]
        first = torch.nn.Sequential(*partial)(inputs)
    features = Teacher(module, space).features(inputs)
    assert [tuple(f.shape) for f in features] == [(3, 8, 8, 8), (3, 12, 4, 4)]
    assert torch.equal(features[0], first)


def test_a_teacher_may_be_another_network_with_features_of_these_shapes():
    space = load_space("mobilenet_v3_large", resolution=64, classes=10)
    published = reference_network("mobilenet_v3_large", resolution=64, classes=10)
    with pytest.raises(ValueError, match="not in"):
        space.architecture(published)
    assert stage_ends(published, space) == [3, 6, 10, 12, 15]


def test_a_teacher_without_such_features_is_refused(space):
    other = load_space("nas_bench_macro", resolution=8)
    whole = load_space("nas_bench_macro")
    with pytest.raises(ConfigError, match="no features of its own for stage 1 of small,"):
        stage_ends(other.network(largest(other)), space)
    with pytest.raises(ConfigError, match="takes images of 32 pixels and small of 8"):
        stage_ends(whole.network(largest(whole)), space)


def test_the_stages_one_after_the_other_are_the_supernet_without_its_head(space):
    student = StageStudent(space).eval()
    randomise(student)
    inputs = to_input(images(4, 8).images)
    for row in space.sample(np.random.default_rng(1), 6):
        x = inputs
        for stage, slots in enumerate(student.stages.slots):
            x = student(x, stage, row[slots])
        wanted = inputs
        for module, block in student.supernet.path(row)[:-1]:
            wanted = module(wanted, block)
        assert torch.equal(x, wanted)


def test_each_stage_is_given_the_features_of_the_teacher_before_it(space, teacher):
    calls = []

    class Recorder(torch.nn.Module):
        def forward(self, x, stage, path):
            calls.append((x, stage, path))
            return wanted[stage] + 1

    inputs = to_input(images(5, 8).images)
    wanted = teacher.features(inputs)
    rule, target = Blockwise(teacher), torch.zeros(5, dtype=torch.int64)
    paths = []
    for step in range(12):
        passes = rule.passes(Recorder(), inputs, target, np.random.default_rng(step), 0.1)
        assert len(passes) == 2
        losses = [run() for run in passes]
        (first, _, one), (second, _, other) = calls[-2:]
        assert torch.equal(first, inputs)
        assert torch.equal(second, wanted[0])
        row = np.concatenate((one, other))[None]
        assert (space.canonical(row) == row).all()
        paths.append(row[0])
        expected = [1 / features.var() for features in wanted]
        torch.testing.assert_close(losses, expected)
    assert len(np.unique(paths, axis=0)) > 8


def test_a_step_reaches_the_weights_of_its_paths_and_no_head(space, teacher):
    student = StageStudent(space)
    inputs, target = to_input(images(8, 8).images), torch.zeros(8, dtype=torch.int64)
    for run in Blockwise(teacher).passes(student, inputs, target, np.random.default_rng(0), 0.0):
        run().backward()
    reached = {name.split(".")[1] for name, p in student.named_parameters() if p.grad is not None}
    assert {"prefix0", "slot0"} <= reached
    assert "suffix0" not in reached


def test_the_error_is_one_for_the_mean_and_none_for_the_features_themselves():
    wanted = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0)) * 7 + 3
    constant = wanted.mean().expand_as(wanted)
    assert float(relative_squared_error(constant, wanted)) == pytest.approx(1, rel=1e-2)
    assert float(relative_squared_error(wanted, wanted)) == 0


def test_stages_learn_the_teacher_and_a_training_that_stops_goes_on_bit_for_bit(
    tmp_path, space, teacher
):
    split = images(64, 8)

    def trained(file, kill_at=None, losses=None):
        def progress(step, steps, loss):
            del steps
            if losses is not None:
                losses.append(loss)
            if step == kill_at:
                raise KilledError

        student = StageStudent(space)
        config = CONFIG.model_copy(update={"epochs": 8, "learning_rate": 0.2})
        train(
            student,
            split,
            config,
            checkpoint=tmp_path / file,
            rule=Blockwise(teacher),
            progress=progress,
            checkpoint_seconds=0.0,
        )
        return student

    losses: list[float] = []
    whole = trained("whole", losses=losses)
    with pytest.raises(KilledError):
        trained("parts", kill_at=7)
    assert state_bytes(trained("parts")) == state_bytes(whole)
    assert losses[-1] < 0.8 * losses[0]


def test_a_student_is_another_module_than_its_supernet(space):
    assert StageStudent(space).identity != Supernet(space).identity
    assert StageStudent(space).identity == StageStudent(space, seed=3).identity
