"""A whole network as an ONNX file to be timed by other means, which says what it is of."""

import json
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from hwnas.core.errors import TableError
from hwnas.core.foreign_text import shown
from hwnas.devices.device import Device
from hwnas.latency.measure import timed_model
from hwnas.networks.blocks import Network, block_from_dict, block_to_dict, check_network

_BLOCKS = "hwnas_blocks"
"""The key of the file's metadata that says of which blocks it is."""
_FORM = "hwnas_form"
"""That of its precision and batch."""


def network_file(network: Network, device: Device) -> bytes:
    """The ONNX file of a network with random weights, in a device's precision and batch.

    It is the file that would be timed if hwnas reached the device, and its blocks stand in its
    metadata.
    """
    model = onnx.load_model_from_string(timed_model(network, device, inner=False))
    blocks = json.dumps([block_to_dict(block) for block in network])
    for key, value in ((_BLOCKS, blocks), (_FORM, _form(device))):
        model.metadata_props.add(key=key, value=value)
    return bytes(model.SerializeToString())


def network_of_file(path: Path, device: Device | None = None) -> Network:
    """The network of a file of `network_file`, whatever it is called now.

    Args:
        path: the file.
        device: on which it was timed, if that is to be checked.

    Raises:
        TableError: it is not there, no such file, or in the precision or batch of another device.
    """
    if not path.is_file():
        raise TableError(f"there is no file {shown(path)}; fill in architecture or blocks instead")
    try:
        model = onnx.load_model(path, load_external_data=False)
        entries = {entry.key: entry.value for entry in model.metadata_props}
        network = tuple(map(block_from_dict, json.loads(entries[_BLOCKS])))
        check_network(network)
    except (
        DecodeError,
        OSError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise TableError(
            f"{shown(path)} does not say of which blocks it is, as the files of 'hwnas table "
            "export-networks' do; fill in architecture or blocks instead"
        ) from error
    form = entries.get(_FORM, "")
    if device is not None and form and form != _form(device):
        raise TableError(
            f"{shown(path)} is {shown(form)}, but the device {device.name} is {_form(device)}; "
            "name the device that the networks were exported for"
        )
    return network


def _form(device: Device) -> str:
    return f"in {device.precision} for a batch of {device.batch}"
