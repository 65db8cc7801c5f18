"""hwnas: hardware-aware, multi-objective neural architecture search."""

import os

__version__ = "0.1.0"

# How long PyTorch's OpenMP threads spin before they sleep. With GNU's default (300,000) two
# trainings on one machine slow each other down twelvefold, with 1,000 twofold, for 10 to 35 % less
# speed alone (docs/benchmarks/training.md). Must be set before torch is loaded; a person's own
# value wins.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
