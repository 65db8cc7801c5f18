"""What every runtime must do."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from hwnas.core.errors import DeviceError
from hwnas.devices.answers import WARNINGS, Facts, TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.runtimes import (
    RUNTIMES,
    BuildingRuntime,
    EnergyGraph,
    LoadedGraph,
    Runtime,
    RuntimeSpec,
)
from hwnas.devices.target import Round, open_target
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.graph import INPUT, build_graph
from hwnas.networks.half import to_half
from hwnas.networks.quantize import RECIPES, quantize

NETWORK = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 5, 1, 8, "relu6", 8),
    Head(8, 16, 8, 4, "relu", 8),
)


class RuntimeContract:
    """The tests of one runtime, on this machine.

    A test file of the runtime's package holds:

        class TestMyRuntime(RuntimeContract):
            spec = MY_SPEC

    Attributes:
        spec: of the runtime.
        tolerance: how much an output may differ from what the ONNX standard says.
    """

    spec: ClassVar[RuntimeSpec]
    tolerance: ClassVar[float] = 1e-4

    @pytest.fixture
    def runtime(self) -> Runtime:
        """The runtime; one for GPUs that is not installed is skipped."""
        try:
            return self.spec.make()
        except DeviceError as error:
            if self.spec.on_gpu and "is not installed" in str(error):
                pytest.skip(str(error))
            raise

    @pytest.fixture
    def graph(self, runtime: Runtime, tmp_path: Path) -> LoadedGraph:
        """A small network, loaded."""
        return runtime.load(_saved(tmp_path), threads=1)

    def test_it_has_a_version(self, runtime: Runtime) -> None:
        """Timings of two versions are never compared."""
        assert runtime.version[0].isdigit()

    def test_it_says_on_which_gpu_it_runs(self, runtime: Runtime) -> None:
        """By its PCI bus id; "" where it is none."""
        assert bool(runtime.gpu) == self.spec.on_gpu

    @pytest.mark.parametrize("batch", [1, 3])
    def test_it_computes_what_the_onnx_standard_says(
        self, runtime: Runtime, tmp_path: Path, batch: int
    ) -> None:
        """For one image and for several."""
        path = _saved(tmp_path, batch)
        image = np.random.default_rng(0).standard_normal((batch, 3, 16, 16)).astype(np.float32)
        outputs: Any = ReferenceEvaluator(str(path)).run(None, {INPUT: image})
        loaded = runtime.load(path, threads=1)
        assert loaded.provider
        np.testing.assert_allclose(loaded.run(image), outputs[0], atol=self.tolerance)

    def test_it_takes_an_image_as_raw_values(self, graph: LoadedGraph) -> None:
        """As an agent gives it, and no other number of values."""
        image = np.linspace(-1, 1, 3 * 16 * 16, dtype=np.float32).reshape(1, 3, 16, 16)
        found = graph.run_raw(image.tobytes())
        np.testing.assert_allclose(found, graph.run(image).ravel(), atol=self.tolerance)
        with pytest.raises(DeviceError):
            graph.run_raw(image.tobytes()[4:])

    def test_it_times_as_many_runs_as_asked(self, graph: LoadedGraph) -> None:
        """Or for as long as asked."""
        samples = graph.time(least_runs=7, least_ms=0.0)
        assert len(samples) == 7
        assert all(np.isfinite(samples))
        assert min(samples) > 0
        # On a busy machine a single run may take as long, now and then.
        asked = (graph.time(least_runs=1, least_ms=5 * max(samples)) for _ in range(20))
        assert any(len(found) > 1 for found in asked)
        assert set(graph.warnings) <= WARNINGS

    def test_it_says_where_the_time_goes(self, runtime: Runtime, tmp_path: Path) -> None:
        """Or, where the specification says that it does not, refuses in a sentence."""
        if not self.spec.profiles_operators:
            with pytest.raises(DeviceError):
                runtime.operators(_saved(tmp_path), threads=1, runs=3)
            return
        found = runtime.operators(_saved(tmp_path), threads=1, runs=3)
        assert found
        assert all(set(one) == {"name", "type", "provider", "ms"} for one in found)
        assert sum(one["ms"] for one in found) > 0

    def test_a_file_that_is_no_model_is_one_sentence(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        """That names the file."""
        (tmp_path / "broken.onnx").write_bytes(b"no model")
        with pytest.raises(DeviceError, match=r"cannot load broken\.onnx"):
            runtime.load(tmp_path / "broken.onnx", threads=1)

    def test_it_loads_every_precision_that_its_specification_names(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        """Half precision, and integers by its recipe."""
        model = build_graph(NETWORK)
        if self.spec.fp16:
            onnx.save(to_half(model, first=True, last=True), tmp_path / "half.onnx")
            assert runtime.load(tmp_path / "half.onnx", threads=1).provider
        if self.spec.int8 is not None:
            assert self.spec.int8 in RECIPES
            onnx.save(quantize(model, self.spec.int8), tmp_path / "int8.onnx")
            assert runtime.load(tmp_path / "int8.onnx", threads=1).provider

    def test_it_is_what_its_specification_says(self, runtime: Runtime, graph: LoadedGraph) -> None:
        """Engines are built by runtimes that say so, and energy is measured on GPUs."""
        assert isinstance(runtime, BuildingRuntime) == self.spec.builds_engines
        assert isinstance(graph, EnergyGraph) == self.spec.on_gpu

    def test_an_agent_runs_it(self) -> None:
        """In a process of its own, with the modules of hwnas that are sent to targets."""
        if self.spec.name not in RUNTIMES:  # of no installed package
            RUNTIMES.add(self.spec.name, self.spec)
        device = Device(name="contract", runtime=self.spec.name, cores="any")
        with open_target(device) as target:
            target.add("network", build_graph(NETWORK).SerializeToString())
            facts, visit, *_ = (
                one
                for one in target.run([Round(0, ["network"])], least_runs=3, least_ms=0.0)
                if isinstance(one, Facts | TargetVisit)
            )
        assert isinstance(facts, Facts)
        assert (facts.runtime, bool(facts.runtime_version)) == (self.spec.name, True)
        assert isinstance(visit, TargetVisit)
        assert len(visit.samples) == 3


def _saved(folder: Path, batch: int = 1) -> Path:
    path = folder / "model.onnx"
    onnx.save(build_graph(NETWORK, batch=batch), path)
    return path
