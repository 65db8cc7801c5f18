"""A supernet of what is left of a space has the weights of the whole."""

import numpy as np
import pytest
import torch

from hwnas.spaces import SearchSpace, load_space
from hwnas.spaces.shrunk import kept_of, shrunk_space, whole_of
from hwnas.supernet.stage_student import StageStudent
from hwnas.supernet.supernet import Supernet


@pytest.mark.parametrize("given", [{"resolution": 16}, {"resolution": [16, 24], "width": [0.5, 1]}])
def test_weights_of_the_whole_space_fit_as_they_are(given: dict[str, object]) -> None:
    space = load_space("nas_bench_macro", classes=3, **given)  # type: ignore[call-overload]
    kept = [list(some) for some in kept_of(space)]
    kept[0], kept[3], kept[4] = [2], [0, 2], [0, 1]
    left = shrunk_space(space, kept)
    assert whole_of(left) == space
    whole = Supernet(space, seed=1)
    supernet = Supernet(left, seed=2)
    supernet.load_state_dict(whole.state_dict())
    assert supernet.identity != whole.identity
    rows = left.sample(np.random.default_rng(0), 6)
    for row, numbers in zip(rows, left.numbers_of(rows), strict=True):
        own, its = supernet.extract(row), whole.extract(numbers)
        assert own.blocks == its.blocks == left.network(row)
        for name, tensor in own.state_dict().items():
            assert torch.equal(tensor, its.state_dict()[name])


def test_stages_of_a_student_are_those_of_the_supernet_behind_a_slot_that_is_always_skipped() -> (
    None
):
    space = load_space("nas_bench_macro", classes=3, resolution=16)
    kept = [list(some) for some in kept_of(space)]
    kept[1], kept[3] = [0], [2]
    left = shrunk_space(space, kept)
    assert isinstance(left, SearchSpace)
    student = StageStudent(left, seed=1).eval()
    row = left.sample(np.random.default_rng(0), 1)[0]
    x = images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    for stage, slots in enumerate(student.stages.slots):
        x = student(x, stage, row[slots])
    head, block = student.supernet.path(row)[-1]
    with torch.no_grad():
        assert torch.equal(head(x, block), student.supernet(images, row))
