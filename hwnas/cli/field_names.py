"""What the fields of documents are called in tables for people."""

_NAMES = {
    "cpu": "processor",
    "pinned": "cores used",
    "runtime_version": "version of the runtime",
    "provider": "execution provider",
    "opset": "ONNX opset",
    "graph_builder": "version of the graphs",
    "agent": "program that measured",
    "fixed_performance": "fixed performance mode",
    "first_visit": "measured from",
    "last_visit": "measured until",
    "mhz": "clock (MHz)",
    "celsius": "hottest sensor (°C)",
    "others": "share of the processor that others used",
    "stolen": "share of the processor that was stolen",
    "gpu_mhz": "clock of the GPU (MHz)",
    "gpu_celsius": "GPU (°C)",
    "gpu_watts": "power of the GPU (W)",
    "gpu_joules": "energy of the GPU per round (J)",
}


def field_name(name: str) -> str:
    """As in "version of the runtime"; a field without a name of its own is called as it is."""
    return _NAMES.get(name, name)


def field_value(value: object) -> str:
    """As text: yes and no, and a dash for what is not known."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None or value == "" else str(value)
