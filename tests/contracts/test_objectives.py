"""What every objective must do."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
import yaml

from hwnas.data import load_dataset
from hwnas.estimators.blockwise.estimator import BlockwiseEstimator
from hwnas.estimators.bn import BatchNormEstimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.jacob_cov import JacobianCovariance
from hwnas.estimators.predictor import SpacePredictor
from hwnas.estimators.space_features import SpaceCosts
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.estimators.synflow import SynFlow
from hwnas.estimators.table import TableEstimator
from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import Block, Network, block_key
from hwnas.objectives.costs import COSTS, load_cost
from hwnas.objectives.measured import measured_objective
from hwnas.objectives.objective import BlockObjective, Objective, is_of_blocks
from hwnas.objectives.statistics.features import Features
from hwnas.objectives.statistics.regression import fit_regression
from hwnas.search.exact.known_scores import ListedScore
from hwnas.spaces import SearchSpace
from hwnas.spaces.config import SpaceConfig, build_space
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.supernet import Supernet
from hwnas.testing.objectives import BlockCostContract, CostContract, ObjectiveContract
from tests.hwnas.search.problems import every_architecture, family_problem, macro, macro_accuracy
from tests.hwnas.supernet.helpers import TINY_YAML


@functools.cache
def tiny_space() -> SearchSpace:
    return build_space(SpaceConfig.model_validate(yaml.safe_load(TINY_YAML)), 16, 10)


@functools.cache
def rows(count: int = 60) -> np.ndarray:
    return macro().sample(np.random.default_rng(0), count)


def block_cost(name: str) -> BlockObjective:
    cost = load_cost(name)
    assert is_of_blocks(cost)
    return cost


def latency() -> BlockObjective:
    family = family_problem(0.5).space
    assert isinstance(family, SpaceFamily)
    blocks: tuple[Block, ...] = (*family.blocks(), *macro().blocks())
    block_ms = {block_key(block): 0.1 + 0.01 * index for index, block in enumerate(blocks)}
    correction = Correction("any", 0.3, {"scale": 0.9, "per_block": 0.01})
    return measured_objective(LatencyModel(block_ms, correction), "latency@pi")


def table() -> Objective:
    every = every_architecture(macro())
    return TableEstimator().of_exact(
        EstimatorInputs(macro()), ListedScore(every, macro_accuracy(every))
    )


def predictor(kind_of_score: Callable[[np.ndarray], np.ndarray]) -> Objective:
    some = np.unique(rows(100), axis=0)
    costs = SpaceCosts(macro())
    regression = fit_regression(macro().choice_counts, some, kind_of_score(some), Features(costs))
    return SpacePredictor(macro(), regression, costs)


def supernet() -> Objective:
    space = tiny_space()
    dataset = load_dataset("digits", resolution=space.resolution, limit=100)
    return SupernetAccuracy(Supernet(space), dataset, recalibration_images=16)


def jacob_cov() -> Objective:
    dataset = load_dataset("digits", resolution=tiny_space().resolution, limit=100)
    return JacobianCovariance(dataset.train, images=8)


def bn_indicator() -> Objective:
    generator = np.random.default_rng(0)
    values = [generator.random(3) for _ in macro().slots]
    return BatchNormEstimator().of_values(EstimatorInputs(macro()), values)


def blockwise() -> Objective:
    generator, stages = np.random.default_rng(0), StageSpace(macro())
    losses = [generator.random(count) for count in stages.choice_counts]
    return BlockwiseEstimator().of_losses(EstimatorInputs(macro()), stages, losses)


BLOCK_OBJECTIVES: dict[str, Callable[[], BlockObjective]] = {
    **{name: functools.partial(block_cost, name) for name in COSTS.ours},
    "latency": latency,
}
OBJECTIVES: dict[str, Callable[[], Objective]] = {
    **BLOCK_OBJECTIVES,
    "table": table,
    "predictor": lambda: predictor(macro_accuracy),
    "additive predictor": lambda: predictor(lambda some: some.sum(axis=1).astype(np.float64)),
    "supernet": supernet,
    "synflow": SynFlow,
    "jacob_cov": jacob_cov,
    "bn_indicator": bn_indicator,
    "blockwise": blockwise,
}
TORCH = ("supernet", "synflow", "jacob_cov")


@functools.cache
def made(name: str) -> Objective:
    return OBJECTIVES[name]()


def networks_of(name: str) -> list[Network]:
    if name in TORCH:
        space = tiny_space()
        return space.networks(space.sample(np.random.default_rng(0), 4))
    return macro().networks(rows())


@pytest.mark.usefixtures("few_trees")
class TestObjectives(ObjectiveContract):
    @pytest.fixture(params=OBJECTIVES)
    def name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def make_objective(self, name: str) -> Callable[[], Objective]:
        return OBJECTIVES[name]

    @pytest.fixture
    def objective(self, name: str) -> Objective:
        return made(name)

    @pytest.fixture
    def networks(self, name: str) -> list[Network]:
        return networks_of(name)

    def test_costs_are_minimized_and_scores_maximized(self, name: str) -> None:
        better = "minimize" if name in BLOCK_OBJECTIVES else "maximize"
        assert made(name).direction == better
        assert made(name).unit


class TestCosts(CostContract, BlockCostContract):
    @pytest.fixture(params=BLOCK_OBJECTIVES)
    def make_objective(self, request: pytest.FixtureRequest) -> Callable[[], Objective]:
        return BLOCK_OBJECTIVES[request.param]
