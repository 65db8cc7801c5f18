"""The pretrained network of a run: read as its config says, and held by the run folder.

A copy in the run folder lets the run be moved, and go on where the file that it is from is gone.
"""

import json
from pathlib import Path

from pydantic import TypeAdapter

from hwnas.core.errors import HwnasError, RunError
from hwnas.core.foreign_text import shown
from hwnas.networks.blocks import block_from_dict, block_to_dict
from hwnas.networks.conventions import Conventions
from hwnas.runs.pretrained_config import PretrainedConfig
from hwnas.supernet.pretrained import Pretrained, read_pretrained
from hwnas.training.checkpoint import load_weights, save_weights

FILE = Path("pretrained") / "weights.safetensors"
"""The copy, in the run folder."""
_CONVENTIONS = TypeAdapter(Conventions)


def read_named(named: PretrainedConfig, path: str) -> Pretrained:
    """Reads what a config names.

    Args:
        named: by the config.
        path: where its file is, or `timm:NAME`.

    Raises:
        ConfigError: see `read_pretrained`.
    """
    return read_pretrained(path, network=named.network, mean=named.mean, std=named.std)


def write_copy(run: Path, named: PretrainedConfig, pretrained: Pretrained) -> None:
    """Writes the copy into a run folder.

    Raises:
        RunError: it cannot be written.
    """
    texts = {
        "named": named.model_dump_json(),
        "network": pretrained.network_name,
        "conventions": _CONVENTIONS.dump_json(pretrained.conventions).decode(),
        "blocks": json.dumps([block_to_dict(block) for block in pretrained.blocks]),
    }
    save_weights(run / FILE, pretrained.state, texts)


def read_copy(run: Path) -> tuple[PretrainedConfig, Pretrained] | None:
    """What a run folder holds, and by which name it was read; None where it holds none.

    Raises:
        RunError: the copy is damaged.
    """
    path = run / FILE
    if not path.is_file():
        return None
    state, texts = load_weights(path)
    try:
        named = PretrainedConfig.model_validate_json(texts["named"])
        conventions = _CONVENTIONS.validate_json(texts["conventions"])
        blocks = tuple(map(block_from_dict, json.loads(texts["blocks"])))
        return named, Pretrained(named.file, texts["network"], conventions, blocks, state)
    except (HwnasError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise RunError(
            f"{path} is damaged ({shown(str(error))}); restore it from a copy, or delete it and "
            "name the pretrained network again"
        ) from error


def hold(run: Path, named: PretrainedConfig, pretrained: Pretrained, *, replaceable: bool) -> None:
    """Has a run folder hold a copy of its pretrained network, and keep the one that it is made of.

    Args:
        run: the folder.
        named: what the config names.
        pretrained: what was read by that.
        replaceable: whether nothing in the folder depends on what it holds.

    Raises:
        RunError: it holds other weights, or damaged ones, or the copy cannot be written.
    """
    held = read_copy(run)
    same = held is not None and _values(held[1]) == _values(pretrained)
    if held is not None and not same and not replaceable:
        raise RunError(
            f"{run} was made with other pretrained weights: those of {shown(pretrained.source)} "
            "differ from them; name another run folder with --run, or remove this one to start over"
        )
    if held is None or not same or held[0] != named:
        write_copy(run, named, pretrained)


def _values(pretrained: Pretrained) -> tuple[object, ...]:
    return pretrained.digest, pretrained.conventions, pretrained.network_name
