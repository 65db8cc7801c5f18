"""Accuracy from what is already known of networks: a table, or a predictor fitted to one."""
