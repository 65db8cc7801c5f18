"""The part `profile` of a config: what of a space is measured on a device."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.errors import ConfigError
from hwnas.devices.device import Device
from hwnas.latency.estimate import LEAST_NETWORKS
from hwnas.training.train_config import Auto

FIT_BESIDE_BLOCKS, FIT_WITHOUT_BLOCKS = 30, 270
"""How many networks `fit_networks: auto` is."""
_TOO_FEW = (
    f"blocks are estimated from {LEAST_NETWORKS} whole networks or more where they are not "
    "measured; raise profile.fit_networks"
)


class ProfileConfig(StrictModel):
    """How many whole networks are measured: to fit the latency model, and to check it.

    `blocks`: whether every block is measured by itself; else the model is estimated from whole
    networks alone, which are many more then if `fit_networks` is `auto`. `auto` is where the
    runtime can run single blocks.
    `chains`: whether every block is also measured inside a longer graph (see
    `hwnas.latency.chains`);
    `auto` is where the runtime is one of GPUs, on which small blocks alone wait for their launch.
    `energy`: whether the energy of all of them is measured too, on an NVIDIA GPU.
    """

    fit_networks: Annotated[int, Field(ge=4, le=10_000)] | Auto = "auto"
    check_networks: Annotated[int, Field(ge=2, le=10_000)] = 30
    blocks: bool | Auto = "auto"
    chains: Literal["auto", "always", "never"] = "auto"
    energy: bool = False

    @model_validator(mode="after")
    def _possible_without_blocks(self) -> Self:
        if self.blocks is not False:
            return self
        if self.fit_count(singly=False) < LEAST_NETWORKS:
            raise ValueError(_TOO_FEW)
        if self.chains == "always":
            raise ValueError(
                "chains are made of measured blocks, and 'blocks: false' measures none; leave one "
                "of them out"
            )
        return self

    def changed(self, *, energy: bool = False, blocks: bool | None = None) -> "ProfileConfig":
        """The same with energies too, and with or without blocks where that is said.

        Raises:
            ConfigError: that contradicts what the config says.
        """
        content = self.model_dump()
        content |= {"energy": True} if energy else {}
        content |= {} if blocks is None else {"blocks": blocks}
        return parse_config(content, ProfileConfig, "profile")

    def fit_count(self, *, singly: bool) -> int:
        """How many whole networks the model is fitted to, beside single blocks or without any."""
        if self.fit_networks == "auto":
            return FIT_BESIDE_BLOCKS if singly else FIT_WITHOUT_BLOCKS
        return self.fit_networks

    def singly(self, device: Device) -> bool:
        """Whether blocks are measured by themselves on a device.

        Raises:
            ConfigError: they are wanted where they cannot be; or there are too few networks to do
                without.
        """
        spec = device.runtime_spec
        if self.blocks is True and not spec.blocks:
            raise ConfigError(
                f"the runtime {spec.name} of {device.name} runs whole networks alone, and "
                "profile.blocks is true; leave it out, or write false"
            )
        found = spec.blocks if self.blocks == "auto" else self.blocks
        if not found and self.fit_count(singly=False) < LEAST_NETWORKS:
            raise ConfigError(_TOO_FEW)
        return found

    def chained(self, device: Device) -> bool:
        """Whether chains are measured on a device, where blocks are."""
        if self.chains == "auto":
            return device.runtime_spec.on_gpu
        return self.chains == "always"
