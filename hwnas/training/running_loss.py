"""The loss of a training as it goes, and whether it goes wrong."""

import math

# A network that knows nothing has a loss of ln(classes), and so has one that is made; above that it
# is sure of what is wrong. A few steps at too high a rate can do that to a training that then
# recovers, a hundred in a row at four times that loss (the logits are off by ten) do not happen to
# one that learns. Losses of another kind, like those of a teacher's features, begin higher or stay
# below: nothing is stopped that would not have been with labels.
_FACTOR = 4.0
_STEPS = 100


class RunningLoss:
    """The mean over about the last ten steps."""

    def __init__(self, classes: int, mean: float = math.nan, first: float = math.nan) -> None:
        """Takes the number of classes and, of a training that goes on, what there was."""
        self.mean, self.first = mean, first
        self._knowing_nothing = math.log(classes)
        self._steps_above = 0

    def add(self, value: float) -> None:
        """Takes the loss of a step."""
        if math.isnan(self.first):
            self.first = value
        self.mean = value if math.isnan(self.mean) else 0.9 * self.mean + 0.1 * value
        self._steps_above = self._steps_above + 1 if self.mean > self.bound else 0

    @property
    def bound(self) -> float:
        """What is too high: four times the loss of the first step, or of knowing nothing."""
        known = 0.0 if math.isnan(self.first) else self.first
        return _FACTOR * max(known, self._knowing_nothing)

    @property
    def too_high(self) -> bool:
        """Whether the mean is above the bound now; such weights are no checkpoint."""
        return self._steps_above > 0

    @property
    def diverges(self) -> bool:
        """Whether it has been for a hundred steps on end."""
        return self._steps_above >= _STEPS
