"""Hostile input: damaged files, lying devices, kills. `make test-hostile`, or `python -m`."""
