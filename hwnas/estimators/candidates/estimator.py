"""`accuracy.estimator: trained`: every network is trained for some epochs, and judged by that."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.core.errors import ConfigError
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.search.outcome import Candidate
from hwnas.spaces.space import Architectures, keys


class TrainedEstimator(Estimator):
    """How well a network does on the validation images after a training of its own.

    It starts from random weights, or from those that it inherits from the run's pretrained network.
    """

    name = "trained"
    label = "validation accuracy after a training of its own"
    short = "validation accuracy"
    needs_images = True
    seeded = True
    trains_candidates = True

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        from hwnas.estimators.candidates.halving import check_optuna
        from hwnas.estimators.candidates.staged import TrainedCandidates
        from hwnas.estimators.candidates.training import Candidates

        stop, epochs = inputs.stop, inputs.recipe.epochs
        if not epochs:
            raise ConfigError(f"the estimator {self.name} trains every network; give epochs")
        if stop is not None:
            stop.check(epochs)
            if stop.rule == "halving":
                check_optuna()
        candidates = Candidates.of(inputs)
        staged = TrainedCandidates(candidates, inputs.seed, inputs.candidates, stop)
        known: dict[tuple[int, ...], float] = {}

        def of_canonical(architectures: Architectures) -> NDArray[np.float64]:
            """Whole trainings, each network once; one that diverges knows nothing."""
            for key, row in zip(keys(architectures), architectures, strict=True):
                if key not in known:
                    known[key] = float(staged(Candidate(row, 0.0)).score or 0.0)
            return np.array([known[key] for key in keys(architectures)], dtype=np.float64)

        identity = self.identity(inputs) | candidates.identity
        if stop is not None:
            identity |= {"stopping": stop.model_dump_json()}
        info = replace(self.info(), judged_on=len(inputs.dataset.validation))
        return Scores(inputs.space, info, identity, of_canonical, staged=staged)
