"""`accuracy.estimator: table`: every network of the space has a known accuracy."""

from dataclasses import replace

from typing_extensions import override

from hwnas.core.errors import AccuracyError
from hwnas.estimators.csv_file import read_accuracies
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.search.exact.known_scores import ListedScore


class TableEstimator(Estimator):
    """The accuracies that somebody measured, looked up."""

    name = "table"
    label = "accuracy in {file}"
    needs_file = True
    free = True

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        space, path = inputs.space, inputs.csv_file
        known = read_accuracies(path, space)
        count = len(known.accuracies)
        if count != space.size:
            size = f"{space.size:,}" if space.size < 10**7 else f"{space.size:.3g}"
            raise AccuracyError(
                f"{path} has {count:,} of the {size} networks of {space.name}; use the estimator "
                "'predictor', which learns from those, or add the others"
            )
        listed = ListedScore(known.architectures, known.accuracies)
        scores = self.of_exact(inputs, listed, {"accuracy file": known.content})
        return replace(scores, info=known.described(scores.info))
