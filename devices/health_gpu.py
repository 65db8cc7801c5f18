"""What makes timings on an NVIDIA GPU unreliable, by its management library NVML."""

import os
from typing import Any

from hwnas.devices.health_files import Finding, finding
from hwnas.devices.nvml import GpuSensors, ask, find_gpu

LEAST_DISTANCE = 10.0
"""°C below the temperature at which the GPU lowers its clock."""


def gpu_findings(bus: str) -> list[Finding]:
    """Driver, other programs, temperature and persistence mode of the GPU of a PCI bus id."""
    gpu, celsius = find_gpu(bus), GpuSensors(bus).celsius()
    return [_driver(gpu), _others(gpu), _temperature(gpu, celsius), _persistence(gpu)]


def _driver(gpu: Any) -> Finding:
    version = ask(lambda library: str(library.nvmlSystemGetDriverVersion()))
    return finding("GPU driver", version if gpu is not None else None, True)


def _others(gpu: Any) -> Finding:
    own = os.getpid()
    found = [
        ask(lambda library: list(library.nvmlDeviceGetComputeRunningProcesses(gpu))),
        ask(lambda library: list(library.nvmlDeviceGetGraphicsRunningProcesses(gpu))),
    ]
    if gpu is None or all(processes is None for processes in found):
        return finding("GPU: other programs", None, True)
    others = sorted({one.pid for some in found for one in some or [] if one.pid != own})
    value = f"processes {', '.join(map(str, others[:5]))}" if others else "none"
    return finding(
        "GPU: other programs",
        value,
        not others,
        "stop the programs that 'nvidia-smi' lists, a desktop too, or use another GPU for them",
    )


def _temperature(gpu: Any, celsius: float | None) -> Finding:
    limit = ask(
        lambda library: float(
            library.nvmlDeviceGetTemperatureThreshold(
                gpu, library.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN
            )
        )
    )
    if gpu is None or celsius is None:
        return finding("GPU temperature", None, True)
    value = f"{celsius:.0f} °C" + (f", slows down at {limit:.0f}" if limit else "")
    return finding(
        "GPU temperature",
        value,
        not limit or celsius <= limit - LEAST_DISTANCE,
        "let it cool down, and set 'limit_celsius' and 'rest_s' in the device's file",
    )


def _persistence(gpu: Any) -> Finding:
    mode = None
    if gpu is not None:
        mode = ask(lambda library: int(library.nvmlDeviceGetPersistenceMode(gpu)))
    value = None if mode is None else "on" if mode else "off"
    return finding(
        "GPU persistence mode",
        value,
        bool(mode),
        "run 'sudo nvidia-smi --persistence-mode=1': without it the driver is unloaded between "
        "sessions, and clocks start low",
    )
