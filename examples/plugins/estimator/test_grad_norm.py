"""The estimator does what every estimator must do."""

from hwnas_grad_norm import GradNorm

from hwnas.testing.estimators import EstimatorContract


class TestGradNorm(EstimatorContract):
    estimator = GradNorm()
