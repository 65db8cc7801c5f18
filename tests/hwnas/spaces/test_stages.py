import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Skip
from hwnas.spaces import SearchSpace, Slot, load_space
from hwnas.spaces.space import keys
from hwnas.spaces.stages import StageSpace


def test_the_networks_are_those_of_the_space_each_once():
    stages = StageSpace(load_space("nas_bench_macro"))
    assert stages.choice_counts.tolist() == [9, 21, 21]
    every = np.array(list(itertools.product(*map(range, stages.choice_counts))))
    rows = stages.to_blocks(every)
    assert len(set(keys(rows))) == len(rows) == stages.space.size == 3969
    assert (stages.space.canonical(rows) == rows).all()
    assert (stages.of_blocks(rows) == every).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_architectures_go_there_and_back_as_their_canonical_form(seed):
    stages = StageSpace(load_space("mobilenet_v3_large"))
    space, generator = stages.space, np.random.default_rng(seed)
    rows = generator.integers(0, space.choice_counts, size=(20, len(space.slots)))
    there = stages.of_blocks(rows)
    assert (stages.check(there) == there).all()
    assert (stages.to_blocks(there) == space.canonical(rows)).all()


def test_paths_that_begin_alike_follow_each_other():
    for paths in StageSpace(load_space("mobilenet_v3_large")).paths:
        assert len(paths) == 9**2 + 9**3 + 9**4
        assert sorted(keys(paths)) == keys(paths)


def test_every_transition_is_allowed_and_takes_no_memory():
    stages = StageSpace(load_space("mobilenet_v3_large"))
    assert stages.allowed(0).shape == (1, 7371)
    assert stages.allowed(1).shape == (7371, 7371)
    assert stages.allowed(1).all()
    assert stages.allowed(1).strides == (0, 0)


def test_random_architectures_are_drawn_as_the_space_draws_them():
    stages = StageSpace(load_space("nas_bench_macro"))
    rows = stages.sample(np.random.default_rng(3), 50)
    drawn = stages.space.sample(np.random.default_rng(3), 50)
    assert (stages.to_blocks(rows) == stages.space.canonical(drawn)).all()


def test_what_is_no_architecture_is_refused():
    stages = StageSpace(load_space("nas_bench_macro"))
    for wrong in ([9, 0, 0], [0, 0], [-1, 0, 0]):
        with pytest.raises(ValueError, match="the stages of nas_bench_macro"):
            stages.canonical(np.array(wrong))


def test_a_stage_of_too_many_paths_is_refused():
    space = load_space("mobilenet_v3_large")
    prefix = (*space.prefix, *space.network(space.choice_counts - 1)[2:3])
    block = prefix[-1]
    choices = (Skip(block.out_channels, block.out_resolution), *space.slots[1].choices[1:])
    long = SearchSpace("long", prefix, (Slot(0, choices),) * 8, space.suffix)
    with pytest.raises(ConfigError, match=r"stage 1 of long has over 1,000,000 paths"):
        _ = StageSpace(long).paths
