import numpy as np

from hwnas.search.searchers.plain_networks import PlainNetworks
from hwnas.search.structures import Structures
from hwnas.spaces import SpaceFamily
from tests.hwnas.search.problems import (
    WidthSpace,
    every_architecture,
    family_problem,
    macro,
    macro_problem,
    small_space,
)


def family() -> SpaceFamily:
    space = family_problem(1.0).space
    assert isinstance(space, SpaceFamily)
    return space


def test_the_structure_of_a_space_is_the_depth_of_its_stages() -> None:
    # The first slot of each stage reduces the resolution and is always there.
    structures = Structures(macro())
    assert structures.counts.tolist() == [2, 3, 3]
    rows = np.array([[1, 2, 2, 1, 0, 0, 0, 0]])
    assert structures.of(rows).tolist() == [[1, 1, 0]]


def test_the_structure_of_a_family_begins_with_its_member() -> None:
    structures = Structures(family())
    # Of the first stage all three blocks can be skipped, of the second all but one.
    assert structures.counts.tolist() == [2, 4, 3]
    rows = np.array([[1, 3, 0, 0, 2, 1, 0]])
    assert structures.of(rows).tolist() == [[1, 1, 1]]


def test_a_slot_that_can_be_skipped_alone_is_a_decision_of_two_options() -> None:
    assert Structures(small_space(((0, 1), (1, 1)), (3, 5))).counts.tolist() == [2]


def test_a_space_without_skips_has_one_structure() -> None:
    structures = Structures(WidthSpace())
    rows = WidthSpace().sample(np.random.default_rng(0), 3)
    assert structures.of(rows).shape == (3, 0)
    assert structures.open(structures.of(rows)).all()


def test_any_architecture_is_its_structure_with_its_modules() -> None:
    structures, rows = Structures(family()), every_architecture(family())
    assert (structures.filled(structures.of(rows), rows) == rows).all()


def test_modules_of_slots_that_are_not_there_are_passed_over() -> None:
    structures = Structures(macro())
    filled = structures.filled(np.array([[0, 1, 2]]), np.full((1, 8), 2))
    assert filled.tolist() == [[2, 0, 2, 2, 0, 2, 2, 2]]


def test_plain_networks_have_modules_of_one_size() -> None:
    plain = PlainNetworks(macro_problem(), Structures(macro()))
    assert plain.counts.tolist() == [2, 3, 3, 3]
    rows = plain.networks(np.array([[1, 1, 0, 0], [1, 1, 0, 2]]))
    # The first choice of slots that cannot be skipped is a block, too.
    assert rows.tolist() == [[0, 1, 0, 1, 0, 0, 0, 0], [2, 2, 2, 2, 0, 2, 0, 0]]


def test_a_plain_network_beyond_the_budget_gets_the_greatest_modules_within_it() -> None:
    problem = macro_problem(0.5)
    plain = PlainNetworks(problem, Structures(macro()))
    vectors, rows = plain.within(np.array([[1, 2, 2, 2], [0, 0, 1, 2]]))
    assert vectors.tolist() == [[1, 2, 2, 1], [0, 0, 1, 2]]
    assert problem.feasible(rows).all()
    assert not problem.feasible(plain.networks(np.array([[1, 2, 2, 2]]))).any()


def test_structures_whose_every_plain_network_is_beyond_the_budget_are_left_out() -> None:
    plain = PlainNetworks(macro_problem(0.05), Structures(macro()))
    vectors, rows = plain.within(np.array([[1, 2, 2, 1], [0, 0, 0, 0]]))
    assert vectors.tolist() == [[0, 0, 0, 0]]
    assert len(rows) == 1
