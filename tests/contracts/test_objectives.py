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
from hwnas.estimators.predictor import SpaceCosts, SpacePredictor
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.estimators.synflow import SynFlow
from hwnas.estimators.table import TableEstimator
from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.networks.blocks import Block, Network, block_key
from hwnas.objectives.costs import COSTS, load_cost
from hwnas.objectives.latency import latency_objective
from hwnas.objectives.objective import BlockObjective, Objective, is_of_blocks
from hwnas.objectives.statistics.regression import fit_regression
from hwnas.search.exact.known_scores import ListedScore
from hwnas.search.trellis import Trellis
from hwnas.spaces import SearchSpace
from hwnas.spaces.config import SpaceConfig, build_space
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.supernet import Supernet
from tests.hwnas.search.problems import every_architecture, macro, macro_accuracy
from tests.hwnas.supernet.helpers import TINY_YAML

RESOLUTIONS = (24, 32)


@functools.cache
def family() -> SpaceFamily:
    return SpaceFamily.of_resolutions("nas_bench_macro", RESOLUTIONS)


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
    blocks: tuple[Block, ...] = (*family().blocks(), *macro().blocks())
    block_ms = {block_key(block): 0.1 + 0.01 * index for index, block in enumerate(blocks)}
    correction = Correction("any", 0.3, {"scale": 0.9, "per_block": 0.01})
    return latency_objective(LatencyModel(block_ms, correction), "latency@pi")


def table() -> Objective:
    every = every_architecture(macro())
    return TableEstimator().of_exact(
        EstimatorInputs(macro()), ListedScore(every, macro_accuracy(every))
    )


def predictor(kind_of_score: Callable[[np.ndarray], np.ndarray]) -> Objective:
    some = np.unique(rows(100), axis=0)
    costs = SpaceCosts(macro())
    regression = fit_regression(macro().choice_counts, some, kind_of_score(some), costs)
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


def networks(name: str) -> list[Network]:
    if name in TORCH:
        space = tiny_space()
        return space.networks(space.sample(np.random.default_rng(0), 4))
    return macro().networks(rows())


every_objective = pytest.mark.parametrize("name", OBJECTIVES)
every_block_objective = pytest.mark.parametrize("name", BLOCK_OBJECTIVES)


@every_objective
def test_it_says_what_it_is(name: str) -> None:
    objective = made(name)
    assert objective.name
    assert objective.unit
    better = "minimize" if name in BLOCK_OBJECTIVES else "maximize"
    assert objective.direction == better


@every_objective
def test_it_gives_a_finite_number_for_every_network(name: str) -> None:
    values = made(name).evaluate(networks(name))
    assert (values.shape, values.dtype) == ((len(networks(name)),), np.float64)
    assert np.isfinite(values).all()
    assert len(np.unique(values)) > 1


@every_objective
def test_of_no_networks_there_are_no_values(name: str) -> None:
    assert made(name).evaluate([]).shape == (0,)


@every_objective
def test_networks_are_judged_one_by_one_as_together(name: str) -> None:
    objective = made(name)
    alone = [float(objective.evaluate([network])[0]) for network in networks(name)]
    assert objective.evaluate(networks(name)).tolist() == alone


@every_objective
def test_the_same_network_always_has_the_same_value(name: str) -> None:
    objective = made(name)
    first = objective.evaluate(networks(name)).tolist()
    backwards = objective.evaluate(networks(name)[::-1]).tolist()
    assert backwards[::-1] == first
    assert OBJECTIVES[name]().evaluate(networks(name)).tolist() == first


@every_block_objective
@pytest.mark.parametrize("space", [macro(), family()], ids=["space", "family"])
def test_laid_over_a_space_it_is_the_same(name: str, space: SearchSpace | SpaceFamily) -> None:
    objective = BLOCK_OBJECTIVES[name]()
    drawn = space.sample(np.random.default_rng(1), 200)
    laid = Trellis.of(space, objective)
    assert (laid.name, laid.unit) == (objective.name, objective.unit)
    expected = objective.evaluate(space.networks(drawn))
    assert laid.evaluate(drawn) == pytest.approx(expected, rel=1e-12)
