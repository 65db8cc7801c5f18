"""What a name tells of weights beyond their tensors: who trained them, and on which pixels.

timm's networks with weights from TensorFlow (`tf_…`) have the tensors of its own ones, but pad and
normalise otherwise; and mean and std of a network can change with the recipe that trained it.
"""

import re
from dataclasses import dataclass

from hwnas.networks.conventions import IMAGENET_MEAN, IMAGENET_STD, Channels3

_NAME = re.compile(
    r"(?P<tf>tf_)?(?P<family>mobilenet_?v2|mobilenet_?v3_?small|mobilenet_?v3_?large"
    r"|mobilenet_?v4_?conv_?small|efficientnet_?lite[0-9]?)(?P<rest>.*)"
)
_FAMILIES = {
    "mobilenetv2": "mobilenet_v2",
    "mobilenetv3small": "mobilenet_v3_small",
    "mobilenetv3large": "mobilenet_v3_large",
    "mobilenetv4convsmall": "mobilenet_v4_conv_small",
}

_HALVES: tuple[Channels3, Channels3] = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
_RAW: tuple[Channels3, Channels3] = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
# The recipes of timm 1.0.31 whose mean and std are not ImageNet's, by what their names contain.
_RECIPES = (
    (r"miil", _RAW),
    (r"[._]ra4|150d|[._]e3000|[._]e3600|conv_?small_(035|050)", _HALVES),
)


@dataclass(frozen=True)
class Hint:
    """What a name tells.

    Attributes:
        family: of networks, as in "mobilenet_v3_small".
        tensorflow: whether the weights come from TensorFlow.
        mean: of the pixels by channel, scaled to 0..1.
        std: likewise.
    """

    family: str
    tensorflow: bool
    mean: Channels3
    std: Channels3

    def is_of(self, kind: str) -> bool:
        """Whether a kind, as in "mobilenet_v2_110d", is of the family.

        All EfficientNet-Lites are one: at other widths, shapes tell them apart badly.
        """
        return kind.startswith("efficientnet_lite" if "lite" in self.family else self.family)


def hint(text: str) -> Hint | None:
    """What a name tells, in timm's spelling or ours; None of any other text.

    Args:
        text: as in "tf_mobilenetv3_small_100.in1k", "timm/mobilenet_v3_small", or a file's name.
    """
    text = text.lower().replace("-", "_")
    found = _NAME.search(text)
    if found is None:
        return None
    family = found["family"]
    family = _FAMILIES.get(family.replace("_", ""), family.replace("netlite", "net_lite"))
    mean, std = IMAGENET_MEAN, IMAGENET_STD
    if found["tf"]:
        mean, std = _HALVES
    else:
        for pattern, values in _RECIPES:
            if re.search(pattern, found[0]):
                mean, std = values
    return Hint(family, bool(found["tf"]), mean, std)
