"""What every estimator must do."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from hwnas.core.errors import HwnasError
from hwnas.data import load_dataset
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import ScoreInfo, Scores
from hwnas.spaces.config import SpaceConfig, build_space
from hwnas.spaces.space import Architectures, SearchSpace
from hwnas.training.train_config import TrainSettings

_BLOCKS = [{"kernel": 3, "expansion": 2}, {"kernel": 5, "expansion": 3, "squeeze_excite": True}]


def small_space(resolution: int = 8) -> SearchSpace:
    """A space of some dozens of networks, for digits of 8 pixels or other ones."""
    config = {
        "name": "small",
        "resolution": 8,
        "classes": 10,
        "stem": {"channels": 8, "stride": 1, "activation": "relu"},
        "stages": [
            {"channels": 8, "depth": [1, 2], "blocks": _BLOCKS, "activation": "relu"},
            {"channels": 12, "stride": 2, "depth": [0, 2], "blocks": _BLOCKS, "activation": "relu"},
        ],
        "head": {"features": 16, "activation": "hard_swish"},
    }
    return build_space(SpaceConfig.model_validate(config), resolution, 10)


class EstimatorContract:
    """The tests of one estimator, on a small space and a few of scikit-learn's digits.

    A test file of the estimator's package holds:

        class TestMyEstimator(EstimatorContract):
            estimator = MyEstimator()

    One that reads a CSV or wants other inputs overrides `inputs_in`, too. One that trains
    something is trained for an epoch.

    Attributes:
        estimator: the part.
    """

    estimator: ClassVar[Estimator]

    @classmethod
    def inputs_in(cls, folder: Path) -> EstimatorInputs:
        """What the estimator is given; its files are to lie in a folder."""
        space = small_space()
        dataset = load_dataset("digits", resolution=space.resolution, limit=60)
        return EstimatorInputs(
            space,
            images=lambda: dataset,
            weights=folder / cls.estimator.weights if cls.estimator.weights else None,
            training=TrainSettings(epochs=1, batch_size=32, crop_padding=1),
        )

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """For files of the estimator."""
        return tmp_path_factory.mktemp(cls.estimator.name)

    @pytest.fixture(scope="class")
    @classmethod
    def inputs(cls, folder: Path) -> EstimatorInputs:
        """What the estimator is given."""
        return cls.inputs_in(folder)

    @pytest.fixture(scope="class")
    @classmethod
    def scores(cls, inputs: EstimatorInputs) -> Scores:
        """What it makes of that."""
        if cls.estimator.weights is not None:
            cls.estimator.train(inputs)
        return cls.estimator.scores(inputs)

    @pytest.fixture
    def rows(self, inputs: EstimatorInputs) -> Architectures:
        """(4, L) random architectures, not all of them canonical."""
        generator = np.random.default_rng(0)
        counts = inputs.space.choice_counts
        return generator.integers(0, counts, (4, len(counts)))

    def test_it_says_what_it_is(self, scores: Scores) -> None:
        """In the journal and in reports, where it may no longer be installed."""
        assert self.estimator.name
        assert self.estimator.label
        assert self.estimator.unit
        assert (scores.info.estimator, scores.unit) == (self.estimator.name, self.estimator.unit)
        assert scores.direction == "maximize"
        assert ScoreInfo.from_json(scores.info.to_json()) == scores.info

    def test_it_gives_a_finite_number_for_every_network(
        self, scores: Scores, rows: Architectures
    ) -> None:
        """And not the same one for all."""
        found = scores.evaluate_architectures(rows)
        assert found.shape == (len(rows),)
        assert found.dtype == np.float64
        assert np.isfinite(found).all()
        assert all(map(scores.info.possible, found.tolist()))
        assert len(np.unique(found)) > 1
        assert scores.evaluate_architectures(rows[:0]).shape == (0,)

    def test_networks_are_scored_one_by_one_as_together(
        self, scores: Scores, rows: Architectures
    ) -> None:
        """In any order, and as networks or as architectures."""
        together = scores.evaluate_architectures(rows).tolist()
        assert [scores.evaluate_architectures(row[None])[0] for row in rows] == together
        assert scores.evaluate_architectures(rows[::-1]).tolist() == together[::-1]
        assert scores.evaluate(scores.space.networks(rows)).tolist() == together

    def test_equal_networks_have_one_score(self, scores: Scores, rows: Architectures) -> None:
        """Whichever of their architectures is given."""
        canonical = scores.space.canonical(rows)
        found = scores.evaluate_architectures(rows).tolist()
        assert scores.evaluate_architectures(canonical).tolist() == found

    def test_the_same_inputs_give_the_same_scores(
        self, scores: Scores, inputs: EstimatorInputs, rows: Architectures
    ) -> None:
        """Today and in a search that is resumed tomorrow."""
        again = self.estimator.scores(replace(inputs))
        assert again.identity == scores.identity
        found = again.evaluate_architectures(rows).tolist()
        assert found == scores.evaluate_architectures(rows).tolist()

    def test_scores_that_depend_on_a_seed_are_told_apart_by_it(
        self, scores: Scores, inputs: EstimatorInputs, rows: Architectures
    ) -> None:
        """They never meet in a journal."""
        other = self.estimator.scores(replace(inputs, seed=1))
        same = other.evaluate_architectures(rows).tolist() == pytest.approx(
            scores.evaluate_architectures(rows).tolist()
        )
        assert same == (other.identity == scores.identity) == (not self.estimator.seeded)

    def test_free_scores_are_known_in_a_form_that_is_searched_exactly(
        self, scores: Scores, rows: Architectures
    ) -> None:
        """And no others are."""
        assert (scores.exact is not None) == self.estimator.free
        if scores.exact is not None:
            canonical = scores.space.canonical(rows)
            found = scores.evaluate_architectures(rows)
            assert scores.exact.evaluate(canonical) == pytest.approx(found, rel=1e-9)

    def test_what_was_trained_is_read_the_next_time(
        self, scores: Scores, inputs: EstimatorInputs
    ) -> None:
        """And without it there are no scores, but a sentence."""
        if self.estimator.weights is None:
            with pytest.raises(HwnasError, match="nothing is trained"):
                self.estimator.train(inputs)
            return
        report = self.estimator.train(inputs)
        assert report is None or report.images == 0
        assert self.estimator.scores(inputs).identity == scores.identity
        with pytest.raises(HwnasError):
            self.estimator.scores(replace(inputs, weights=inputs.weights_file.with_name("none")))
