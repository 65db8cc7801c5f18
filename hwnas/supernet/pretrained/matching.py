"""Which published network some tensors are, and what does not fit, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.supernet.pretrained.kinds import LIBRARIES, Kind, Library

# A checkpoint with a smaller share of a kind's names is one of another network.
_LEAST_IN_COMMON = 0.5
_LISTED = 3
HELP = "docs/guides/pretrained.md lists what can be read"

# Names that tell what else a checkpoint is, and what to do with it.
_OTHERS = {
    "first_conv.conv.weight": "is a once-for-all supernet; name it as from_ofa (--from-ofa)",
    "prefix0.conv.weight": "holds the supernet of a run; name the folder of an exported network",
    "block0.conv.weight": "has the names of a network that hwnas exported, but there is no "
    "config.json beside it; name the folder of the export",
}


@dataclass(frozen=True)
class Match:
    """The published network whose names are the closest to those of a checkpoint."""

    source: str
    library: Library
    kind: Kind
    tensors: Mapping[str, Tensor]

    @property
    def name(self) -> str:
        """As in "timm/mobilenet_v3_small"."""
        return f"{self.library.name}/{self.kind.name}"

    def state(self) -> dict[str, Tensor]:
        """The tensors by our names, in the shapes that they came in.

        Raises:
            ConfigError: some are missing, or unexpected.
        """
        names = self.library.tensors(self.kind)
        missing = [name for name in names.values() if name not in self.tensors]
        expected = set(names.values())
        unexpected = [name for name in self.tensors if name not in expected]
        faults = [
            f"{_listed(found)} {'is' if len(found) == 1 else 'are'} {fault}"
            for found, fault in ((missing, "missing"), (unexpected, "unexpected"))
            if found
        ]
        if faults:
            raise self.misfit(", ".join(faults))
        return {ours: self.tensors[name] for ours, name in names.items()}

    def theirs(self, name: str) -> str:
        """What the library calls a tensor of ours."""
        return self.library.tensors(self.kind)[name]

    def misfit(self, why: str) -> ConfigError:
        """The error to raise of tensors that do not fit the network."""
        return ConfigError(
            f"{self.source} does not fit {self.name}, the closest of the networks that hwnas can "
            f"start from: {why}; name a file that has all its tensors and no others, or download "
            f"it again ({HELP})"
        )


def match(source: str, tensors: Mapping[str, Tensor]) -> Match:
    """The library and the kind of a checkpoint's tensors, without any prefixes.

    Raises:
        ConfigError: they are of none that can be read.
    """
    library = next((one for one in LIBRARIES if one.signature in tensors), None)
    if library is None:
        known = next((text for name, text in _OTHERS.items() if name in tensors), None)
        raise _unknown(source, tensors) if known is None else ConfigError(f"{source} {known}")
    kind = min(library.kinds, key=lambda one: _distance(library, one, tensors))
    names = library.tensors(kind).values()
    if sum(name in tensors for name in names) < _LEAST_IN_COMMON * len(names):
        raise _unknown(source, tensors)
    return Match(source, library, kind, tensors)


def _distance(library: Library, kind: Kind, tensors: Mapping[str, Tensor]) -> tuple[int, int, int]:
    """How far a kind is: names on one side only, other kernels, difference in channels."""
    names = library.tensors(kind)
    theirs = set(names.values())
    kernels = channels = 0
    for index, block in enumerate(kind.network(library.name)):
        for layer in block.layers():
            found = tensors.get(names[f"block{index}.{layer.name}.weight"])
            if found is not None and found.ndim > 0:
                channels += abs(len(found) - layer.out_channels)
                kernels += found.ndim == 4 and found.shape[-1] != layer.kernel
    return len(theirs ^ tensors.keys()), kernels, channels


def _unknown(source: str, tensors: Mapping[str, Tensor]) -> ConfigError:
    return ConfigError(
        f"{source} holds the weights of another network than those that hwnas can start from: its "
        f"tensors are {_listed(list(tensors))}; name weights of a MobileNet or an "
        f"EfficientNet-Lite ({HELP})"
    )


def _listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    text = ", ".join(shown(name, longest=80) for name in names[:_LISTED])
    more = len(names) - _LISTED
    return f"{text} and {more:,} more" if more > 0 else text
