"""A device as the YAML file that a person reads and edits."""

from hwnas.core.yaml_text import to_yaml
from hwnas.devices.device import Device

# Written even at their defaults, because they are edited most often.
_ALWAYS = ("name", "transport", "agent", "runtime", "precision", "threads", "batch", "cores")
# The library writes it after a value that stands alone.
_END_OF_SCALAR = "\n...\n"
_COMMENTS = {
    "options": "What the transport needs to know.",
    "host": "As ssh knows it; user, port, keys and jump hosts may be in ~/.ssh/config instead.",
    "serial": "As 'adb devices' shows it.",
    "fixed_performance": "While measuring, the phone is asked to keep a clock that it can sustain.",
    "agent": "The program on the target: python needs python3 and onnxruntime, native nothing.",
    "arch": "What 'uname -m' says there; 'hwnas devices bundle --arch ARCH' makes its bundle.",
    "runtime": "onnxruntime; on NVIDIA GPUs onnxruntime_cuda, tensorrt or tensorrt_rtx.",
    "precision": "fp32 or int8; fp16 on GPUs.",
    "threads": "That compute one inference.",
    "batch": "Images per inference.",
    "cores": 'Pinned to the fastest cores ("auto"); "any" lets the system choose, [2] names one.',
    "rest_s": "Seconds of rest before each round of measurements.",
    "limit_celsius": "A round waits while the hottest sensor is above it.",
}


def device_text(device: Device) -> str:
    """YAML with comments on keys that need one; reading it gives an equal device."""
    lines = ["# Made by 'hwnas devices add'; edit it as you like."]
    content = device.model_dump(mode="json")
    for key, field in Device.model_fields.items():
        if key not in _ALWAYS and content[key] == field.get_default(call_default_factory=True):
            continue
        if key in _COMMENTS:
            lines.append(f"# {_COMMENTS[key]}")
        # Written by the library: the value may look like a number or a yes.
        flow = isinstance(content[key], list | dict)
        value = to_yaml(content[key], flow=flow, width=10_000)
        lines.append(f"{key}: {value.partition(_END_OF_SCALAR)[0].strip()}")
    return "\n".join(lines) + "\n"
