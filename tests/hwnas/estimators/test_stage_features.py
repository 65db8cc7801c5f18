"""The form of the predictor that sees stages: features, choice, search."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from hwnas.estimators.predictor import SpacePredictor
from hwnas.estimators.space_features import SpaceCosts, space_features
from hwnas.estimators.stage_features import OF_A_STAGE, StageFeatures
from hwnas.networks.blocks import Skip
from hwnas.objectives.costs import MACS
from hwnas.objectives.statistics.regression import STAGES, Regression, fit_regression
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace, load_space
from tests.hwnas.search.problems import macro

SPACE = load_space("mobilenet_v3_large", resolution=32, classes=10)


def described(space: SearchSpace, architecture: np.ndarray) -> list[float]:
    """The features of one architecture, by its blocks."""
    found: list[float] = []
    for stage in dict.fromkeys(slot.stage for slot in space.slots):
        chosen = [
            slot.choices[choice]
            for slot, choice in zip(space.slots, architecture.tolist(), strict=True)
            if slot.stage == stage
        ]
        traits = [
            (0.0, 0.0)
            if isinstance(block, Skip)
            else (block.expanded_channels / block.in_channels, block.kernel)
            for block in chosen
        ]
        depth = sum(not isinstance(block, Skip) for block in chosen)
        others = [
            one
            for one, block in zip(traits[1:], chosen[1:], strict=True)
            if not isinstance(block, Skip)
        ]
        mean = np.mean(others, axis=0) if others else np.zeros(2)
        found += [depth, *traits[0], *mean, *(depth * mean)]
    return found


def test_features_are_depths_first_blocks_and_means_of_each_stage() -> None:
    features, rows = StageFeatures(SPACE), SPACE.sample(np.random.default_rng(0), 20)
    assert features(rows) == pytest.approx(np.array([described(SPACE, row) for row in rows]))
    assert features(rows).shape == (20, OF_A_STAGE * 5)


def test_a_stage_without_blocks_has_zeros_and_identities_are_blocks_of_kernel_1() -> None:
    found = StageFeatures(macro())(macro().canonical(np.zeros((1, 8), dtype=np.int64)))[0]
    assert np.isfinite(found).all()
    # Where channels change, the identity of NAS-Bench-Macro is a 1×1 convolution; elsewhere a skip.
    assert found[:OF_A_STAGE].tolist() == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


def test_of_several_spaces_the_features_say_which_one_it_is() -> None:
    family = load_space("mobilenet_v3_large", resolution=[32, 64], classes=10)
    rows = SPACE.sample(np.random.default_rng(0), 3)
    both = [np.hstack([np.full((3, 1), member), rows]) for member in (0, 1)]
    small, large = (StageFeatures(family)(some) for some in both)
    assert np.array_equal(small[:, :-2], large[:, :-2])
    assert (small[:, -2:] == [1, 0]).all()
    assert (large[:, -2:] == [0, 1]).all()


@pytest.fixture(scope="module")
def fitted() -> Regression:
    """Of 60 networks of a large space whose accuracies follow from their stages."""
    rows = SPACE.sample(np.random.default_rng(1), 60)
    known = accuracies(rows)
    features = space_features(SPACE, SpaceCosts(SPACE))
    return fit_regression(SPACE.choice_counts, rows, known, features)


def accuracies(rows: np.ndarray) -> np.ndarray:
    features = StageFeatures(SPACE)(rows)
    return 70 + features @ np.random.default_rng(2).uniform(0.1, 0.4, features.shape[1])


def test_what_follows_from_stages_is_fitted_by_them_from_few_networks(fitted: Regression) -> None:
    assert fitted.kind == STAGES
    assert not fitted.is_sum
    rest = SPACE.sample(np.random.default_rng(3), 300)
    assert kendalltau(fitted.predict(rest), accuracies(rest)).statistic > 0.95
    others = [error.tau for kind, error in fitted.errors.items() if kind != STAGES]
    assert fitted.errors[STAGES].tau > max(others)
    assert list(fitted.errors)[4:] == [
        "slots",
        "slots and costs",
        "stages",
        "trees and costs",
    ]


def test_a_search_climbs_to_what_no_drawn_network_reaches(fitted: Regression) -> None:
    macs, drawn = Trellis.of(SPACE, MACS), SPACE.sample(np.random.default_rng(4), 2000)
    bound = float(np.median(macs.evaluate(drawn)))
    problem = SearchProblem(SPACE, macs, (Limit(macs, bound),))
    known = SpacePredictor(SPACE, fitted, SpaceCosts(SPACE)).known
    front = known.front(problem, np.random.default_rng(0)).front
    assert (macs.evaluate(front.architectures) <= bound).all()
    assert front.scores[-1] > fitted.predict(drawn[macs.evaluate(drawn) <= bound]).max()
