"""A device as the YAML file that a person reads and edits."""

from hwnas.core.yaml_text import to_yaml
from hwnas.devices.device import Device

# Written even at their defaults: what is most often edited.
_ALWAYS = ("name", "transport", "agent", "runtime", "precision", "threads", "batch", "cores")
# Which the library writes behind a value that stands alone.
_END_OF_SCALAR = "\n...\n"
_COMMENTS = {
    "host": "As ssh knows it; user, port, keys and jump hosts may stand in ~/.ssh/config instead.",
    "serial": "As 'adb devices' shows it.",
    "fixed_performance": "While measuring, the phone is asked to keep clocks that it can hold.",
    "agent": "The program that runs there: python needs python3 and onnxruntime, native nothing.",
    "arch": "What 'uname -m' says there; 'hwnas devices bundle --arch' makes what is sent.",
    "runtime": "onnxruntime; on NVIDIA GPUs onnxruntime_cuda, tensorrt or tensorrt_rtx.",
    "precision": "fp32 or int8; fp16 on GPUs.",
    "threads": "Of one inference.",
    "batch": "Images an inference.",
    "cores": 'Pinned to the fastest cores ("auto"); "any" lets the system choose, [2] names one.',
    "rest_s": "Seconds of rest before each round of measurements.",
    "limit_celsius": "A round waits while the hottest sensor is above it.",
}


def device_text(device: Device) -> str:
    """YAML with a comment on what is not obvious; reading it gives an equal device."""
    lines = ["# Made by 'hwnas devices add'; edit it as you like."]
    content = device.model_dump(mode="json")
    for key, field in Device.model_fields.items():
        if key not in _ALWAYS and getattr(device, key) == field.default:
            continue
        if key in _COMMENTS:
            lines.append(f"# {_COMMENTS[key]}")
        # The library writes the value, which may look like a number or a yes.
        flow = isinstance(content[key], list)
        value = to_yaml(content[key], flow=flow, width=10_000)
        lines.append(f"{key}: {value.partition(_END_OF_SCALAR)[0].strip()}")
    return "\n".join(lines) + "\n"
