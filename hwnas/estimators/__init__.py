"""Estimators: they score networks, one file or folder each.

A search goes by the scores of one; `hwnas rank` compares them.
"""

from hwnas.estimators.registry import ESTIMATORS, SUPERNET, find_estimator

__all__ = ["ESTIMATORS", "SUPERNET", "find_estimator"]
