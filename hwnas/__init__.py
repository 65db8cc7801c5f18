"""hwnas: hardware-aware, multi-objective neural architecture search."""

import os

__version__ = "0.1.0"

# How long PyTorch's OpenMP threads spin before they sleep. GNU's default (300,000) lets two
# processes on one machine slow each other down twelvefold; 1,000 costs nothing on a quiet one (see
# docs/benchmarks.md). It must be set before torch is loaded; a person's own value wins.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
