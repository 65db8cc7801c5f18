"""The tensors of a checkpoint, checked and as float32, by the names of the network alone."""

from collections.abc import Mapping

import torch
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

# What training programs put before all names: DistributedDataParallel, Lightning, torch.compile.
_PREFIXES = ("module.", "model.", "_orig_mod.")
# Counters of batch norm and of averaged weights: no network needs them.
_COUNTERS = ("num_batches_tracked", "n_averaged")


def cleaned(source: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Float32 tensors by their names without prefixes; counters are left out.

    Raises:
        ConfigError: two tensors have one name, or one is not of finite floating-point numbers.
    """
    found: dict[str, Tensor] = {}
    for full_name, tensor in tensors.items():
        name = _without_prefixes(full_name)
        if name.rpartition(".")[2] in _COUNTERS:
            continue
        if name in found:
            raise ConfigError(
                f"{source} has two tensors {shown(name)}, one of them as {shown(full_name)}; name "
                "a file with the weights of one network"
            )
        found[name] = _float32(source, name, tensor)
    return found


def _without_prefixes(name: str) -> str:
    while prefix := next((one for one in _PREFIXES if name.startswith(one)), ""):
        name = name.removeprefix(prefix)
    return name


def _float32(source: str, name: str, tensor: Tensor) -> Tensor:
    dense = tensor.layout == torch.strided
    if not tensor.is_floating_point() or not dense:
        kind = str(tensor.dtype if dense else tensor.layout).removeprefix("torch.")
        raise ConfigError(
            f"{source} has numbers of type {kind} in {shown(name)}; name a file with weights of "
            "floating-point numbers, before any quantisation"
        )
    held = 0 if tensor.is_meta else tensor.untyped_storage().nbytes()
    if tensor.numel() * tensor.element_size() > held:
        raise ConfigError(
            f"{source} has fewer numbers in {shown(name)} than its shape, {tuple(tensor.shape)}, "
            "needs; download it again"
        )
    found = tensor.detach().to(torch.float32).contiguous()
    if not torch.isfinite(found).all():
        raise ConfigError(
            f"{source} holds numbers that are not finite, in {shown(name)}; download it again"
        )
    if name.endswith("running_var") and (found < 0).any():
        raise ConfigError(f"{source} holds negative variances, in {shown(name)}; download it again")
    return found
