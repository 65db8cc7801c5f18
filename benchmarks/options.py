"""The options that benchmarks of one space on this machine share."""

import argparse

from hwnas.devices.device import Device
from hwnas.spaces import SearchSpace, load_space


def space_parser(documentation: str | None) -> argparse.ArgumentParser:
    """A parser of --space, --resolution, --precision, --threads and --json."""
    parser = argparse.ArgumentParser(description=(documentation or "").splitlines()[0])
    parser.add_argument("--space", default="mobilenet_v3_large")
    parser.add_argument("--resolution", type=int, default=None)
    parser.add_argument("--precision", default="fp32", choices=("fp32", "int8"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    return parser


def space_and_device(options: argparse.Namespace) -> tuple[SearchSpace, Device]:
    """What those options name."""
    device = Device(name="benchmark", precision=options.precision, threads=options.threads)
    return load_space(options.space, resolution=options.resolution), device
