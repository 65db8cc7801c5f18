"""The sensors of an NVIDIA GPU through its management library; it is only asked, never told."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

# A target needs no more than its runtime: without nvidia-ml-py, nothing is read.
pynvml: Any = import_module("pynvml") if find_spec("pynvml") else None


class GpuSensors:
    """Clock, temperature, power and energy of one GPU, as far as it tells them.

    Energy is that since the reading before.
    """

    def __init__(self, bus: str = "") -> None:
        """Finds a GPU by its PCI bus id: the order of NVML's GPUs is not that of CUDA's."""
        self._gpu: Any = None
        if bus and pynvml is not None:
            try:
                pynvml.nvmlInit()
                self._gpu = pynvml.nvmlDeviceGetHandleByPciBusId(bus)
            except pynvml.NVMLError:  # no driver, or one that does not know its GPUs, as on Jetson
                self._gpu = None
        self._millijoules = self.millijoules()

    def read(self) -> dict[str, float]:
        """What is readable, of these.

        `gpu_mhz`: clock of the multiprocessors; `gpu_celsius`; `gpu_watts`: as the driver averages
        it; `gpu_joules`: what the whole board used since the reading before.
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
        # The second goes with CUDA 14; older drivers, and older nvidia-ml-py, lack the first.
        for name in ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature"):
            found = self._asked(name, "NVML_TEMPERATURE_GPU")
            if found is not None:
                return found
        return None

    def millijoules(self) -> float | None:
        """What the whole board used since the driver was loaded; GPUs since Volta count it.

        None for a part of a GPU (MIG), whose neighbours would be counted.
        """
        return None if self._divided() else self._asked("nvmlDeviceGetTotalEnergyConsumption")

    def _divided(self) -> bool:
        if self._gpu is None:
            return False
        try:
            current, _ = pynvml.nvmlDeviceGetMigMode(self._gpu)
        except (pynvml.NVMLError, AttributeError):  # most GPUs cannot be divided
            return False
        return bool(current)

    def _asked(self, function: str, *constants: str) -> float | None:
        """What a function of NVML says of the GPU, None if it does not."""
        if self._gpu is None:
            return None
        try:
            arguments = [getattr(pynvml, name) for name in constants]
            return float(getattr(pynvml, function)(self._gpu, *arguments))
        except (pynvml.NVMLError, AttributeError):  # not this GPU, or not this nvidia-ml-py
            return None
