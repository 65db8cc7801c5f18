"""Batch norm folded into convolutions, wherever the module is."""

import pytest
import torch

from hwnas.networks.folding import folded_weights
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import reference_network


def test_the_weights_of_a_module_on_another_device_come_to_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    move = torch.Tensor.to

    def recorded(tensor: torch.Tensor, *where: object, **more: object) -> torch.Tensor:
        asked.append(where)
        return move(tensor, *where, **more)  # type: ignore[call-overload, no-any-return]

    network = reference_network("mobilenet_v3_small", resolution=32, classes=10)
    monkeypatch.setattr(torch.Tensor, "to", recorded)
    folded_weights(NetworkModule(network, 0))
    assert asked[-1] == ("cpu", torch.float32)
