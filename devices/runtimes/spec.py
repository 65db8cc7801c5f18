"""RuntimeSpec: all that hwnas has to know of a runtime before one runs."""

import re
from dataclasses import dataclass

from hwnas.core.errors import DeviceError
from hwnas.core.registry import is_object_path, load_object
from hwnas.devices.runtimes.runtime import Runtime

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class RuntimeSpec:
    """One runtime. A package of your own brings one by an entry point of `hwnas.runtimes`.

    Attributes:
        name: what devices call it (`runtime: NAME`).
        factory: "module:attribute" of what makes the `Runtime` when it is called without arguments.
            It is imported on the target, by the agent; the module may import `hwnas.core.errors`
            and `hwnas.devices.runtimes` of hwnas, which are sent there, and no more.
        on_gpu: it runs graphs on an NVIDIA GPU: only its energy can be measured, and the process is
            pinned to its cores after graphs were loaded.
        fp16: it has kernels for half precision. Without them graphs are computed in float32.
        int8: the recipe of `hwnas.networks.quantize` by which graphs are quantised for it; None
            where it has no kernels for integers.
        builds_engines: it makes engines of graphs, see `BuildingRuntime`.
        profiles_operators: it reports how long each operator takes.
        graphs_per_job: how many graphs one process can hold, None where memory alone limits them.
        native: the native agent runs it, too.
        takes_values: an input with a default value, as `hwnas profile --model FILE --input` gives
            it, stays an input; other runtimes fold it into the graph as they do weights.
        shares_cache: nothing of its cache is executed, see `CachingRuntime`, so that the cache of a
            table that somebody else measured can be used.
        blocks: it runs single blocks of a network; where it takes whole networks of images alone,
            latency tables are made of these (`profile.blocks`).
    """

    name: str
    factory: str
    on_gpu: bool = False
    fp16: bool = False
    int8: str | None = None
    builds_engines: bool = False
    profiles_operators: bool = True
    graphs_per_job: int | None = None
    native: bool = False
    takes_values: bool = False
    shares_cache: bool = False
    blocks: bool = True

    def __post_init__(self) -> None:
        """Refuses names that no job could carry."""
        if not _NAME.fullmatch(self.name):
            raise DeviceError(f"'{self.name}' cannot be the name of a runtime; write one word")
        if not is_object_path(self.factory):
            raise DeviceError(
                f"the factory '{self.factory}' of the runtime {self.name} is not of the form "
                "'module:attribute'"
            )

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions that it may be asked for."""
        half = ("fp16",) if self.fp16 else ()
        return ("fp32", *half, *(("int8",) if self.int8 is not None else ()))

    def make(self) -> Runtime:
        """The runtime, on this machine.

        Raises:
            DeviceError: it cannot run here.
        """
        runtime: Runtime = load_object(self.factory)()
        return runtime
