"""A space with fewer choices is a space: one architecture for each network that is left."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.objectives.costs import MACS
from hwnas.search.structures import Structures
from hwnas.search.trellis import Trellis
from hwnas.spaces import SpaceFamily, load_space
from hwnas.spaces.extremes import largest, smallest
from hwnas.spaces.shrunk import ShrunkSpace, kept_of, reachable_choices, shrunk_space, whole_of
from hwnas.testing.search_problems import every_architecture, small_space

WHOLE = small_space(((1, 4), (0, 2)), (3, 5))
"""Slots of choices 2, 3, 3, 3 (three of them interchangeable) and a stride, then 3."""


def _kept() -> st.SearchStrategy[list[list[int]]]:
    slots = [
        st.lists(st.integers(0, count - 1), min_size=1, unique=True)
        for count in WHOLE.choice_counts.tolist()
    ]
    return st.tuples(*slots).map(list)


def _shrunk(kept: list[list[int]]) -> ShrunkSpace | None:
    try:
        space = shrunk_space(WHOLE, kept)
    except ValueError:
        return None
    return space if isinstance(space, ShrunkSpace) else None


@settings(max_examples=25, deadline=None)
@given(_kept())
def test_its_networks_are_those_of_the_whole_all_of_whose_choices_are_kept(
    kept: list[list[int]],
) -> None:
    wanted = [
        row
        for row in every_architecture(WHOLE).tolist()
        if all(choice in some for choice, some in zip(row, kept, strict=True))
    ]
    space = _shrunk(kept)
    if space is None:
        assert len(wanted) in (0, WHOLE.size)
        return
    rows = every_architecture(space)
    assert sorted(space.numbers_of(rows).tolist()) == wanted
    assert space.size == len(wanted) == len({space.network(row) for row in rows})
    assert space.architectures(space.networks(rows)).tolist() == rows.tolist()
    assert space.of_numbers(space.numbers_of(rows)).tolist() == rows.tolist()
    # Each choice that is left is one of a network.
    assert all(len(set(column)) == n for column, n in zip(rows.T, space.choice_counts, strict=True))


@settings(max_examples=25, deadline=None)
@given(_kept())
def test_what_is_canonical_the_trellis_allows_and_nothing_else(kept: list[list[int]]) -> None:
    space = _shrunk(kept)
    if space is None:
        return
    every = np.array(list(itertools.product(*map(range, space.choice_counts.tolist()))))
    canonical = space.canonical(every)
    assert (space.canonical(canonical) == canonical).all()
    allowed = [
        all(space.allowed(slot)[row[slot - 1], row[slot]] for slot in range(1, len(row)))
        for row in every
    ]
    assert allowed == (canonical == every).all(axis=1).tolist()
    assert space.networks(every) == space.networks(canonical)
    drawn = space.sample(np.random.default_rng(0), 50)
    assert (space.canonical(drawn) == drawn).all()
    structures = Structures(space)
    modules = np.maximum(every, structures.skips)
    filled = structures.filled(
        structures.of(canonical), np.where(canonical > 0, canonical, modules)
    )
    assert filled.tolist() == canonical.tolist()
    Trellis.of(space, MACS)
    for extreme in (smallest(space), largest(space)):
        assert (space.canonical(extreme[None]) == extreme).all()


def test_a_block_that_the_slot_in_front_has_no_more_is_left_out_behind_a_skip() -> None:
    space = shrunk_space(WHOLE, [[0, 1], [0, 1], [0, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]])
    row = np.array([[0, 0, 1, 1, 0, 0]])  # skip, k5, k3
    assert space.numbers_of(space.canonical(row)).tolist() == [[0, 1, 0, 0, 0, 0]]


def test_choices_that_no_network_has_go_too() -> None:
    whole = [[0, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]]
    no_skip_at_last = [*whole[:3], [1, 2], *whole[4:]]
    assert reachable_choices(WHOLE, no_skip_at_last)[1:4] == ((1, 2), (1, 2), (1, 2))
    always_skipped = [*whole[:2], [0], *whole[3:]]
    assert reachable_choices(WHOLE, always_skipped)[2:4] == ((0,), (0,))
    with pytest.raises(ValueError, match="no choice of slot 2 of small is left"):
        reachable_choices(WHOLE, [whole[0], [0], [1], *whole[3:]])
    with pytest.raises(ValueError, match="slot 1 of small has the choices 0 to 1"):
        reachable_choices(WHOLE, [[2], *whole[1:]])


def test_it_is_shrunk_again_from_the_whole() -> None:
    once = shrunk_space(WHOLE, [[1], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 2], [0, 2]])
    twice = shrunk_space(once, [[0], [0, 2], [0, 2], [0, 2], [0, 1], [0, 1]])
    assert isinstance(twice, ShrunkSpace)
    assert twice.whole is WHOLE
    assert kept_of(twice) == ((1,), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2))
    assert whole_of(twice) is WHOLE
    assert twice == shrunk_space(WHOLE, kept_of(twice))
    assert shrunk_space(twice, [range(n) for n in twice.choice_counts.tolist()]) is twice
    assert shrunk_space(WHOLE, kept_of(WHOLE)) is WHOLE


def test_equal_blocks_of_slots_that_skip_differently_are_another_identity() -> None:
    kept = [[0, 1], [0, 1], [0, 1], [0, 1], [0, 1, 2], [0, 1, 2]]
    alike = shrunk_space(WHOLE, kept)
    assert "skips" not in alike.identity
    apart = shrunk_space(WHOLE, [*kept[:2], [0, 2], *kept[3:]])
    assert "skips come last in: ((1, 4),)" in apart.identity


def test_all_members_of_a_family_shrink_alike() -> None:
    family = load_space("nas_bench_macro", resolution=[16, 32])
    kept = [[0, 1, 2]] * 5 + [[1, 2]] * 3
    space = shrunk_space(family, kept)
    assert isinstance(space, SpaceFamily)
    assert space.name.startswith("nas_bench_macro at 16, 32 px shrunk ")
    assert [kept_of(member) for member in space.members] == [tuple(map(tuple, kept))] * 2
    assert whole_of(space) == family
    rows = space.sample(np.random.default_rng(0), 20)
    numbers = space.numbers_of(rows)
    assert space.of_numbers(numbers).tolist() == rows.tolist()
    assert family.networks(numbers) == space.networks(rows)
    assert space.has(np.array([[0, *[0] * 8], numbers[0]])).tolist() == [False, True]


def test_a_shrunk_space_needs_some_of_the_blocks_alone() -> None:
    space = shrunk_space(WHOLE, [[1], [1], [1], [1], [1], [1]])
    assert set(space.blocks()) < set(WHOLE.blocks())
    assert space.size == 1
