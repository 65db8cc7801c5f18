"""The defaults that `--help` shows; a file of its own, because that must be quick."""

RANKED_OF_A_CSV, RANKED_TRAINED = 500, 50
"""At most so many networks a seed are ranked: of a CSV, and where each is trained."""
RANKING_SEEDS = 3
PATIENCE = 300.0
"""For so many seconds an export waits for a machine that is too busy to measure on."""
TRAINED = "trained"
"""The truth of a ranking whose networks are trained from scratch."""
ENSEMBLE_MEMBERS = 3
SHRUNK_STAGES, SHRUNK_NETWORKS, SHRUNK_KEEP = 4, 100, 0.1
"""Of a shrinker: stages, networks judged in each, and the least share of the networks left."""
FRONT = "front"
SOURCES = (FRONT, "supernet")
"""Where the members of an ensemble may be from."""
PATHS = 60
"""So many paths of a supernet are judged for an ensemble."""
