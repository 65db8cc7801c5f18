"""Agents by the name that device configs use: what brings the agent's program to a target."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from hwnas.devices.agents.agent import Agent
from hwnas.devices.agents.native import NativeAgent
from hwnas.devices.agents.python import PythonAgent

if TYPE_CHECKING:
    from hwnas.devices.device import Device

AGENTS: dict[str, Callable[["Device"], Agent]] = {"native": NativeAgent, "python": PythonAgent}

__all__ = ["AGENTS", "Agent"]
