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
from hwnas.spaces import load_space
from hwnas.spaces.space import Architectures
from hwnas.training.train_config import TrainSettings


class EstimatorContract:
    """The tests of one estimator, on a small space and a few of scikit-learn's digits.

    A test file of the estimator's package holds:

        class TestMyEstimator(EstimatorContract):
            estimator = MyEstimator()

    One that reads a CSV overrides `inputs`, too. One that trains something is trained for an epoch.

    Attributes:
        estimator: the part.
    """

    estimator: ClassVar[Estimator]

    @pytest.fixture
    def inputs(self, tmp_path: Path) -> EstimatorInputs:
        """What the estimator is given."""
        dataset = load_dataset("digits", resolution=16, limit=60)
        return EstimatorInputs(
            load_space("nas_bench_macro", resolution=16, classes=10),
            images=lambda: dataset,
            weights=tmp_path / self.estimator.weights if self.estimator.weights else None,
            training=TrainSettings(epochs=1, batch_size=32, crop_padding=1),
        )

    @pytest.fixture
    def scores(self, inputs: EstimatorInputs) -> Scores:
        """What it makes of that."""
        if self.estimator.weights is not None:
            self.estimator.train(inputs)
        return self.estimator.scores(inputs)

    @pytest.fixture
    def rows(self, inputs: EstimatorInputs) -> Architectures:
        """(6, L) random architectures, not all of them canonical."""
        generator = np.random.default_rng(0)
        return generator.integers(0, inputs.space.choice_counts, (6, len(inputs.space.slots)))

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
        assert (found.shape, found.dtype) == ((len(rows),), np.float64)
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
        del scores  # it is trained
        if self.estimator.weights is None:
            with pytest.raises(HwnasError, match="nothing is trained"):
                self.estimator.train(inputs)
            return
        before = inputs.weights_file.read_bytes()
        report = self.estimator.train(inputs)
        assert report is None or report.images == 0
        assert inputs.weights_file.read_bytes() == before
        inputs.weights_file.unlink()
        with pytest.raises(HwnasError):
            self.estimator.scores(inputs)
