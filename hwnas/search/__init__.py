"""Searching: the problem, the journal, the loop of asking and telling."""
