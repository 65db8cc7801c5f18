"""Exact search over trellises."""
