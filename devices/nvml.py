"""The sensors of an NVIDIA GPU, by its management library NVML, which is only read."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from hwnas.core.reading import reading

# A target needs no more than its runtime: without nvidia-ml-py, no sensor is read.
pynvml: Any = reading(lambda: import_module("pynvml"))

T = TypeVar("T")


def ask(question: Callable[[Any], T]) -> T | None:
    """The answer of NVML; None if it has none for this GPU or version, or is not installed."""
    return None if pynvml is None else reading(lambda: question(pynvml))


def find_gpu(bus: str) -> Any:
    """NVML's handle of a GPU, by its PCI bus id, since NVML and CUDA number GPUs differently.

    None without a driver, or with one that lists no GPUs, as on a Jetson.
    """

    def found(library: Any) -> Any:
        library.nvmlInit()
        return library.nvmlDeviceGetHandleByPciBusId(bus)

    return ask(found)


class GpuSensors:
    """Clock, temperature, power and energy of one GPU, as far as they can be read.

    Energy is since the previous reading.
    """

    def __init__(self, bus: str = "") -> None:
        """Finds a GPU by its PCI bus id; with "" nothing is read."""
        self._gpu: Any = find_gpu(bus) if bus else None
        # Once: the energy of a graph is read some hundred times a second.
        mode = ask(lambda library: library.nvmlDeviceGetMigMode(self._gpu)) if bus else None
        self._divided = bool(mode and mode[0])
        self._millijoules = self.millijoules()

    def read(self) -> dict[str, float]:
        """What can be read of the following.

        `gpu_mhz`: clock of the multiprocessors; `gpu_celsius`; `gpu_watts`: as the driver averages
        it; `gpu_joules`: what the whole board used since the previous reading.
        """
        watts = self._asked("nvmlDeviceGetPowerUsage")
        found = {
            "gpu_mhz": self._asked("nvmlDeviceGetClockInfo", "NVML_CLOCK_SM"),
            "gpu_celsius": self.celsius(),
            "gpu_watts": None if watts is None else watts / 1000,
        }
        energy = self.millijoules()
        if energy is not None and self._millijoules is not None:
            found["gpu_joules"] = round(max(0.0, energy - self._millijoules) / 1000, 3)
        self._millijoules = energy
        return {name: value for name, value in found.items() if value is not None}

    def celsius(self) -> float | None:
        """The temperature, None where it cannot be read."""
        # The second will go with CUDA 14; older drivers, and older nvidia-ml-py, lack the first.
        for name in ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature"):
            found = self._asked(name, "NVML_TEMPERATURE_GPU")
            if found is not None:
                return found
        return None

    def millijoules(self) -> float | None:
        """Millijoules of the whole board since the driver was loaded; GPUs since Volta count them.

        None for a part of a GPU (MIG), because the other parts would be counted, too.
        """
        return None if self._divided else self._asked("nvmlDeviceGetTotalEnergyConsumption")

    def _asked(self, function: str, *constants: str) -> float | None:
        """The result of a function of NVML for the GPU, None if it has none."""
        if self._gpu is None:
            return None
        return ask(
            lambda library: float(
                getattr(library, function)(
                    self._gpu, *(getattr(library, name) for name in constants)
                )
            )
        )
