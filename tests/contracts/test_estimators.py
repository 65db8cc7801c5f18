"""What every estimator must do."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hwnas.estimators.blockwise.estimator import BlockwiseEstimator
from hwnas.estimators.bn import BatchNormEstimator
from hwnas.estimators.candidates.estimator import TrainedEstimator
from hwnas.estimators.costs import MACS_ESTIMATOR, PARAMETERS_ESTIMATOR
from hwnas.estimators.free_darts.estimator import (
    FREE_DARTS,
    FREE_DARTS_GRASP,
    FREE_DARTS_SNIP,
)
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.jacob_cov import JacobianEstimator
from hwnas.estimators.mixed.estimator import MixedEstimator
from hwnas.estimators.mixed.references import REFERENCES, TRAINED_REFERENCES
from hwnas.estimators.predictor import PredictorEstimator
from hwnas.estimators.relaxed.estimator import DARTS, UNAS
from hwnas.estimators.scores import Scores
from hwnas.estimators.sparse.estimator import SPARSE
from hwnas.estimators.supernet.estimator import SupernetEstimator
from hwnas.estimators.supernet.policy import PolicyEstimator
from hwnas.estimators.synflow import SynFlowEstimator
from hwnas.estimators.table import TableEstimator
from hwnas.testing.estimators import EstimatorContract
from hwnas.training.train_config import TrainSettings
from tests.hwnas.search.problems import every_architecture
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401


class TestSupernet(EstimatorContract):
    estimator = SupernetEstimator()


class TestPolicy(EstimatorContract):
    estimator = PolicyEstimator()

    @classmethod
    def inputs_in(cls, folder: Path) -> EstimatorInputs:
        training = TrainSettings(epochs=2, batch_size=16, crop_padding=1, paths="mcts")
        return replace(super().inputs_in(folder), training=training)


class TestBatchNorms(EstimatorContract):
    estimator = BatchNormEstimator()


class TestBlockwise(EstimatorContract):
    estimator = BlockwiseEstimator()


class TestDarts(EstimatorContract):
    estimator = DARTS


class TestUnas(EstimatorContract):
    estimator = UNAS


class TestPerturbation(EstimatorContract):
    estimator = DARTS.with_relaxation({"selector": {"perturbation": {"images": 20}}})


class TestSparse(EstimatorContract):
    estimator = SPARSE


class TestMacs(EstimatorContract):
    estimator = MACS_ESTIMATOR


class TestParameters(EstimatorContract):
    estimator = PARAMETERS_ESTIMATOR


class TestSynFlow(EstimatorContract):
    estimator = SynFlowEstimator()


class TestFreeDarts(EstimatorContract):
    estimator = FREE_DARTS


class TestFreeDartsOfLosses(EstimatorContract):
    estimator = FREE_DARTS_SNIP


class TestFreeDartsOfGradientFlow(EstimatorContract):
    estimator = FREE_DARTS_GRASP


class TestJacobianCovariance(EstimatorContract):
    estimator = JacobianEstimator()


class OfCsv(EstimatorContract):
    step = 1
    """Of all networks in order, every so many are in the file."""

    @classmethod
    def inputs_in(cls, folder: Path) -> EstimatorInputs:
        inputs = super().inputs_in(folder)
        rows = every_architecture(inputs.space)[:: cls.step]
        lines = "".join(f"{' '.join(map(str, row))},{50 + sum(row)}\n" for row in rows.tolist())
        (folder / "known.csv").write_text(f"architecture,accuracy\n{lines}")
        return replace(inputs, file=folder / "known.csv")


class TestTable(OfCsv):
    estimator = TableEstimator()


@pytest.mark.usefixtures("few_trees")
class TestPredictor(OfCsv):
    estimator = PredictorEstimator()
    step = 2


class TestTrained(EstimatorContract):
    estimator = TrainedEstimator()

    @classmethod
    def inputs_in(cls, folder: Path) -> EstimatorInputs:
        inputs = super().inputs_in(folder)
        training = TrainSettings(epochs=3, batch_size=8, learning_rate=0.05, crop_padding=1)
        return replace(inputs, training=training, candidates=folder / "candidates")


class TestMixed(EstimatorContract):
    estimator = MixedEstimator()

    @classmethod
    def inputs_in(cls, folder: Path) -> EstimatorInputs:
        inputs = super().inputs_in(folder)
        return replace(inputs, candidates=folder / "candidates")

    def test_fewer_networks_are_trained_than_are_scored(
        self, scores: Scores, inputs: EstimatorInputs
    ) -> None:
        del scores  # for which the sample was judged
        parts = json.loads(inputs.weights_file.read_text())["parts"]
        most = min(REFERENCES, inputs.space.size)
        counts = {name: len(one["scores"]) for name, one in parts.items()}
        assert counts == {"jacob_cov": most, "trained": min(TRAINED_REFERENCES, most)}


class TestMixedOfUntrained(EstimatorContract):
    estimator = MixedEstimator({"macs": 1, "params": 2, "synflow": 0.5})
