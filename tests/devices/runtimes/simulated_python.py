"""A Python whose CUDA and TensorRT are simulated: for agents that are processes of their own."""

import json
import shlex
import sys
from pathlib import Path

from tests.devices.runtimes.flavours import signatures

_CUDA = """
import sys
from tests.devices.runtimes.fake_cuda import Gpu, runtime_module
sys.modules[__name__] = runtime_module(Gpu())
"""
_TRT = """
import json, sys
from pathlib import Path
from cuda.bindings import runtime
from tests.devices.runtimes.computing_trt import ComputingTrt
described = json.loads(Path(__file__).with_name("signatures.json").read_text())
sys.modules[__name__] = ComputingTrt({flavour!r}, described, runtime._gpu).module
"""


def simulated_python(folder: Path, flavour: str, version: str) -> Path:
    """Makes one, as the key `python` of a device names it."""
    site = folder / "site"
    bindings = site / "cuda" / "bindings"
    bindings.mkdir(parents=True)
    for package in (bindings.parent, bindings):
        (package / "__init__.py").touch()
    (bindings / "runtime.py").write_text(_CUDA)
    (site / f"{flavour}.py").write_text(_TRT.format(flavour=flavour))
    (site / "signatures.json").write_text(json.dumps(signatures(flavour, version)))
    paths = f"{site}:{Path(__file__).parents[3]}"
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(paths)} exec {shlex.quote(sys.executable)} "$@"\n'
    )
    python.chmod(0o755)
    return python
