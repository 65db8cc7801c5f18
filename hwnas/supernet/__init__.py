"""The weight-sharing network, its training, and its accuracy as an objective."""
