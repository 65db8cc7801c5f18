"""The dataset does what every dataset must do."""

from hwnas_stripes import load

from hwnas.testing.datasets import DatasetContract


class TestStripes(DatasetContract):
    dataset = staticmethod(load)
