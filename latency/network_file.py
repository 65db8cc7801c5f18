"""A whole network as an ONNX file to be timed by other means, which says what it is of."""

import json
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from devices.device import Device
from devices.errors import TableError
from devices.foreign_text import shown
from latency.blocks import Network, block_from_dict, block_to_dict, check_network
from latency.measure import timed_model

_BLOCKS = "hwnas_blocks"
"""The key of the file's metadata that says of which blocks it is."""


def network_file(network: Network, device: Device) -> bytes:
    """The ONNX file of a network with random weights, in a device's precision and batch.

    It is the file that would be timed if hwnas reached the device, and its blocks stand in its
    metadata.
    """
    model = onnx.load_model_from_string(timed_model(network, device, inner=False))
    entry = model.metadata_props.add()
    entry.key = _BLOCKS
    entry.value = json.dumps([block_to_dict(block) for block in network])
    return bytes(model.SerializeToString())


def network_of_file(path: Path) -> Network:
    """The network of a file of `network_file`, whatever it is called now.

    Raises:
        TableError: it is not there, or no such file.
    """
    if not path.is_file():
        raise TableError(f"there is no file {shown(path)}; fill in architecture or blocks instead")
    try:
        model = onnx.load_model(path, load_external_data=False)
        entries = {entry.key: entry.value for entry in model.metadata_props}
        network = tuple(map(block_from_dict, json.loads(entries[_BLOCKS])))
        check_network(network)
    except (
        DecodeError, OSError, KeyError, ValueError, TypeError, AttributeError, RecursionError
    ) as error:  # fmt: skip
        raise TableError(
            f"{shown(path)} does not say of which blocks it is, as the files of 'hwnas table "
            "export-networks' do; fill in architecture or blocks instead"
        ) from error
    return network
