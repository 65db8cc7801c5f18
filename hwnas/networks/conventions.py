"""Conventions: what whoever publishes a network decides beside its blocks."""

from dataclasses import dataclass

Channels3 = tuple[float, float, float]
"""A value for red, green and blue."""

IMAGENET_MEAN: Channels3 = (0.485, 0.456, 0.406)
IMAGENET_STD: Channels3 = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Conventions:
    """What the weights of a network rely on, and its blocks do not say.

    The defaults are those of PyTorch's batch norm and of most networks that were trained on
    ImageNet; every source of published weights has its own.

    Attributes:
        epsilon: what batch norms add to variances.
        momentum: the share of a batch in the running statistics of batch norms.
        mean: of the training images by channel, scaled to 0..1; subtracted from the input.
        std: the input is divided by it then.
    """

    epsilon: float = 1e-5
    momentum: float = 0.1
    mean: Channels3 = IMAGENET_MEAN
    std: Channels3 = IMAGENET_STD

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
            ValueError: one of them is out of its range; the message begins with its name.
        """
        for name in ("epsilon", "momentum"):
            value = getattr(self, name)
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be above 0 and at most 1, not {value:g}")
        if len(self.mean) != 3 or not all(0 <= value <= 1 for value in self.mean):
            raise ValueError(f"mean must be three numbers from 0 to 1, not {list(self.mean)}")
        if len(self.std) != 3 or not all(0 < value <= 1 for value in self.std):
            raise ValueError(
                f"std must be three numbers above 0 and at most 1, not {list(self.std)}"
            )

    @property
    def text(self) -> str:
        """What tells networks of equal blocks apart: what is not usual; "" for the usual ones."""
        lines = [
            f"\n{name}={getattr(self, name):g}"
            for name in ("epsilon", "momentum")
            if getattr(self, name) != getattr(USUAL, name)
        ]
        if (self.mean, self.std) != (USUAL.mean, USUAL.std):
            lines.append(f"\nmean={_numbers(self.mean)} std={_numbers(self.std)}")
        return "".join(lines)


USUAL = Conventions()
"""Those of networks that begin with random weights."""


def _numbers(values: Channels3) -> str:
    return ",".join(map(repr, values))
