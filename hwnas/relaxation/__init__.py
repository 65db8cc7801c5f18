"""Architecture by gradient, the numbers of it: a distribution over networks and what moves it.

Knows spaces and trellises, and neither images nor networks: a training gives the loss of a mixture
of choices as a function of their weights.
"""
