"""Where published weights come from, as far as that changes what a network computes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.networks.blocks import Network
from hwnas.networks.conventions import Channels3, Conventions
from hwnas.spaces.references.library import TENSORFLOW
from hwnas.supernet.pretrained.hints import Hint, hint
from hwnas.supernet.pretrained.kinds import TIMM
from hwnas.supernet.pretrained.matching import HELP, Match

Normalisation = tuple[Sequence[float], Sequence[float]]
"""Mean and std by channel, of pixels scaled to 0..1."""


@dataclass(frozen=True)
class Told:
    """What is known of weights beside their tensors.

    Attributes:
        network: what the user says that they are.
        normalisation: what the user says of mean and std.
        names: what may name the network, the most reliable first.
        published: mean and std as they stand beside the weights.
    """

    network: str | None = None
    normalisation: Normalisation | None = None
    names: Sequence[str] = ()
    published: Normalisation | None = None


@dataclass(frozen=True)
class Origin:
    """Whose form of a network some weights are for.

    Attributes:
        name: as in "timm/tf_mobilenet_v3_small".
        template: its blocks at the published width.
        conventions: those of the weights.
    """

    name: str
    template: Network
    conventions: Conventions


def origin(match: Match, told: Told) -> Origin:
    """Whose form of a network a checkpoint is for.

    Raises:
        ConfigError: nothing tells, so it asks; or what the user says cannot be.
    """
    found = _said(match, told.network) or _hinted(match, told.names)
    form = _form(match, found)
    template, conventions = match.kind.published(match.library.name, form)
    normalisation = told.normalisation or told.published
    if normalisation is None and match.library is TIMM:
        if found is not None:
            normalisation = found.mean, found.std
        elif match.kind.recipes:
            raise _which_normalisation(match)
    if normalisation is not None:
        conventions = _normalised(match, conventions, normalisation)
    return Origin(f"{match.library.name}/{form}{match.kind.name}", template, conventions)


def _said(match: Match, network: str | None) -> Hint | None:
    """What the user's name tells, after a look at whether it can be."""
    if network is None:
        return None
    library, _, short = network.rpartition("/")
    found = hint(short)
    kind = match.kind
    if found is None or not found.is_of(kind.name) or library not in ("", match.library.name):
        raise ConfigError(
            f"{match.source} holds the weights of {match.name}, not of {shown(network)}: correct "
            "network:, or leave it out"
        )
    other = (match.library is not TIMM and found.tensorflow) or (
        kind.tensorflow is not None and kind.tensorflow != found.tensorflow
    )
    if other:
        raise ConfigError(
            f"there is no {shown(network)} that {match.source} could be: its names are those of "
            f"{match.name}; correct network:, or leave it out"
        )
    return found


def _hinted(match: Match, names: Sequence[str]) -> Hint | None:
    """What the first name tells that is one of the network's."""
    hints = map(hint, names)
    return next((one for one in hints if one is not None and one.is_of(match.kind.name)), None)


def _form(match: Match, found: Hint | None) -> str:
    """What the network's name begins with: "tf_" of weights from TensorFlow in timm."""
    if match.library is not TIMM:
        return ""
    tensorflow = match.kind.tensorflow
    if tensorflow is None:
        if found is None:
            raise _which_form(match)
        tensorflow = found.tensorflow
    return TENSORFLOW.prefix if tensorflow else ""


def _normalised(
    match: Match, conventions: Conventions, normalisation: Normalisation
) -> Conventions:
    try:
        (red, green, blue), (of_red, of_green, of_blue) = normalisation
        mean: Channels3 = float(red), float(green), float(blue)
        std: Channels3 = float(of_red), float(of_green), float(of_blue)
        return replace(conventions, mean=mean, std=std)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"mean: and std: of {match.source} must be three numbers each, of pixels from 0 to 1, "
            f"as in [0.5, 0.5, 0.5] ({shown(error)})"
        ) from error


def _which_form(match: Match) -> ConfigError:
    name = match.kind.name
    return ConfigError(
        f"{match.source} holds a {match.name}, and nothing tells whether its weights come from "
        "TensorFlow, which has another padding, mean and std: write pretrained: "
        f"{{file: …, network: timm/{name}}} for timm's own, network: "
        f"timm/{TENSORFLOW.prefix}{name} for TensorFlow's, or --pretrained-network ({HELP})"
    )


def _which_normalisation(match: Match) -> ConfigError:
    return ConfigError(
        f"{match.source} holds a {match.name}, and nothing tells the mean and std of the images "
        "that it was trained on: write pretrained: {file: …, mean: [0.485, 0.456, 0.406], "
        "std: [0.229, 0.224, 0.225]} if it was ImageNet's, or those of its model card "
        f"({HELP})"
    )
