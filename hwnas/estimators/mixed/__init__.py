"""`accuracy.estimator: mixed`: several scores of a network in one."""
