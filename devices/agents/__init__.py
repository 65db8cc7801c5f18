"""Agents by the name that device configs use: what brings the agent's program to a target."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from devices.agents.agent import Agent
from devices.agents.native import NativeAgent
from devices.agents.python import PythonAgent

if TYPE_CHECKING:
    from devices.device import Device

AGENTS: dict[str, Callable[["Device"], Agent]] = {"native": NativeAgent, "python": PythonAgent}

__all__ = ["AGENTS", "Agent"]
