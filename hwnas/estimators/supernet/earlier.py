"""The weights that an earlier training of a supernet has ended with, for another to go on from."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.relaxation.gates import GATE_VALUES
from hwnas.relaxation.learnt_logits import LOGITS
from hwnas.supernet.gated import first_open
from hwnas.supernet.supernet import Supernet
from hwnas.training.training_state import CONVENTIONS, load_outcome, read_ended

# In the names of the parameters that once-for-all's supernets have beside those of others.
_TRANSFORMS = ".transforms."
# Before those of a supernet that is a part of what was trained.
_INSIDE = "supernet."


def load_earlier(supernet: Supernet, source: Path) -> str | None:
    """Gives a supernet the weights of a training of the same parameters.

    It may have been of other paths: of the whole space, say, where the supernet is of what is left
    of it. Of one with gates, the channels of the largest logits become the first ones.

    Args:
        supernet: whose weights are replaced.
        source: the file of that training.

    Returns:
        The digest of the images that it was trained on, see `hwnas.data.resolutions.digest_of`;
        None where the file does not say.

    Raises:
        ConfigError: there is no such file, or its supernet has other parameters or conventions.
        RunError: it is damaged, not of hwnas, or of a training that has not ended.
    """
    _check_file(source)
    weights, texts = read_ended(source, {})
    if all(name.startswith(_INSIDE) for name in weights):
        weights = {name.removeprefix(_INSIDE): one for name, one in weights.items()}
    _check_parameters(supernet, source, weights)
    _check_conventions(supernet, source, texts)
    supernet.load_state_dict(weights)
    learnt = load_outcome(source, {})
    if GATE_VALUES in learnt:
        first_open(supernet, learnt[LOGITS])
    return texts.get("images")


def _check_file(source: Path) -> None:
    if source.is_dir():
        inside = source / SUPERNET_FILE
        wanted = inside if inside.is_file() else f"the {SUPERNET_FILE} in the folder of a run"
        raise ConfigError(f"the supernet {source} to start from is a folder; name {wanted}")
    if not source.is_file():
        raise ConfigError(
            f"the supernet {source} to start from is not there; name the {SUPERNET_FILE} that "
            "'hwnas train' wrote into a run folder"
        )


def _check_parameters(supernet: Supernet, source: Path, theirs: Mapping[str, Tensor]) -> None:
    ours = supernet.state_dict()
    names = [*ours, *sorted(theirs.keys() - ours.keys())]
    other = [name for name in names if _form(ours.get(name)) != _form(theirs.get(name))]
    if not other:
        return
    how = "name the file of a supernet of this space, or of the whole one that it was shrunk from"
    if all(_TRANSFORMS in name for name in other):
        how = "leave from_ofa out" if other[0] in ours else "name from_ofa, too, as it was there"
    first = other[0]
    raise ConfigError(
        f"the supernet {source} has other parameters than that of {supernet.space.name}: "
        f"{shown(first)} is {_form(theirs.get(first))} there and {_form(ours.get(first))} here; "
        f"{how}"
    )


def _check_conventions(supernet: Supernet, source: Path, texts: Mapping[str, str]) -> None:
    """Files of earlier versions do not say theirs."""
    ours = supernet.conventions.text
    theirs = texts.get(CONVENTIONS, ours)
    if theirs != ours:
        there, here = (shown(text.strip()) or "what is usual" for text in (theirs, ours))
        raise ConfigError(
            f"the supernet {source} takes images or batch norms otherwise, {there} there and "
            f"{here} here; name the network that it was made around as pretrained, too, or none "
            "where there was none"
        )


def _form(tensor: Tensor | None) -> str:
    if tensor is None:
        return "missing"
    kind = str(tensor.dtype).removeprefix("torch.")
    return f"{'×'.join(map(str, tensor.shape)) or 'one number'} ({kind})"
