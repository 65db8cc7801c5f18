"""Estimators that are learnt by gradient: the logits of a mixture of all choices."""
