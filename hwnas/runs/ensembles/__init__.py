"""Ensembles of a run's networks: members, one file, measured beside the best single network."""
